/**
 * Aim: what somebody who runs Weir does every day works in the browser: calls watched as they come, targets that answer and
 * fail, many runs paged through, users and tokens made and taken back. Method: the real product and Chromium; each test has
 * a page and resources of its own.
 */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, test, type TestContext } from 'node:test';
import type { Page } from 'playwright-core';
import { call, must } from '../e2e/tools.ts';
import { until } from '../e2e/weir.ts';
import { freePort } from '../servers/process.ts';
import { arrive, type ConsoleWorld, noBrowser, openConsoleWorld } from './browser.ts';

const options = { skip: noBrowser, timeout: 120_000 };
let world: ConsoleWorld;
before(async () => {
  if (!noBrowser) world = await openConsoleWorld({ args: [] });
});
after(() => world?.close());

const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });
const row = (page: Page, name: RegExp) => page.getByRole('row', { name });

/** An address of ours that answers every request, and a route to it that needs no key. */
async function openRoute(t: TestContext, name: string): Promise<{ at: string; close: () => void }> {
  const server = createServer((_, answer) => answer.end('here'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await apply(
    `${name}.yaml`,
    { apiVersion: 'weir/v1', kind: 'Upstream', metadata: { name }, spec: { targets: [{ url: `http://127.0.0.1:${port}` }] } },
    { apiVersion: 'weir/v1', kind: 'Route', metadata: { name }, spec: { match: { paths: [`/${name}/**`] }, upstream: name } },
  );
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  t.after(close);
  const at = `${world.weir.gateway}/${name}`;
  await until(`${at} is served`, async () => (await call(`${at}/first`)).status === 200, 20);
  return { at, close };
}

async function apply(file: string, ...documents: readonly object[]): Promise<void> {
  writeFileSync(path.join(world.weir.folder, file), documents.map((one) => JSON.stringify(one)).join('\n---\n'));
  await must(world.weir, 'apply', '-f', file);
}

test('calls stand in the live tail as they come; a pause holds it, a filter narrows it', options, async (t) => {
  const { page, context, complaints } = await world.visit();
  const { at } = await openRoute(t, 'tailed');
  await page.goto('/calls?live=yes');
  await page.getByRole('status').getByText('listening').waitFor();
  assert.equal((await call(`${at}/seen`)).status, 200);
  await row(page, /200 GET \/tailed\/seen tailed/).waitFor();
  await button(page, 'Pause').click();
  await page.getByRole('status').getByText('paused').waitFor();
  await call(`${at}/missed`);
  await until('it is recorded', async () =>
    (await must(world.weir, 'calls', '--path', '/tailed/missed', '-o', 'json')).includes('/tailed/missed'),
  );
  await button(page, 'Go on').click();
  await page.getByRole('status').getByText('listening').waitFor();
  await call(`${at}/again`);
  await row(page, /\/tailed\/again/).waitFor();
  assert.equal(await row(page, /\/tailed\/missed/).count(), 0);
  await page.goto('/calls?live=yes&status=404');
  await page.getByRole('status').getByText('listening').waitFor();
  await call(`${at}/no`);
  await call(`${world.weir.gateway}/nowhere`);
  await row(page, /404 GET \/nowhere/).waitFor();
  assert.equal(await row(page, /\/tailed\//).count(), 0);
  assert.deepEqual(complaints, []);
  await context.close();
});

test('a route tells which of its targets answers, and since when one fails and how', options, async (t) => {
  const { page, context } = await world.visit();
  const { at, close } = await openRoute(t, 'behind');
  await page.goto('/routes/default/behind');
  await arrive(page, 'behind');
  for (const name of ['Address', 'Weight', 'State', 'Last success', 'Last failure', 'Open / idle', 'Requests'])
    await page.getByRole('columnheader', { name, exact: true }).waitFor();
  await row(page, /127\.0\.0\.1:\d+ 1 answers/).waitFor();
  close();
  assert.equal((await call(`${at}/gone`)).status, 502);
  await row(page, /failing.*began/).waitFor();
  await context.close();
});

/** Runs that ended, as a worker writes them; the product reads them as its own. */
function fillRuns(count: number): void {
  const db = new DatabaseSync(path.join(world.weir.folder, '.weir', 'store.db'), { timeout: 10_000 });
  const insert = db.prepare(`INSERT INTO run (id, project, pipeline, release, state, result, cause, attempt, attempts_max, created_at,
    due_at, started_at, finished_at, epoch, cancel_requested, streams, requested_by)
    VALUES (?, 'default', ?, 'r', 'done', 'succeeded', 'manual', 1, 3, ?, ?, ?, ?, ?, 0, '[]', 'admin')`);
  db.exec('BEGIN IMMEDIATE');
  for (let i = 0; i < count; i++) {
    const at = Date.UTC(2026, 0, 1) + i * 60_000;
    insert.run(`${at.toString(16).padStart(12, '0')}-${i}`, `paged-${String(i).padStart(3, '0')}`, at, at, at, at, i);
  }
  db.exec('COMMIT');
  db.close();
}

test('many runs are paged through, forth and back, and a page is a link', options, async () => {
  fillRuns(120);
  const { page, context } = await world.visit();
  await page.goto('/runs');
  // A list draws what can be seen first: it is whole once its last row stands.
  await row(page, /paged-070/).waitFor();
  const names = async () => (await page.locator('tr.ant-table-row a[href^="/pipelines/"]').allInnerTexts()).map((name) => name.slice(-3));
  const first = await names();
  assert.deepEqual([first.length, first[0], first.at(-1)], [50, '119', '070']);
  await button(page, 'Next page').click();
  await row(page, /paged-069/).waitFor();
  const link = page.url();
  await button(page, 'Next page').click();
  await row(page, /paged-000/).waitFor();
  assert.deepEqual([(await names()).length, (await names()).at(-1)], [20, '000']);
  assert.equal(await button(page, 'Next page').isDisabled(), true);
  await button(page, 'Previous page').click();
  await row(page, /paged-069/).waitFor();
  await button(page, 'First page').click();
  await row(page, /paged-119/).waitFor();
  await page.goto(link);
  await row(page, /paged-020/).waitFor();
  assert.deepEqual([(await names())[0], (await names()).at(-1)], ['069', '020']);
  await context.close();
});

test('a user is made, looks without changing anything, and is out the moment they are deleted', options, async () => {
  const metadata = { name: 'seen' };
  const connection = { apiVersion: 'weir/v1', kind: 'Connection', metadata, spec: { type: 'sqlite', file: 'seen.db' } };
  const consumer = { apiVersion: 'weir/v1', kind: 'Consumer', metadata, spec: {} };
  const { page, context, complaints } = await world.visit();
  await page.goto('/settings?tab=users');
  await button(page, 'New user').click();
  const dialog = page.getByRole('dialog', { name: 'New user' });
  await dialog.getByLabel('User', { exact: true }).fill('looker');
  await dialog.getByLabel('Password', { exact: true }).fill('a long enough password');
  await dialog.getByRole('button', { name: 'New user' }).click();
  await dialog.waitFor({ state: 'detached' });
  await row(page, /looker.*Viewer.*active/).waitFor();
  const other = await world.visit({ as: { name: 'looker', password: 'a long enough password' } });
  await other.page.goto('/resources');
  await arrive(other.page, 'All resources');
  await other.page.locator('tr.ant-table-row, .ant-empty').first().waitFor();
  assert.equal(await button(other.page, 'New').count(), 0);
  await apply('seen.yaml', connection, consumer);
  await other.page.goto('/consumers/default/seen');
  await other.page.getByText('No key yet').waitFor();
  assert.equal(await other.page.getByRole('main').getByRole('link', { name: 'Edit' }).count(), 0);
  await other.page.goto('/connections/default/seen');
  await other.page.getByText('Looking into the data needs the permission connections:use.').waitFor();
  await other.page.goto('/resources');
  await other.page.locator('tr.ant-table-row').first().waitFor();
  await row(page, /looker/)
    .getByRole('button', { name: 'Delete' })
    .click();
  const confirm = page.getByRole('dialog', { name: 'Delete the user looker?' });
  await confirm.getByText('Their sessions and API tokens end at once.').waitFor();
  await confirm.getByRole('button', { name: 'Delete' }).click();
  await row(page, /looker/).waitFor({ state: 'detached' });
  await other.page.getByRole('button', { name: 'Refresh' }).click();
  await other.page.getByRole('dialog', { name: 'Your session has ended' }).waitFor();
  assert.deepEqual(complaints, []);
  await Promise.all([context.close(), other.context.close()]);
});

test('a token is shown once, opens the API, and opens nothing once it is revoked', options, async () => {
  const { page, context, complaints } = await world.visit();
  await page.goto('/settings?tab=tokens');
  await button(page, 'New token').click();
  const dialog = page.getByRole('dialog', { name: 'New token' });
  await dialog.getByLabel('Name', { exact: true }).fill('script');
  await dialog.getByRole('button', { name: 'New token' }).click();
  await page.getByText('it is not shown again').waitFor();
  const secret = (await page.getByTestId('secret').innerText()).trim();
  const ask = async () => (await call(`${world.weir.control}/api/v1/resources`, { authorization: `Bearer ${secret}` })).status;
  assert.equal(await ask(), 200);
  await button(page, 'I have copied it').click();
  await row(page, /script.*Viewer.*active/).waitFor();
  await page.reload();
  await row(page, /script.*Viewer.*active/).waitFor();
  assert.ok(!(await page.content()).includes(secret));
  await row(page, /script/)
    .getByRole('button', { name: 'Revoke' })
    .click();
  const confirm = page.getByRole('dialog', { name: 'Revoke the token script?' });
  await confirm.getByRole('button', { name: 'Revoke' }).click();
  await row(page, /script.*revoked/).waitFor();
  assert.equal(await ask(), 401);
  assert.deepEqual(complaints, []);
  await context.close();
});

test('the match tester asks for a request by a listener; a new resource gets a name that is free', options, async (t) => {
  const { page, context, complaints } = await world.visit();
  await openRoute(t, 'heard');
  const listener = {
    apiVersion: 'weir/v1',
    kind: 'Listener',
    metadata: { name: 'inner' },
    spec: { addresses: ['127.0.0.1'], port: await freePort() },
  };
  const match = { paths: ['/inner/**'], listeners: ['inner'] };
  await apply('inner.yaml', listener, {
    apiVersion: 'weir/v1',
    kind: 'Route',
    metadata: { name: 'inner' },
    spec: { match, upstream: 'heard' },
  });
  await page.goto('/routes');
  await page.getByLabel('Path', { exact: true }).fill('/inner/x');
  await button(page, 'Test').click();
  const outcome = page.locator('[aria-live=polite]').filter({ hasText: 'Every route considered' });
  await outcome.waitFor();
  assert.equal(await outcome.getByRole('link', { name: 'Route inner' }).count(), 0);
  await page.getByRole('combobox', { name: 'Listener' }).click();
  await page.locator('.ant-select-dropdown').getByTitle('inner', { exact: true }).click();
  await button(page, 'Test').click();
  await outcome.getByRole('link', { name: 'Route inner' }).waitFor();
  assert.equal(new URL(page.url()).searchParams.get('tryListener'), 'inner');
  const name = page.locator('[data-pointer="/metadata/name"] input');
  await page.goto('/resources/new/Plan?project=default&example=0');
  const first = await name.inputValue();
  await apply('plan.yaml', { apiVersion: 'weir/v1', kind: 'Plan', metadata: { name: first }, spec: {} });
  await page.goto('/resources/new/Plan?project=default&example=0');
  await name.waitFor();
  assert.equal(await name.inputValue(), `${first}-2`);
  assert.deepEqual(complaints, []);
  await context.close();
});

test('a chain is changed in place: added, set, moved by keys and by hand, taken out, and saved as one change', options, async (t) => {
  const { page, context, complaints } = await world.visit();
  await openRoute(t, 'chained');
  const stored = async () => (await must(world.weir, 'get', 'Route', 'chained', '-o', 'yaml')).replace(/\s+/g, ' ');
  const types = () => page.locator('.weir-chain li[id] > .weir-chain-head > code').allInnerTexts();
  const add = async (list: string, type: string) => {
    await button(page, list).click();
    await page.getByRole('dialog').getByRole('button', { name: type }).click();
  };
  await page.goto('/routes/default/chained');
  await page.getByText('Open: anybody may call').waitFor();
  await add('Add an auth method', 'api-key');
  await add('Add a policy', 'rate-limit');
  await page.getByRole('spinbutton', { name: /Limit/ }).fill('77');
  await add('Add a policy', 'transform');
  await button(page, 'Move Transform headers up').press('Enter');
  await until('keys moved it', async () => (await types()).join() === 'api-key,transform,rate-limit', 10);
  await page.locator('#chain-policies-1 .weir-chain-handle').dragTo(page.locator('#chain-policies-0'));
  await until('the hand moved it back', async () => (await types()).join() === 'api-key,rate-limit,transform', 10);
  await button(page, 'Remove API key').click();
  await page.getByText('Open: anybody may call').waitFor();
  assert.doesNotMatch(await stored(), /rate-limit/, 'nothing is saved by itself');
  await button(page, 'Review and save').click();
  const review = page.getByRole('dialog');
  await review.getByText('77').first().waitFor();
  await button(page, 'Save').click();
  await review.waitFor({ state: 'detached' });
  await button(page, 'Review and save').waitFor({ state: 'detached' });
  assert.match(await stored(), /"upstream": "chained", policies: \[ \{ type: rate-limit, limit: 77 \}, \{ type: transform \} \]/);
  assert.match(await must(world.weir, 'history', 'Route', 'chained'), /2/, 'one more version');
  await button(page, 'Remove Rate limit').click();
  await button(page, 'Discard the changes').click();
  const asked = page.getByRole('dialog', { name: 'Discard the changes?' });
  await asked.getByRole('button', { name: 'Keep editing' }).click();
  await asked.waitFor({ state: 'hidden' });
  await page.getByText('Not saved yet').waitFor();
  assert.equal(await button(page, 'Remove Rate limit').count(), 0, 'nothing is lost before somebody says so');
  await button(page, 'Discard the changes').click();
  await asked.getByRole('button', { name: 'Discard', exact: true }).click();
  await button(page, 'Remove Rate limit').waitFor();
  assert.equal(await page.getByText('Not saved yet').count(), 0);
  assert.deepEqual(complaints, []);
  await context.close();
});
