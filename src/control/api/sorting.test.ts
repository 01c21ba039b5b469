/**
 * Aim: `sort` means the same on every list: declared fields, both ways, stable pages, and a mistake is told with what
 * is allowed. Method: a real control role; each operation that takes `sort` is walked in every order in pages of two.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { operations } from '../../../generated/operations.ts';
import { startTestControl, type TestControl } from '../../../test/control-role.ts';
import { API_PREFIX, type Operation } from './operation.ts';

let control: TestControl;
before(async () => {
  control = await startTestControl();
  const plans = ['gold', 'iron', 'lead', 'tin', 'zinc'].map(
    (name) => `apiVersion: weir/v1\nkind: Plan\nmetadata: { name: ${name}, description: of ${name} }\nspec: {}\n`,
  );
  const consumer = 'apiVersion: weir/v1\nkind: Consumer\nmetadata: { name: app }\nspec: { plan: gold }\n';
  await post('/apply', [...plans, consumer].join('---\n'));
  await post('/projects/default/resources/Plan/tin/disable');
  for (let i = 0; i < 5; i++) await post('/projects/default/consumers/app/keys', {});
  for (const name of ['amy', 'bob']) await post('/users', { name, role: 'viewer', password: `a long password ${name}` });
});
after(() => control.stop());

async function post(at: string, body?: unknown): Promise<void> {
  const answer = await control.request('POST', API_PREFIX + at, { as: control.admin, body });
  assert.ok(answer.status < 300, `${at}: ${answer.text}`);
}

const sorted = operations.filter(
  (o) => (o.query as { properties?: object } | undefined)?.properties && 'sort' in (o.query as never)['properties'],
);
const ask = (operation: Operation, query: string) =>
  control.request('GET', `${API_PREFIX}${operation.path.replace('{project}', 'default')}?${query}`, { as: control.admin });

test('the lists of the admin API take an order', () => {
  const ids = sorted.map((o) => o.id).sort();
  assert.deepEqual(ids, [
    'listAudit',
    'listIncidents',
    'listKeys',
    'listPipelines',
    'listResources',
    'listRuns',
    'listTokens',
    'listUsers',
    'searchCalls',
  ]);
});

test('every order, both ways: pages of two are the whole list, and turned round it is the reverse', async () => {
  for (const operation of sorted) {
    const choices = ((operation.query as never)['properties'] as { sort: { enum: string[] } }).sort.enum;
    const lists = new Map<string, string[]>();
    for (const sort of choices) {
      const found: string[] = [];
      let next: string | null = '';
      while (next !== null) {
        const { json, text, status } = await ask(operation, `sort=${sort}&limit=2${next ? `&after=${next}` : ''}`);
        assert.equal(status, 200, `${operation.id} ${sort}: ${text}`);
        assert.ok(json.items.length <= 2);
        found.push(...json.items.map((item: object) => JSON.stringify(item)));
        next = json.next as string | null;
      }
      assert.equal(new Set(found).size, found.length, `${operation.id} ${sort}: each once`);
      lists.set(sort, found);
    }
    for (const sort of choices.filter((choice) => choice.startsWith('-')))
      assert.deepEqual(lists.get(sort), lists.get(sort.slice(1))!.toReversed(), `${operation.id} ${sort}`);
    if (!/Runs|Calls|Incidents|Pipelines/.test(operation.id)) assert.ok(lists.get(choices[0]!)!.length >= 2, operation.id);
  }
});

test('another field is refused with the allowed ones; a place of another order, or none at all, too', async () => {
  for (const operation of sorted) {
    const wrong = await ask(operation, 'sort=colour');
    assert.equal(wrong.status, 400);
    assert.match(JSON.stringify(wrong.json.errors[0]), /\/query\/sort.*must be one of: .*name|created|time|opened/);
    assert.equal((await ask(operation, 'after=bm90aGluZw')).json.errors[0].pointer, '/query/after');
  }
  const list = sorted.find((o) => o.id === 'listResources')!;
  const { json } = await ask(list, 'sort=name&limit=1');
  const mixed = await ask(list, `sort=-updated&after=${json.next}`);
  assert.equal(mixed.status, 400);
  assert.match(JSON.stringify(mixed.json.errors), /another `sort`/);
});

test('resources are found by text and by where they stand', async () => {
  const list = sorted.find((o) => o.id === 'listResources')!;
  const names = async (query: string) => (await ask(list, query)).json.items.map((r: { name: string }) => r.name);
  assert.deepEqual(await names('text=OF%20TIN'), ['tin']);
  assert.deepEqual(await names('state=disabled'), ['tin']);
  assert.deepEqual(await names('kind=plans&state=ready&sort=-name&limit=2'), ['zinc', 'lead']);
});
