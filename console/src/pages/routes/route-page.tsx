/** One route: what it takes, its chain in order, and the health of the targets behind it. */
import { EditOutlined } from '@ant-design/icons';
import { Link, useParams } from '@tanstack/react-router';
import { Card, Descriptions } from 'antd';
import { useRef, useState } from 'react';
import type { Resource } from '../../../../generated/client.ts';
import { useSession } from '../../api/session.tsx';
import { useComponents } from '../../data/components.ts';
import { useKind, useResource } from '../../documents/kinds.ts';
import { linesOf } from '../../forms/lines.ts';
import { Lines } from '../../forms/lines-view.tsx';
import { useLanguage, useSay } from '../../ui/language.tsx';
import { LinkButton } from '../../ui/link-button.tsx';
import { PageHead } from '../../ui/page-head.tsx';
import { ProblemView } from '../../ui/problem-view.tsx';
import { ResourceState } from '../../ui/resource-state.tsx';
import { Waiting } from '../../ui/waiting.tsx';
import { Chain } from './chain.tsx';
import { RouteTry } from './route-try.tsx';
import type { RouteSpec } from './spec.ts';
import { Targets } from './targets.tsx';

const texts = {
  about: { en: 'Route in {project}', zh: '{project} 中的路由' },
  edit: { en: 'Edit', zh: '编辑' },
  calls: { en: 'Its calls', zh: '查看调用记录' },
  methods: { en: 'Methods', zh: '方法' },
  hosts: { en: 'Hosts', zh: '主机' },
  paths: { en: 'Paths', zh: '路径' },
  rewrite: { en: 'Rewritten to', zh: '改写为' },
  same: { en: 'sent as it came', zh: '原样转发' },
  conditions: { en: 'Conditions', zh: '条件' },
  any: { en: 'any', zh: '任意' },
  state: { en: 'State', zh: '状态' },
  chain: { en: 'Chain', zh: '策略链' },
  attempt: { en: 'Try it', zh: '试一试' },
  targets: { en: 'Targets of {upstream}', zh: '{upstream} 的目标' },
};

export default function RoutePage() {
  const say = useSay();
  const { project, name } = useParams({ strict: false }) as { project: string; name: string };
  const { may } = useSession();
  const { data, error, refetch } = useResource({ project, kind: 'Route', name });
  if (error && !data) {
    return (
      <>
        <PageHead title={name} about={say(texts.about, { project })} />
        <ProblemView error={error} retry={() => void refetch()} />
      </>
    );
  }
  if (!data) return <Waiting />;
  const spec = data.spec as unknown as RouteSpec;
  return (
    <>
      <PageHead title={name} about={say(texts.about, { project })}>
        <Link to="/calls" search={{ route: name, project } as never}>
          {say(texts.calls)}
        </Link>
        {may('resources:write') ? (
          <LinkButton type="primary" icon={<EditOutlined aria-hidden />} to={`/resources/${project}/Route/${name}/edit`}>
            {say(texts.edit)}
          </LinkButton>
        ) : null}
      </PageHead>
      <div style={{ display: 'grid', gridTemplateColumns: 'minmax(0, 1fr)', gap: 16 }}>
        <Facts route={data} spec={spec} />
        <Card size="small" title={say(texts.chain)}>
          <ChainOf route={data} />
        </Card>
        <Card
          size="small"
          title={<Link to={`/resources/${project}/Upstream/${spec.upstream}`}>{say(texts.targets, { upstream: spec.upstream })}</Link>}
        >
          <Targets project={project} upstream={spec.upstream} />
        </Card>
        <Card size="small" title={say(texts.attempt)}>
          <RouteTry key={data.version} project={project} spec={spec} />
        </Card>
      </div>
    </>
  );
}

/** The chain of the stored route; while something in it is not saved, of the one that was stored when that began. */
function ChainOf({ route }: { readonly route: Resource }) {
  const { data: kind, error, refetch } = useKind('Route');
  const { data: components } = useComponents();
  const [dirty, setDirty] = useState(false);
  const [times, setTimes] = useState(0);
  const held = useRef(route);
  if (!dirty) held.current = route;
  if (error) return <ProblemView error={error} retry={() => void refetch()} />;
  // Cards are called by their words from the start.
  if (!kind || !components) return <Waiting />;
  const { project, name, version } = held.current;
  const discard = () => {
    setDirty(false);
    setTimes((now) => now + 1);
  };
  return (
    <Chain
      key={`${project}/${name} ${version} ${times}`}
      route={held.current}
      schema={kind.schema}
      onDirty={setDirty}
      onDiscard={discard}
    />
  );
}

function Facts({ route, spec }: { readonly route: Resource; readonly spec: RouteSpec }) {
  const { say, language } = useLanguage();
  const { data: kind } = useKind('Route');
  const { hosts, paths, methods, ...further } = spec.match;
  const conditions = kind ? linesOf(kind.schema.properties?.['match'], further, language) : [];
  const list = (values: readonly string[] | undefined) => (values && values.length > 0 ? values.join(', ') : say(texts.any));
  const items = [
    { key: 'methods', label: say(texts.methods), children: list(methods) },
    { key: 'hosts', label: say(texts.hosts), children: list(hosts) },
    { key: 'paths', label: say(texts.paths), children: <code>{list(paths)}</code> },
    ...(conditions.length > 0 ? [{ key: 'conditions', label: say(texts.conditions), children: <Lines lines={conditions} /> }] : []),
    { key: 'rewrite', label: say(texts.rewrite), children: spec.rewrite ? <code>{spec.rewrite}</code> : say(texts.same) },
    { key: 'state', label: say(texts.state), children: <ResourceState status={route.status} /> },
  ];
  return (
    <Card size="small">
      <Descriptions size="small" column={{ xs: 1, md: 2 }} items={items} />
    </Card>
  );
}
