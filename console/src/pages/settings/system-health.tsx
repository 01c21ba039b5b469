/** How Weir itself is: doctor's findings, the processes and the revision each serves, the version. */
import { useQuery } from '@tanstack/react-query';
import { Button, Card, Table } from 'antd';
import type { DoctorReport, Fleet } from '../../../../generated/client.ts';
import { api } from '../../api/client.ts';
import { TimeAgo } from '../../ui/format.tsx';
import { useLanguage, useSay } from '../../ui/language.tsx';
import { ProblemView } from '../../ui/problem-view.tsx';
import { roleName } from '../../ui/roles.ts';
import { Mark, type Tone } from '../../ui/status.tsx';

const texts = {
  doctor: { en: 'Doctor', zh: '诊断' },
  again: { en: 'Examine again', zh: '重新检查' },
  check: { en: 'Check', zh: '检查项' },
  finding: { en: 'Finding', zh: '结果' },
  processes: { en: 'Processes', zh: '进程' },
  role: { en: 'Role', zh: '角色' },
  since: { en: 'Since', zh: '启动于' },
  threads: { en: 'Threads', zh: '线程' },
  serves: { en: 'Serves revision', zh: '当前修订' },
  about: { en: 'Weir {version} on Node {node}', zh: 'Weir {version}，Node {node}' },
  revision: { en: 'Newest revision: {revision}', zh: '最新修订：{revision}' },
};

type Level = DoctorReport['findings'][number]['level'];
const LEVELS: Readonly<Record<Level, { readonly tone: Tone; readonly text: { en: string; zh: string } }>> = {
  ok: { tone: 'good', text: { en: 'ok', zh: '正常' } },
  warning: { tone: 'warning', text: { en: 'warning', zh: '警告' } },
  failed: { tone: 'bad', text: { en: 'failed', zh: '失败' } },
};
const FLEET_EVERY_MS = 5000;

export function SystemHealth() {
  return (
    <div style={{ display: 'grid', gap: 16 }}>
      <Doctor />
      <Processes />
      <About />
    </div>
  );
}

function Doctor() {
  const { say, language } = useLanguage();
  const { data, error, isFetching, isPending, refetch } = useQuery({
    queryKey: ['doctor', language],
    queryFn: async () => (await api.getDoctorReport({})).data,
    refetchOnWindowFocus: false,
  });
  const again = (
    <Button loading={isFetching} onClick={() => void refetch()}>
      {say(texts.again)}
    </Button>
  );
  return (
    <Card size="small" title={say(texts.doctor)} extra={again}>
      {error ? <ProblemView error={error} /> : null}
      <Table<DoctorReport['findings'][number]>
        size="small"
        rowKey={({ check, detail }) => check + detail.en}
        loading={isPending}
        pagination={false}
        dataSource={data?.findings ?? []}
        columns={[
          {
            key: 'check',
            title: say(texts.check),
            width: 240,
            render: (_, { check, title }) => <Checked title={say(title)} check={check} />,
          },
          {
            key: 'level',
            title: say(texts.finding),
            width: 120,
            render: (_, { level }) => <Mark tone={LEVELS[level].tone}>{say(LEVELS[level].text)}</Mark>,
          },
          { key: 'detail', title: '', render: (_, { detail }) => say(detail) },
        ]}
      />
    </Card>
  );
}

function Checked({ title, check }: { readonly title: string; readonly check: string }) {
  return (
    <>
      <div>{title}</div>
      <code className="weir-quiet" style={{ fontSize: 12 }}>
        {check}
      </code>
    </>
  );
}

function Processes() {
  const say = useSay();
  const { data, error, isPending } = useQuery({
    queryKey: ['fleet'],
    queryFn: async () => (await api.getFleet({})).data,
    refetchInterval: FLEET_EVERY_MS,
  });
  return (
    <Card size="small" title={say(texts.processes)} extra={data ? say(texts.revision, { revision: data.revision }) : null}>
      {error ? <ProblemView error={error} /> : null}
      <Table<Fleet['nodes'][number]>
        size="small"
        rowKey="instance"
        loading={isPending}
        pagination={false}
        dataSource={data?.nodes ?? []}
        columns={[
          { key: 'role', title: say(texts.role), render: (_, { role }) => say(roleName(role)) },
          { key: 'pid', title: 'PID', render: (_, { pid }) => pid },
          { key: 'since', title: say(texts.since), render: (_, { since }) => <TimeAgo at={since} /> },
          { key: 'threads', title: say(texts.threads), render: (_, { threads }) => threads.length },
          {
            key: 'serves',
            title: say(texts.serves),
            render: (_, { threads }) => {
              const behind = threads.some((thread) => thread.revision !== data?.revision);
              const numbers = [...new Set(threads.map((thread) => thread.revision))].join(', ');
              return <Mark tone={behind ? 'going' : 'good'}>{numbers}</Mark>;
            },
          },
        ]}
      />
    </Card>
  );
}

function About() {
  const say = useSay();
  const { data } = useQuery({ queryKey: ['version'], queryFn: async () => (await api.getVersion({})).data });
  return <p className="weir-quiet">{data ? say(texts.about, { version: data.version, node: data.node }) : ' '}</p>;
}
