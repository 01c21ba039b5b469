/** A new connection: first its type, then its form. */
import { Link } from '@tanstack/react-router';
import { Tag } from 'antd';
import type { Component } from '../../../../generated/client.ts';
import { useConnectors } from '../../data/components.ts';
import { type Text, useLanguage } from '../../ui/language.tsx';
import { PageHead } from '../../ui/page-head.tsx';
import { ProblemView } from '../../ui/problem-view.tsx';
import { useUrlState } from '../../ui/url-state.tsx';
import { Waiting } from '../../ui/waiting.tsx';
import { ConnectionForm } from './connection-form.tsx';

const texts = {
  title: { en: 'New connection', zh: '新建连接' },
  titleOf: { en: 'New connection: {type}', zh: '新建连接：{type}' },
  about: { en: 'What do you want to connect?', zh: '要连接哪种系统？' },
  others: { en: 'Other types', zh: '选择其他类型' },
};

const ROLES: Readonly<Record<Component['roles'][number], Text>> = {
  source: { en: 'reads', zh: '可读取' },
  sink: { en: 'writes', zh: '可写入' },
  query: { en: 'data APIs', zh: '可发布 API' },
};

export default function NewConnectionPage() {
  const { say, language } = useLanguage();
  const [url] = useUrlState();
  const { data, error, refetch } = useConnectors();
  const chosen = data?.find(({ id }) => id === url['type']);
  if (chosen) {
    return (
      <>
        <PageHead title={say(texts.titleOf, { type: chosen.title[language] })} about={chosen.summary[language]}>
          <Link to="/connections/new">{say(texts.others)}</Link>
        </PageHead>
        <ConnectionForm key={chosen.id} type={chosen.id} />
      </>
    );
  }
  return (
    <>
      <PageHead title={say(texts.title)} about={say(texts.about)} />
      {error ? <ProblemView error={error} retry={() => void refetch()} /> : null}
      {data ? <Gallery connectors={data} /> : error ? null : <Waiting />}
    </>
  );
}

function Gallery({ connectors }: { readonly connectors: readonly Component[] }) {
  const { say, language } = useLanguage();
  return (
    <div className="weir-cards">
      {connectors.map(({ id, title, summary, roles }) => (
        <Link key={id} to="/connections/new" search={{ type: id } as never} className="weir-card">
          <span>
            <strong>{title[language]}</strong>
            <span className="weir-quiet">{summary[language]}</span>
            <span style={{ display: 'flex', flexWrap: 'wrap', gap: 6, marginBlockStart: 8 }}>
              {roles.map((role) => (
                <Tag key={role}>{say(ROLES[role])}</Tag>
              ))}
            </span>
          </span>
        </Link>
      ))}
    </div>
  );
}
