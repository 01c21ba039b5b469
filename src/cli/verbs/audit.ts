/** The verb over the audit trail. */
import type { AuditItem } from '../../../generated/client.ts';
import { verbatim } from '../../base/text.ts';
import { parseDuration } from '../../base/units.ts';
import problems from '../problems.ts';
import type { Shape } from '../render.ts';
import type { Given, Verb, VerbOption } from '../verb.ts';

const FIELDS: readonly VerbOption[] = [
  {
    flags: '--actor <name>',
    help: {
      en: 'Only by this user, token, `local-cli`, `folder` or `start`.',
      zh: '仅此操作者（用户、令牌、`local-cli`、`folder`、`start`）。',
    },
  },
  {
    flags: '--action <action>',
    help: { en: 'Only this, such as login, denied or resource.update.', zh: '仅此操作，如 login、denied、resource.update。' },
  },
  { flags: '--subject <subject>', help: { en: 'Only on this, such as default/Route/orders.', zh: '仅此对象，如 default/Route/orders。' } },
  { flags: '--address <address>', help: { en: 'Only from this address.', zh: '仅此来源地址。' } },
  {
    flags: '--outcome <outcome>',
    choices: ['done', 'refused'],
    help: { en: 'Only what was done, or refused.', zh: '仅已执行的或被拒绝的。' },
  },
  { flags: '--since <duration>', help: { en: 'Only of the last 15m, 2h, 1d …', zh: '仅最近 15m、2h、1d……' } },
  {
    flags: '--sort <field>',
    choices: ['time', '-time', 'actor', '-actor', 'action', '-action', 'subject', '-subject'],
    default: '-time',
    help: { en: 'Order; - turns it round.', zh: '排序字段；- 表示倒序。' },
  },
  { flags: '--limit <count>', default: '50', help: { en: 'Most lines (up to 10000).', zh: '最多条数（不超过 10000）。' } },
];

const PAGE = 1000;
const MOST = 10_000;

const shape = (given: Given): Shape<AuditItem> => ({
  columns: [
    { title: { en: 'TIME (UTC)', zh: '时间（UTC）' }, value: (a) => given.out.time(a.time) },
    { title: { en: 'ACTOR', zh: '操作者' }, value: (a) => a.actor },
    { title: { en: 'KIND', zh: '类别' }, value: (a) => a.actorKind },
    { title: { en: 'FROM', zh: '来源' }, value: (a) => a.address },
    { title: { en: 'ACTION', zh: '操作' }, value: (a) => a.action },
    { title: { en: 'SUBJECT', zh: '对象' }, value: (a) => a.subject },
    { title: { en: 'OUTCOME', zh: '结果' }, value: (a) => a.outcome },
    { title: { en: 'DETAIL', zh: '详情' }, value: (a) => a.detail },
  ],
  name: (a) => a.id,
});

const audit: Verb = {
  name: 'audit',
  summary: { en: 'Lists the audit trail: who did what, and who was refused.', zh: '列出审计记录：谁做了什么，谁被拒绝。' },
  options: FIELDS,
  async run(given) {
    const client = given.client();
    const { actor, action, subject, address, outcome, sort } = given.options as Record<string, string | undefined>;
    const since = sinceOf(given);
    const wanted = limitOf(given);
    const query = {
      actor,
      action,
      subject,
      address,
      outcome: outcome as AuditItem['outcome'] | undefined,
      sort: sort as '-time',
      ...(since === undefined ? {} : { from: given.io.clock.now() - since }),
    };
    const items: AuditItem[] = [];
    for (let after: string | undefined; items.length < wanted; ) {
      const { data } = await client.listAudit({ query: { ...query, after, limit: Math.min(PAGE, wanted - items.length) } });
      items.push(...data.items);
      if (data.next === null) break;
      after = data.next;
    }
    given.out.list(items, shape(given));
  },
};

function sinceOf(given: Given): number | undefined {
  const text = given.options['since'];
  const ms = text === undefined ? undefined : parseDuration(String(text));
  if (text !== undefined && ms === undefined)
    throw problems.raise['bad-value']({ values: { what: verbatim('--since'), value: text, example: '15m' } });
  return ms;
}

function limitOf(given: Given): number {
  const text = String(given.options['limit']);
  if (!/^[1-9]\d{0,5}$/.test(text))
    throw problems.raise['bad-value']({ values: { what: verbatim('--limit'), value: text, example: '100' } });
  return Math.min(Number(text), MOST);
}

export default [audit];
