/** The installation itself: which processes run which revision, what doctor finds, which build it is. */
import { help, strictObject, T } from '../../../base/schema.ts';
import type { ThreadState } from '../../../sdk/channel.ts';
import { defineOperation } from '../operation.ts';
import { mayReadKind } from '../resource-views.ts';
import { named, oneOf, orNull, text, time } from '../shapes.ts';

const area = 'system';

const listener = named(
  'ListenerStatus',
  strictObject({
    name: T.String(),
    protocol: oneOf(['http', 'https']),
    reason: orNull(T.String(help('Why its newest settings do not serve.', '最新设置未生效的原因。'))),
    addresses: T.Array(
      strictObject({
        address: T.String(),
        port: T.Integer(),
        state: oneOf(['opening', 'open', 'failed', 'replaced']),
        reason: orNull(T.String(help('Why it is not open.', '未打开的原因。'))),
      }),
    ),
  }),
);

const thread = named(
  'ThreadStatus',
  strictObject({
    thread: T.Integer(),
    revision: T.Integer(),
    hash: T.String(),
    failed: T.Array(strictObject({ key: T.String(), reason: T.String() })),
    listeners: T.Array(listener),
  }),
);

const status = defineOperation({
  id: 'getFleet',
  area,
  method: 'GET',
  path: '/fleet',
  summary: {
    en: 'Shows the connected gateways and workers and the revision each thread serves.',
    zh: '显示已连接的网关与工作进程，以及各线程所用的修订。',
  },
  access: 'system:read',
  response: named(
    'Fleet',
    strictObject({
      revision: T.Integer(),
      hash: T.String(),
      nodes: T.Array(
        strictObject({
          role: oneOf(['gateway', 'worker']),
          instance: T.String(),
          pid: T.Integer(),
          since: time(),
          threads: T.Array(thread),
        }),
      ),
    }),
  ),
  async handler({ language }, parts) {
    const { revision, hash, nodes } = parts.fleet();
    const told = (thread: ThreadState) => ({
      ...thread,
      failed: thread.failed.map(({ key, reason }) => ({ key, reason: reason[language] })),
      listeners: (thread.listeners ?? []).map(({ reason, addresses, ...listener }) => ({
        ...listener,
        reason: reason?.[language] ?? null,
        addresses: addresses.map((address) => ({ ...address, reason: address.reason?.[language] ?? null })),
      })),
    });
    return { revision, hash, nodes: nodes.map((node) => ({ ...node, threads: node.threads.map(told) })) };
  },
});

const doctor = defineOperation({
  id: 'getDoctorReport',
  area,
  method: 'GET',
  path: '/doctor',
  summary: { en: 'Looks for what is wrong or risky in this installation.', zh: '检查安装中的错误与风险。' },
  access: 'system:read',
  timeoutMs: 120_000,
  response: named(
    'DoctorReport',
    strictObject({
      ok: T.Boolean(),
      findings: T.Array(strictObject({ check: T.String(), title: text, level: oneOf(['ok', 'warning', 'failed']), detail: text })),
    }),
  ),
  async handler(call, parts) {
    const found = await parts.doctor(call.signal);
    const findings = found.filter(({ subject }) => typeof subject !== 'object' || mayReadKind(parts, call.caller, subject.kind));
    return {
      ok: findings.every((f) => f.level !== 'failed'),
      findings: findings.map(({ subject: _subject, title, detail, ...rest }) => ({ ...rest, title: { ...title }, detail: { ...detail } })),
    };
  },
});

const version = defineOperation({
  id: 'getVersion',
  area,
  method: 'GET',
  path: '/version',
  summary: { en: 'Version of control, and where the gateway listens.', zh: '控制端版本与网关监听端口。' },
  access: 'signed-in',
  response: named(
    'Version',
    strictObject({
      version: T.String(),
      node: T.String(),
      gatewayPort: orNull(T.Integer(help('Port of the gateway; null when it is not fixed.', '网关端口；未固定时为 null。'))),
    }),
  ),
  handler: async (_call, parts) => ({ version: parts.version, node: process.versions.node, gatewayPort: parts.gatewayPort ?? null }),
});

export default [status, doctor, version];
