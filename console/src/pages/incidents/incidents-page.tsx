/** Incidents: what Weir stopped or could not do, until somebody has looked. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { App, Button, Card, Empty, Switch } from 'antd';
import type { Incident } from '../../../../generated/client.ts';
import { api } from '../../api/client.ts';
import { useSession } from '../../api/session.tsx';
import { TimeAgo } from '../../ui/format.tsx';
import { useSay } from '../../ui/language.tsx';
import { PageHead } from '../../ui/page-head.tsx';
import { ProblemView } from '../../ui/problem-view.tsx';
import { Mark } from '../../ui/status.tsx';
import { useUrlState } from '../../ui/url-state.tsx';
import { Waiting } from '../../ui/waiting.tsx';

const texts = {
  title: { en: 'Incidents', zh: '事件' },
  about: { en: 'What Weir held back or could not do, until somebody has looked.', zh: 'Weir 暂停或未能完成、等待人工处理的事项。' },
  closed: { en: 'Show closed ones', zh: '显示已关闭' },
  none: { en: 'No open incident.', zh: '没有未关闭的事件。' },
  open: { en: 'open', zh: '未关闭' },
  isClosed: { en: 'closed', zh: '已关闭' },
  confirm: { en: 'Let it through', zh: '确认执行' },
  confirmTitle: { en: 'Let the held change through?', zh: '确认执行被暂停的更改？' },
  confirmHint: { en: 'What the folder no longer holds is deleted here too.', zh: '文件夹中已不存在的资源将在此处一并删除。' },
  cancel: { en: 'Cancel', zh: '取消' },
};
const EVERY_MS = 10_000;

export default function IncidentsPage() {
  const say = useSay();
  const [url, change] = useUrlState();
  const all = url['all'] === 'yes';
  const { data, error, refetch } = useQuery({
    queryKey: ['incidents', all],
    queryFn: async () => (await api.listIncidents({ query: { all } })).data.items,
    refetchInterval: EVERY_MS,
  });
  return (
    <>
      <PageHead title={say(texts.title)} about={say(texts.about)}>
        <label>
          <Switch checked={all} onChange={(on) => change({ all: on ? 'yes' : undefined })} aria-label={say(texts.closed)} />{' '}
          {say(texts.closed)}
        </label>
      </PageHead>
      {error ? <ProblemView error={error} retry={() => void refetch()} /> : null}
      {data === undefined && !error ? <Waiting /> : null}
      {data?.length === 0 ? <Empty description={say(texts.none)} image={Empty.PRESENTED_IMAGE_SIMPLE} /> : null}
      <div style={{ display: 'grid', gap: 12 }}>
        {(data ?? []).map((incident) => (
          <OneIncident key={incident.id} incident={incident} />
        ))}
      </div>
    </>
  );
}

/** Kinds that wait for a yes. */
const HELD = 'folder-held';

function OneIncident({ incident }: { readonly incident: Incident }) {
  const say = useSay();
  const { may } = useSession();
  const { modal } = App.useApp();
  const queries = useQueryClient();
  const isOpen = incident.closedAt === null;
  function ask() {
    modal.confirm({
      title: say(texts.confirmTitle),
      content: say(texts.confirmHint),
      okText: say(texts.confirm),
      okButtonProps: { danger: true },
      cancelText: say(texts.cancel),
      async onOk() {
        try {
          await api.confirmIncident({ params: { id: incident.id } });
          await queries.invalidateQueries({ queryKey: ['incidents'] });
        } catch (error) {
          modal.error({ title: say(texts.confirm), content: <ProblemView error={error} />, icon: null });
        }
      },
    });
  }
  return (
    <Card
      size="small"
      title={
        <>
          <Mark tone={isOpen ? 'warning' : 'good'}>{say(isOpen ? texts.open : texts.isClosed)}</Mark> <code>{incident.kind}</code>{' '}
          {incident.subject}
        </>
      }
      extra={<TimeAgo at={incident.openedAt} />}
    >
      <p style={{ marginBlockStart: 0 }}>{say(incident.detail)}</p>
      {isOpen && incident.kind === HELD && may('resources:write') ? (
        <Button danger onClick={ask}>
          {say(texts.confirm)}
        </Button>
      ) : null}
    </Card>
  );
}
