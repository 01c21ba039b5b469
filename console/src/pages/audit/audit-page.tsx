/** The audit trail: who did what, when, from where; refusals too. Nothing here can be changed. */
import { Typography } from 'antd';
import type { AuditItem } from '../../../../generated/client.ts';
import { api } from '../../api/client.ts';
import { ProblemLink } from '../../data/problem-words.tsx';
import { useFormats } from '../../ui/format.tsx';
import { type Text, useSay } from '../../ui/language.tsx';
import { type ListColumn, type ListField, ListView } from '../../ui/list-view.tsx';
import { PageHead } from '../../ui/page-head.tsx';
import { Mark } from '../../ui/status.tsx';
import { detailWords } from './detail-words.ts';

const texts = {
  title: { en: 'Audit', zh: '审计' },
  about: {
    en: 'Every change, login, token, key and refusal. Records are never changed or deleted.',
    zh: '每次更改、登录、令牌、密钥与拒绝。记录不会被修改或删除。',
  },
  done: { en: 'done', zh: '已执行' },
  refused: { en: 'refused', zh: '已拒绝' },
};

const KINDS: Readonly<Record<AuditItem['actorKind'], Text>> = {
  user: { en: 'user', zh: '用户' },
  token: { en: 'token', zh: '令牌' },
  'local-cli': { en: 'local command line', zh: '本机命令行' },
  folder: { en: 'watched folder', zh: '监视文件夹' },
  system: { en: 'Weir itself', zh: 'Weir 自身' },
  nobody: { en: 'a stranger', zh: '未登录者' },
};

/** Actions in words; one that is not named here is told by its code alone. */
const ACTIONS: Readonly<Record<string, Text>> = {
  login: { en: 'Log in', zh: '登录' },
  logout: { en: 'Log out', zh: '退出登录' },
  denied: { en: 'Access refused', zh: '拒绝访问' },
  'user.create': { en: 'User made', zh: '新建用户' },
  'user.password': { en: 'Password changed', zh: '修改密码' },
  'user.delete': { en: 'User deleted', zh: '删除用户' },
  'token.create': { en: 'Token made', zh: '新建令牌' },
  'token.revoke': { en: 'Token revoked', zh: '撤销令牌' },
  'key.create': { en: 'Key made', zh: '新建密钥' },
  'key.revoke': { en: 'Key revoked', zh: '撤销密钥' },
  'resource.create': { en: 'Resource made', zh: '新建资源' },
  'resource.update': { en: 'Resource changed', zh: '修改资源' },
  'resource.delete': { en: 'Resource deleted', zh: '删除资源' },
  'resource.rollback': { en: 'Resource rolled back', zh: '回滚资源' },
  'resource.refused': { en: 'Change refused', zh: '拒绝更改' },
  'run.start': { en: 'Run started', zh: '启动运行' },
  'run.cancel': { en: 'Run cancelled', zh: '取消运行' },
  'run.retry': { en: 'Run started again', zh: '重新运行' },
  'connection.try': { en: 'Connection tried', zh: '测试连接' },
  'call.try': { en: 'Call tried', zh: '试调用' },
  'incident.confirm': { en: 'Incident confirmed', zh: '确认事件' },
  'sample.load': { en: 'Sample loaded', zh: '载入示例' },
  'sample.remove': { en: 'Sample removed', zh: '移除示例' },
};

function Action({ action }: { readonly action: string }) {
  const say = useSay();
  const words = ACTIONS[action];
  if (!words) return <code>{action}</code>;
  return (
    <div>
      {say(words)}
      <div className="weir-quiet">
        <code>{action}</code>
      </div>
    </div>
  );
}

function Time({ at }: { readonly at: number }) {
  return <span style={{ whiteSpace: 'nowrap' }}>{useFormats().time(at)}</span>;
}

function Actor({ item }: { readonly item: AuditItem }) {
  const say = useSay();
  return (
    <>
      {item.actor || '—'} <span className="weir-quiet">{say(KINDS[item.actorKind])}</span>
    </>
  );
}

function Outcome({ outcome }: { readonly outcome: AuditItem['outcome'] }) {
  const say = useSay();
  return <Mark tone={outcome === 'done' ? 'good' : 'bad'}>{say(texts[outcome])}</Mark>;
}

function Hash({ value }: { readonly value: string | null }) {
  return value === null ? <>—</> : <Typography.Text code>{value.slice(0, 12)}</Typography.Text>;
}

/** Of a refusal, what was asked for in words, and the operation's id below. */
function Subject({ item: { subject, asked } }: { readonly item: AuditItem }) {
  const say = useSay();
  if (!asked) return <Detail detail={subject} />;
  return (
    <>
      <Wrapped text={say(asked)} />
      <code className="weir-quiet">{subject}</code>
    </>
  );
}

function Detail({ detail }: { readonly detail: string }) {
  const say = useSay();
  return <Wrapped text={say(detailWords(detail))} />;
}

/** A problem's code at the beginning is said in words, and leads to what explains it. */
function Reason({ detail }: { readonly detail: string }) {
  const say = useSay();
  const [, code, rest = ''] = PROBLEM.exec(detail) ?? [];
  if (code === undefined) return <Detail detail={detail} />;
  return (
    <div style={WRAPPED}>
      <ProblemLink code={code} />
      {rest === '' ? null : <div>{say(detailWords(rest))}</div>}
    </div>
  );
}

const PROBLEM = /^([a-z]+\/[a-z-]+\/[a-z0-9-]+)(?:(?:: |; )(.+))?$/;
const WRAPPED = { maxWidth: 170, overflowWrap: 'anywhere' } as const;

const columns: readonly ListColumn<AuditItem>[] = [
  { key: 'time', title: { en: 'Time', zh: '时间' }, render: ({ time }) => <Time at={time} /> },
  { key: 'actor', title: { en: 'Who', zh: '操作者' }, render: (item) => <Actor item={item} /> },
  { key: 'action', title: { en: 'What', zh: '操作' }, render: ({ action }) => <Action action={action} /> },
  { key: 'subject', title: { en: 'On what', zh: '对象' }, render: (item) => <Subject item={item} /> },
  { key: 'outcome', title: { en: 'Outcome', zh: '结果' }, render: ({ outcome }) => <Outcome outcome={outcome} /> },
  {
    key: 'detail',
    title: { en: 'Detail', zh: '详情' },
    render: (item) => (item.outcome === 'refused' ? <Reason detail={item.detail} /> : <Detail detail={item.detail} />),
  },
  { key: 'address', title: { en: 'From', zh: '来源地址' }, render: ({ address }) => address || '—' },
  { key: 'before', title: { en: 'Before', zh: '更改前' }, hidden: true, render: ({ beforeHash }) => <Hash value={beforeHash} /> },
  { key: 'after', title: { en: 'After', zh: '更改后' }, hidden: true, render: ({ afterHash }) => <Hash value={afterHash} /> },
];

const fields: readonly ListField[] = [
  { name: 'actor', label: { en: 'Who', zh: '操作者' }, width: 160 },
  { name: 'action', label: { en: 'What', zh: '操作' }, width: 160 },
  { name: 'subject', label: { en: 'On what', zh: '对象' }, width: 220 },
];

export default function AuditPage() {
  const say = useSay();
  return (
    <>
      <PageHead title={say(texts.title)} about={say(texts.about)} />
      <ListView
        id="audit"
        label={say(texts.title)}
        columns={columns}
        fields={fields}
        csv="/api/v1/audit"
        rowKey={({ id }) => id}
        load={async (query) => (await api.listAudit({ query: query as never })).data}
      />
    </>
  );
}

/** Long names break, so that no column leaves the window. */
function Wrapped({ text }: { readonly text: string | null | undefined }) {
  return <div style={WRAPPED}>{text || '—'}</div>;
}
