/** A choice among the connections that can play a role, as cards. */
import { useQuery } from '@tanstack/react-query';
import { Empty } from 'antd';
import { useId } from 'react';
import type { Resource } from '../../../../../generated/client.ts';
import { api } from '../../../api/client.ts';
import { useConnectors } from '../../../data/components.ts';
import { useLanguage } from '../../../ui/language.tsx';
import { CreateLink } from '../../../ui/create-link.tsx';
import { ProblemView } from '../../../ui/problem-view.tsx';
import { Waiting } from '../../../ui/waiting.tsx';

const texts = {
  none: {
    en: 'No connection can be this yet. A connection says where a database or file is.',
    zh: '还没有可用的连接。连接说明数据库或文件的位置。',
  },
  create: { en: 'New connection', zh: '新建连接' },
  project: { en: 'project {project}', zh: '项目 {project}' },
};

interface Props {
  readonly role: 'source' | 'sink';
  readonly label: string;
  /** Only connections of this project; all when left out. */
  readonly project: string | undefined;
  readonly value: string;
  readonly onChange: (connection: { readonly project: string; readonly name: string }) => void;
}

const CONNECTIONS_MAX = 1000;

export function ConnectionChoice({ role, label, project, value, onChange }: Props) {
  const { say, language } = useLanguage();
  const group = useId();
  const connectors = useConnectors();
  const { data, error, refetch } = useQuery({
    queryKey: ['connections', project],
    queryFn: async () => (await api.listResources({ query: { kind: 'Connection', project, limit: CONNECTIONS_MAX } })).data.items,
  });
  const failure = error ?? connectors.error;
  if (failure) return <ProblemView error={failure} retry={() => void refetch()} />;
  if (!data || !connectors.data) return <Waiting />;
  const known = new Map(connectors.data.map((one) => [one.id, one]));
  const able = data.filter((one) => known.get(typeOf(one))?.roles.includes(role));
  const create = <CreateLink to="/connections/new">{say(texts.create)}</CreateLink>;
  if (able.length === 0) {
    return (
      <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={say(texts.none)}>
        {create}
      </Empty>
    );
  }
  return (
    <>
      <div role="radiogroup" aria-label={label} className="weir-cards">
        {able.map((one) => (
          <label key={`${one.project}/${one.name}`} className="weir-card">
            <input type="radio" name={group} checked={value === one.name} onChange={() => onChange(one)} />
            <span>
              <strong>{one.name}</strong>
              <span className="weir-quiet">
                {known.get(typeOf(one))!.title[language]}
                {project === undefined && one.project !== 'default' ? ` · ${say(texts.project, { project: one.project })}` : ''}
              </span>
              {one.description ? <span className="weir-quiet">{one.description}</span> : null}
            </span>
          </label>
        ))}
      </div>
      <div style={{ marginBlockStart: 12 }}>{create}</div>
    </>
  );
}

function typeOf({ spec }: Resource): string {
  return String(spec['type']);
}
