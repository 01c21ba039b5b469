/**
 * Aim: from a database to rows in a target without a terminal: a connection is tried, mended and saved, its data seen,
 * a pipeline made step by step, run and watched; state and result are two marks. Method: Chromium against the real
 * product, with a real PostgreSQL as source.
 */
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import pg from 'pg';
import type { Page } from 'playwright-core';
import { startPostgres, type TestDatabase } from '../servers.ts';
import { until } from '../e2e/weir.ts';
import { arrive, type ConsoleWorld, noBrowser, openConsoleWorld, story, type Visit } from './browser.ts';

let world: ConsoleWorld;
let visit: Visit;
let page: Page;
let server: TestDatabase | undefined;
let skip: string | false = noBrowser;
before(async () => {
  if (skip) return;
  const found = await startPostgres();
  if ('missing' in found) {
    skip = found.missing;
    return;
  }
  server = found;
  await withParts((client) => client.query(TABLES));
  world = await openConsoleWorld();
  visit = await world.visit();
  page = visit.page;
});
after(async () => {
  await world?.close();
  await server?.stop();
});

/** Works in the source's own database. */
async function withParts(work: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const { host, port, user, password, database } = server!;
  const client = new pg.Client({ host, port, user, password, database });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}

const TABLES = `
  CREATE TABLE parts (id int PRIMARY KEY, title text, note text, updated_at timestamp NOT NULL DEFAULT '2026-01-01');
  INSERT INTO parts (id, title, note) SELECT i, 'part ' || i, CASE WHEN i % 2 = 0 THEN '' END FROM generate_series(1, 400) i;
  CREATE TABLE suppliers (name text)`;

/** To the next step of the wizard; drawn before it goes on, since the same button leads on from there. */
async function next(step: string): Promise<void> {
  await button('Next').click();
  await page.locator('.ant-card-head-title').getByText(step, { exact: true }).waitFor();
}

const button = (name: string) => page.getByRole('button', { name, exact: true });

story('from a database to rows in a target', () => skip, {
  'a connection is tried before it is saved: the failing step is named, then it works': async () => {
    const { host, port, user, password, database } = server!;
    await page.goto('/connections');
    await page.getByRole('link', { name: 'New connection' }).click();
    await arrive(page, 'New connection');
    await page.getByRole('link', { name: /PostgreSQL/ }).click();
    await page.getByLabel('Name', { exact: true }).fill('parts-db');
    const field = (name: string) => page.locator(`[data-pointer="/spec/${name}"] input`).first();
    await field('host').fill(host);
    await field('port').fill(String(port));
    await field('database').fill(database);
    await field('user').fill(user);
    const secret = page.locator('[data-pointer="/spec/password"] input[type=password]');
    await secret.fill('not-the-password');
    await button('Test').click();
    await page.getByText('The check stopped at: Login').waitFor();
    const kept = await page.evaluate(`localStorage.getItem('weir.connection.admin/postgres')`);
    assert.ok(!String(kept).includes('not-the-password') && String(kept).includes(database), String(kept));
    await secret.fill(password);
    await button('Test').click();
    await page.getByText('The connection works').waitFor();
    assert.ok((await page.getByRole('list', { name: 'Steps of the check' }).getByRole('listitem').count()) >= 3);
    await button('Save').click();
    await page.waitForURL(/\/connections\/default\/parts-db/);
  },
  'its streams are found by a column’s name; null and empty text differ': async () => {
    await page.getByLabel('Search streams and columns').fill('updated_at');
    await page.getByRole('link', { name: /^public\.parts/ }).click();
    const rows = page.getByText('part 1', { exact: true });
    await rows.waitFor();
    assert.ok((await page.getByText('null', { exact: true }).count()) > 0);
    assert.ok((await page.getByText('empty text').count()) > 0);
  },
  'the wizard keeps what is chosen, over back and reload, and shows what a mode cannot see': async () => {
    await page.goto('/pipelines');
    await page.getByRole('link', { name: 'New pipeline' }).click();
    await arrive(page, 'New pipeline');
    await page.getByRole('radio', { name: /parts-db/ }).check();
    await next('Streams');
    await page.getByRole('checkbox', { name: 'public.parts' }).check();
    await next('Target');
    await page.getByRole('radio', { name: /warehouse/ }).check();
    await page.goBack();
    await page.getByText('1 of 2 chosen').waitFor();
    await page.reload();
    await page.getByText('Your draft of an earlier visit is back.').waitFor();
    await page.getByText('1 of 2 chosen').waitFor();
    await next('Target');
    await next('Modes');
    await page.getByText('rows deleted at the source stay in the target').waitFor();
    await page.getByRole('combobox', { name: 'Mode of public.parts' }).click();
    await page.getByTitle('Incremental', { exact: true }).click();
    await page.getByText('incremental by updated_at: deleted rows are not seen').waitFor();
    await next('Schedule');
    await next('Review');
    assert.equal(await page.getByLabel('Name', { exact: true }).inputValue(), 'parts-db-to-warehouse');
    await page.getByText('upsert by id').waitFor();
    await button('Save the pipeline').click();
    await page.waitForURL(/\/pipelines\/default\/parts-db-to-warehouse/);
  },
  'a run is watched to its end: rows, streams, log, and both marks': async () => {
    await page.getByText('Never ran').waitFor();
    await button('Run now').click();
    await page.waitForURL(/\/runs\//);
    await page.getByText('Succeeded').first().waitFor();
    await page.getByText('400', { exact: true }).first().waitFor();
    await page.getByText('400 row(s) carried').waitFor();
    await page.getByRole('combobox', { name: 'Lowest level' }).click();
    await page.getByTitle('Error', { exact: true }).click();
    await page.waitForURL(/level=error/);
    await page.getByText('No line of this level.').waitFor();
    await page.goto('/pipelines?name=parts-db');
    const row = page.getByRole('row', { name: /parts-db-to-warehouse/ });
    await row.getByText('Succeeded').waitFor();
    await row.getByText('Idle').waitFor();
  },
  'the next pipeline of the same two gets a name that is free; one that is taken is told at once': async () => {
    await page.goto('/pipelines/new');
    await page.getByRole('radio', { name: /parts-db/ }).check();
    await next('Streams');
    await page.getByRole('checkbox', { name: 'public.parts' }).check();
    await next('Target');
    await page.getByRole('radio', { name: /warehouse/ }).check();
    for (const step of ['Modes', 'Schedule', 'Review']) await next(step);
    const name = page.getByLabel('Name', { exact: true });
    await until('a free name is offered', async () => (await name.inputValue()) === 'parts-db-to-warehouse-2', 20);
    await name.fill('parts-db-to-warehouse');
    await page.getByText('A pipeline of this name is there already.').waitFor();
    assert.equal(await button('Save the pipeline').isDisabled(), true);
  },
  'a run that goes on is cancelled at the click, and run once more': async () => {
    await page.goto('/pipelines/default/parts-db-to-warehouse');
    await withParts(async (client) => {
      // While the table is locked the run can neither end nor fail.
      await client.query('BEGIN; LOCK TABLE parts IN ACCESS EXCLUSIVE MODE');
      await button('Run now').click();
      await page.waitForURL(/\/runs\//);
      await page.getByText('Running', { exact: true }).first().waitFor();
      await button('Cancel').click();
      await page.getByText('Asked to stop.').waitFor();
      await page.getByText('Cancelled', { exact: true }).first().waitFor();
      await client.query('COMMIT');
    });
    const cancelled = page.url();
    await button('Run once more').click();
    await page.waitForURL((url) => /\/runs\//.test(url.pathname) && url.href !== cancelled);
    await page.getByText('Succeeded', { exact: true }).first().waitFor();
    await page
      .getByText(/^Once more/)
      .first()
      .waitFor();
  },
  'a pipeline that is switched off cannot be run; switched on, it can': async () => {
    await page.goto('/pipelines/default/parts-db-to-warehouse');
    await button('Disable').click();
    await button('Enable').waitFor();
    await page.getByText('Disabled', { exact: true }).first().waitFor();
    assert.equal(await button('Run now').isDisabled(), true);
    await page.reload();
    await button('Enable').click();
    await button('Disable').waitFor();
    await until('it can be run', () => button('Run now').isEnabled(), 20);
  },
  'a failed run says why and what next, in the reader’s language; its texts change with it': async () => {
    await withParts((client) => client.query('DROP TABLE parts'));
    await page.goto('/pipelines/default/parts-db-to-warehouse');
    await button('Run now').click();
    await page.waitForURL(/\/runs\//);
    await page.getByText('Failed').first().waitFor();
    const alert = page.getByRole('alert').first();
    await alert.getByText(/^Next: /).waitFor();
    await page.getByRole('combobox', { name: 'Language' }).selectOption('zh');
    await page.getByRole('alert').getByText('下一步').waitFor();
    await page.getByText('运行失败').or(page.getByText('失败')).first().waitFor();
    const { foreign, complaints } = visit;
    assert.deepEqual({ foreign, complaints }, { foreign: [], complaints: [] });
  },
});
