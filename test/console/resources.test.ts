/**
 * Aim: any resource can be made, changed, compared, taken back and deleted in the browser, and nothing typed is lost.
 * Method: the real product and Chromium; texts and versions are read back through the admin API.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { BrowserContext, Page } from 'playwright-core';
import { roleProcesses } from '../e2e/tools.ts';
import { until } from '../e2e/weir.ts';
import { type ConsoleWorld, noBrowser, openConsoleWorld } from './browser.ts';

let world: ConsoleWorld;
before(async () => {
  if (!noBrowser) world = await openConsoleWorld({ args: [] });
});
after(() => world?.close());
const options = { skip: noBrowser, timeout: 90_000 };

const TEXT = `# Who calls, and why.
apiVersion: weir/v1
kind: Consumer
metadata: { name: kept }   # never renamed
spec:
  description: first   # a comment that stays
`;

/** Asks the admin API from inside the page: its session, its address. */
async function ask(page: Page, method: string, path: string, body?: string, headers: Record<string, string> = {}) {
  const csrf = await page.evaluate(async () => ((await (await fetch('/api/v1/session')).json()) as { csrfToken: string }).csrfToken);
  const answer = await page.evaluate(
    async ([how, where, what, fields]) => {
      const found = await fetch(`/api/v1${where}`, { method: how, headers: fields, ...(what === undefined ? {} : { body: what }) });
      return { status: found.status, text: await found.text() };
    },
    [method, path, body, { 'x-weir-csrf': csrf, 'content-type': 'application/yaml', ...headers }] as const,
  );
  assert.ok(answer.status < 300, `${method} ${path}: ${answer.status} ${answer.text}`);
  return answer.text;
}

const consumer = '/projects/default/resources/Consumer';
const textOf = async (page: Page, name: string) => (JSON.parse(await ask(page, 'GET', `${consumer}/${name}`)) as { text: string }).text;

async function save(page: Page): Promise<void> {
  await page.keyboard.press('Control+s');
  await page.getByRole('dialog').getByRole('button', { name: 'Save', exact: true }).click();
}

test('a resource is made from a form, its secret never shown again, and deleted', options, async () => {
  const { page, complaints, foreign } = await world.visit();
  await page.goto('/resources/new/Connection?project=default');
  await page.getByRole('textbox', { name: 'Name', exact: true }).fill('made-here');
  await page.getByRole('combobox', { name: 'Type of Settings' }).click();
  await page.getByText('PostgreSQL', { exact: true }).click();
  for (const [name, value] of [
    ['Host', '127.0.0.1'],
    ['Database', 'shop'],
    ['User', 'reader'],
  ] as const)
    await page.getByRole('textbox', { name, exact: true }).fill(value);
  // A port nobody listens at refuses at once; a name nobody has would be looked up for long.
  await page.getByRole('spinbutton', { name: 'Port', exact: true }).fill('9');
  await page.locator('input[type=password]').fill('a-very-secret-word');
  await page.getByText('Draft kept at').waitFor();
  await page.getByText('No problems').waitFor();
  const drafts = await page.evaluate(() => JSON.stringify({ ...localStorage }));
  assert.match(drafts, /made-here/);
  assert.doesNotMatch(drafts, /a-very-secret-word/);
  await save(page);
  await page.waitForURL(/\/resources\/default\/Connection\/made-here(\?|$)/);
  await page.getByRole('tab', { name: 'YAML' }).click();
  await page.getByText('kept:').waitFor();
  await page.getByRole('link', { name: 'Edit' }).click();
  await page.getByText('Kept; it is never shown').waitFor();
  await page.goBack();
  await page.getByRole('button', { name: 'Delete' }).click();
  await page.getByText('No other resource names it.').waitFor();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await page.waitForURL(/\/resources(\?|$)/);
  assert.deepEqual(foreign, []);
  assert.deepEqual(complaints, []);
});

test('a change by form leaves comments alone; history compares and takes it back', options, async () => {
  const { page, complaints } = await world.visit();
  await page.goto('/');
  await ask(page, 'PUT', `${consumer}/kept`, TEXT, { 'if-none-match': '*' });
  await page.goto('/resources/default/Consumer/kept/edit');
  await page.locator('[data-pointer="/spec/description"] input').fill('second');
  await page.getByText('No problems').waitFor();
  await save(page);
  await page.waitForURL('**/Consumer/kept');
  assert.equal(await textOf(page, 'kept'), TEXT.replace('first', 'second'));
  await page.getByRole('tab', { name: 'History' }).click();
  await page.getByLabel('From version 1 to 2').first().waitFor();
  await page.getByRole('button', { name: 'Roll back to this' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Roll back' }).click();
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  assert.equal(await textOf(page, 'kept'), TEXT);
  assert.deepEqual(complaints, []);
});

test('two people at once: the second sees both texts, chooses, and saves the merged one', options, async () => {
  const { page } = await world.visit();
  await page.goto('/');
  await ask(page, 'PUT', `${consumer}/shared`, TEXT.replace('kept', 'shared'), { 'if-none-match': '*' });
  await page.goto('/resources/default/Consumer/shared/edit');
  await page.locator('[data-pointer="/spec/description"] input').fill('mine');
  await page.getByText('No problems').waitFor();
  const theirs = TEXT.replace('kept', 'shared').replace('first', 'theirs').replace('and why', 'and for whom');
  await ask(page, 'PUT', `${consumer}/shared`, theirs, { 'if-match': '"1"' });
  await page.keyboard.press('Control+s');
  const dialog = page.getByRole('dialog', { name: 'Somebody else saved this meanwhile' });
  await dialog.getByText('both changed it: choose').waitFor();
  const go = dialog.getByRole('button', { name: 'Go on with the merged text' });
  assert.equal(await go.isDisabled(), true);
  await dialog.getByRole('listitem').filter({ hasText: 'choose' }).getByRole('radio', { name: 'Yours' }).check();
  await go.click();
  await save(page);
  await page.waitForURL('**/Consumer/shared');
  assert.equal(await textOf(page, 'shared'), theirs.replace('theirs', 'mine'));
});

test('leaving asks; the control process killed mid-edit and a session that ends lose nothing', options, async () => {
  const { page, context } = await world.visit();
  await page.goto('/');
  await ask(page, 'PUT', `${consumer}/draft`, TEXT.replace('kept', 'draft'), { 'if-none-match': '*' });
  await page.goto('/resources/default/Consumer/draft/edit');
  const field = page.locator('[data-pointer="/spec/description"] input');
  await field.fill('before the kill');
  await page.getByText('Draft kept at').waitFor();
  await page.getByRole('link', { name: 'Home' }).first().click();
  await page.getByRole('dialog').getByRole('button', { name: 'Stay' }).click();
  // The kill is real; the refusals hold until the page has met one, however fast control comes back.
  const killed = roleProcesses(world.weir).get('control')!;
  await context.route('**/api/**', (route) => route.abort('connectionrefused'));
  process.kill(killed, 'SIGKILL');
  await field.fill('while nobody answers');
  await page.getByText('Weir cannot be reached').first().waitFor();
  assert.equal(await field.inputValue(), 'while nobody answers');
  await until('control is back', async () => {
    const answer = await fetch(`${world.weir.control}/livez`).catch(() => undefined);
    return answer?.ok === true && roleProcesses(world.weir).get('control') !== killed;
  });
  await context.unroute('**/api/**');
  await page.getByRole('button', { name: 'Try again' }).click();
  await page.getByText('No problems').waitFor();
  page.on('dialog', (dialog) => void dialog.accept());
  await page.reload();
  await page.getByRole('button', { name: 'Restore' }).click();
  await context.clearCookies();
  await field.fill('after a new login');
  await page.getByText('Your session has ended').waitFor();
  await page.locator('input[autocomplete=current-password]').fill(world.password);
  await page.keyboard.press('Enter');
  await page.getByText('Your session has ended').waitFor({ state: 'detached' });
  assert.equal(await field.inputValue(), 'after a new login');
  await save(page);
  await page.waitForURL('**/Consumer/draft');
  assert.match(await textOf(page, 'draft'), /after a new login {3}# a comment that stays/);
});

/** Types, closes the page in the same breath, comes back, and answers the page with the draft restored. */
async function typeAndClose(context: BrowserContext, at: string, type: (page: Page) => Promise<void>): Promise<Page> {
  const before = await context.newPage();
  await before.goto(at);
  await type(before);
  await before.close();
  const page = await context.newPage();
  page.on('dialog', (dialog) => void dialog.accept());
  await page.goto(at);
  await page.getByRole('button', { name: 'Restore' }).click();
  return page;
}

test('what was typed last is kept however soon the page closes, and no secret is', options, async () => {
  const { page, context } = await world.visit();
  await ask(page, 'PUT', `${consumer}/hasty`, TEXT.replace('kept', 'hasty'), { 'if-none-match': '*' });
  const form = await typeAndClose(context, '/resources/default/Consumer/hasty/edit', (one) =>
    one.locator('[data-pointer="/spec/description"] input').fill('to the last letter'),
  );
  const field = form.locator('[data-pointer="/spec/description"] input');
  await until('the field is restored', async () => (await field.inputValue()) === 'to the last letter', 20);
  await form.goto('/');

  const builder = await typeAndClose(context, '/data-apis/new', async (one) => {
    await one.getByRole('textbox', { name: 'SQL' }).click();
    await one.keyboard.insertText('SELECT #{a}');
    await one.getByLabel('Example of a').fill('not left yet');
  });
  const example = builder.getByLabel('Example of a');
  await until('the example is restored', async () => (await example.inputValue()) === 'not left yet', 20);
  await builder.goto('/');

  const yaml = await typeAndClose(context, '/resources/new/Connection?project=default&view=yaml', async (one) => {
    await one.getByRole('textbox', { name: 'Document as YAML' }).click();
    await one.keyboard.press('Control+a');
    await one.keyboard.insertText(`${CONNECTION}  password: a-very-secret-word\n`);
  });
  await yaml.getByRole('textbox', { name: 'Document as YAML' }).getByText('database: to-the-last-line').waitFor();
  assert.doesNotMatch(await yaml.evaluate(() => JSON.stringify({ ...localStorage })), /a-very-secret-word/);
  await context.close();
});

const CONNECTION = `apiVersion: weir/v1
kind: Connection
metadata: { name: hasty }
spec:
  type: postgres
  host: 127.0.0.1
  user: reader
  database: to-the-last-line
`;
