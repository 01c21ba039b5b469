/** What is rendered from the loaded components: documents, schemas and the client. */
import { catalogues } from '../../generated/problems.ts';
import { metrics } from '../../generated/metrics.ts';
import { operations } from '../../generated/operations.ts';
import { registry } from '../../generated/registry.ts';
import { kinds } from '../../generated/kinds.ts';
import type { JsonSchema } from '../../src/base/schema.ts';
import { processConfig } from '../../src/wire/config.ts';
import type { Component } from '../../src/sdk/component.ts';
import { componentsOf } from '../../src/sdk/registry.ts';
import { verbs } from '../../src/cli/verbs/list.ts';
import { renderClient } from './client.ts';
import { cliPage } from './cli-page.ts';
import { kindSchema, renderEditorSchema } from './editor-schema.ts';
import { renderOpenApi } from './openapi.ts';
import { cell, componentPage, fieldTable, page, problemTable } from './reference.ts';

/** Pairs of path and content. */
export async function renderDocuments(): Promise<[string, string][]> {
  const openapi = renderOpenApi(registry, operations);
  const components: Component[] = componentsOf(registry);
  return [
    ['generated/openapi.json', openapi],
    ['generated/client.ts', renderClient(openapi)],
    ['generated/weir.schema.json', renderEditorSchema(kinds, registry)],
    ['generated/components.json', `${JSON.stringify(components.map(described), null, 1)}\n`],
    ...components.map((c): [string, string] => [`docs/reference/${c.kind}/${c.id}.md`, componentPage(c)]),
    ...kinds.map((k): [string, string] => [`docs/reference/kind/${k.kind.toLowerCase()}.md`, kindPage(k)]),
    ['docs/reference/problems.md', problemsPage()],
    ['docs/reference/metrics.md', metricsPage()],
    ['docs/reference/cli.md', cliPage(verbs)],
    ['docs/reference/configuration.md', configurationPage()],
  ];
}

function configurationPage(): string {
  const intro = {
    en: 'Process configuration: `weir.yaml` in the folder Weir is started in. Each field is also an environment variable: `WEIR_` and its path in capitals (`gateway.bodyMax` is `WEIR_GATEWAY_BODY_MAX`); with `_FILE` behind it the value is read from a file. Order: environment, file, default. `weir config print --effective` shows what counts and where it came from.',
    zh: '进程配置：启动目录中的 `weir.yaml`。每个字段也可用环境变量设置：`WEIR_` 加大写路径（`gateway.bodyMax` 即 `WEIR_GATEWAY_BODY_MAX`）；再加 `_FILE` 则从文件读取。优先级：环境变量、文件、默认值。`weir config print --effective` 显示生效值及其来源。',
  };
  return page({ en: 'Configuration', zh: '配置' }, intro, fieldTable(processConfig as unknown as JsonSchema));
}

function described(component: Component): Record<string, unknown> {
  const { kind, id, title, summary, since, status, version, config, examples, problems } = component;
  return { kind, id, title, summary, since, status, version, config, examples, problems };
}

function kindPage(kind: (typeof kinds)[number]): string {
  return page(kind.title, kind.summary, `## Fields of spec · 字段\n\n${fieldTable(kindSchema(kind, registry) as JsonSchema)}`);
}

function problemsPage(): string {
  const intro = {
    en: 'Every problem Weir answers with (RFC 9457). `code` is what programs test and never changes; `type` is `urn:weir:problem:` and the code.',
    zh: 'Weir 返回的全部错误（RFC 9457）。程序应判断 `code`，它永不改变；`type` 为 `urn:weir:problem:` 加 code。',
  };
  return page({ en: 'Problems', zh: '错误一览' }, intro, problemTable(catalogues));
}

function metricsPage(): string {
  const intro = { en: 'Prometheus metrics at `/metrics` of control.', zh: '控制端 `/metrics` 提供的 Prometheus 指标。' };
  const rows = [...metrics]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(
      (m) =>
        `| \`${m.name}\` | ${m.type} | ${(m.labels ?? []).map((l) => `\`${l}\``).join(' ')} | ${cell(m.help.en)} | ${cell(m.help.zh)} |\n`,
    );
  return page(
    { en: 'Metrics', zh: '指标一览' },
    intro,
    `| name | type | labels | meaning | 含义 |\n|---|---|---|---|---|\n${rows.join('')}`,
  );
}
