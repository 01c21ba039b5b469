/**
 * Aim: SQL becomes a governed API without a terminal: tables seen, SQL tried, parameters found, published with a diff,
 * called as a consumer, documented; nothing typed is lost. Method: the real product with its sample, Chromium.
 */
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import type { Page } from 'playwright-core';
import { arrive, type ConsoleWorld, noBrowser, openConsoleWorld, story, type Visit } from './browser.ts';
import { until } from '../e2e/weir.ts';

let world: ConsoleWorld;
let visit: Visit;
let page: Page;
before(async () => {
  if (noBrowser) return;
  world = await openConsoleWorld();
  await until('the sample has filled its warehouse', () => /Ctrl-C stops everything/.test(world.weir.output()), 120);
  visit = await world.visit();
  page = visit.page;
});
after(() => world?.close());

const SQL = `SELECT order_id, status, total FROM erp_customer_order
<where> <if test="status != null"> status = #{status} </if> </where>`;

async function typeSql(text: string): Promise<void> {
  await page.getByRole('textbox', { name: 'SQL' }).click();
  await page.keyboard.press('Control+a');
  await page.keyboard.insertText(text);
}

story('SQL becomes an API that is called and documented', () => noBrowser, {
  'a query is built, tried, and its mistakes stand at their line': async () => {
    await page.goto('/data-apis');
    await page.getByRole('link', { name: 'New data API' }).first().click();
    await arrive(page, 'New data API');
    await page.getByLabel('Name', { exact: true }).fill('orders-by-status');
    await page.getByLabel('Connection', { exact: true }).click();
    await page.getByText('warehouse · sqlite').click();
    await page.getByLabel('Path', { exact: true }).fill('/data/v1/by-status');
    await typeSql('SELECT 1 FROM ');
    await page.getByText('erp_customer_order', { exact: true }).click();
    await page.getByRole('textbox', { name: 'SQL' }).getByText('SELECT 1 FROM erp_customer_order').waitFor();
    await typeSql(`${SQL.replace('total', 'totall')}`);
    await page.keyboard.press('Control+Enter');
    await page.getByRole('alert').filter({ hasText: 'totall' }).getByText('line 1').waitFor();
    await page.locator('.cm-lint-marker-error').first().waitFor();
    await typeSql(SQL);
    await page.getByLabel('Example of status').fill('paid');
    await page.keyboard.press('Control+Enter');
    await page.getByRole('tab', { name: 'Rows' }).click();
    await page.getByRole('cell', { name: 'paid', exact: true }).first().waitFor();
    await page.getByRole('tab', { name: 'Bound SQL' }).click();
    await page.getByRole('cell', { name: 'paid', exact: true }).waitFor();
    await page.getByRole('tab', { name: 'Plan' }).click();
    await page.getByRole('textbox', { name: 'Plan' }).getByText('erp_customer_order').waitFor();
  },
  'pages without a unique order are told, and a draft outlives the tab': async () => {
    await page.getByRole('tab', { name: 'Settings' }).click();
    await page.getByLabel('In pages').click();
    await page.getByLabel('Sorted by').click();
    await page.keyboard.insertText('status');
    await page.keyboard.press('Enter');
    await page.locator('.ant-select-selection-item').getByText('status', { exact: true }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Run' }).click();
    await page.getByRole('tab', { name: /Problems \(/ }).click();
    await page.getByRole('alert').getByRole('button', { name: 'Sorted by' }).click();
    await until('the caret is in the field', () => page.evaluate<boolean>(`document.activeElement?.id === 'api-sort'`), 20);
    await page.getByText('Draft kept in this browser').waitFor();
    page.once('dialog', (dialog) => void dialog.accept());
    await page.reload();
    await page.getByRole('button', { name: 'Restore' }).click();
    await page.getByRole('textbox', { name: 'SQL' }).getByText('#{status}').waitFor();
    assert.equal(await page.getByLabel('Name', { exact: true }).inputValue(), 'orders-by-status');
    await page.getByRole('tab', { name: 'Settings', selected: true }).waitFor();
    await page.getByRole('tab', { name: /^Parameters/ }).click();
    assert.equal(await page.getByLabel('Example of status').inputValue(), 'paid');
  },
  'a mistake names its parameter and leads to its field': async () => {
    await page.getByRole('combobox', { name: 'Type of status' }).click();
    await page.getByTitle('whole number', { exact: true }).click();
    await page.getByLabel('Example of status').fill('many');
    await page.getByRole('tab', { name: 'Settings' }).click();
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await page.getByRole('tab', { name: /Problems \(/ }).click();
    const where = page.getByRole('button', { name: 'Parameter status', exact: true });
    assert.doesNotMatch(await page.getByRole('alert').filter({ has: where }).innerText(), /\/values/);
    await where.click();
    await page.getByRole('tab', { name: /^Parameters/, selected: true }).waitFor();
    const label = () => page.evaluate<string>(`document.activeElement?.getAttribute('aria-label') ?? ''`);
    await until('the caret is in the field', async () => (await label()) === 'Example of status', 20);
    await page.getByRole('combobox', { name: 'Type of status' }).click();
    await page.getByTitle('text', { exact: true }).click();
    await page.getByLabel('Example of status').fill('paid');
  },
  'it is published with what changes shown, and the document keeps its order': async () => {
    await page.getByRole('tab', { name: 'Settings' }).click();
    await page.getByLabel('In pages').click();
    await page.getByRole('button', { name: 'Publish…' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('This API is new.').waitFor();
    await dialog.getByText('orders-by-status').first().waitFor();
    await dialog.getByRole('button', { name: 'Publish' }).click();
    await page.waitForURL('**/data-apis/default/orders-by-status');
    await page.getByText('Serving').waitFor();
    const document = (await world.weir.cli('get', 'DataApi', 'orders-by-status', '-o', 'yaml')).stdout;
    assert.match(document, /parameters:\s+status:/, document);
  },
  'it is called as a consumer through the gateway, and the call is found': async () => {
    await page.getByRole('tab', { name: 'Try it' }).click();
    await page.getByLabel('Call as').click();
    await page.getByTitle(/^shop-app/).click();
    const status = page.locator('#try-query-status');
    await until('the example stands in its field', async () => (await status.inputValue()) === 'paid', 20);
    await page.getByRole('button', { name: 'Send' }).click();
    await page.getByTestId('status').getByText('200').waitFor();
    await page.getByRole('textbox', { name: 'Body' }).getByText('"paid"').first().waitFor();
    const link = await page.getByRole('link', { name: 'Call record' }).getAttribute('href');
    const id = link!.split('/').at(-1)!;
    await until('the call is recorded', async () => (await world.weir.cli('calls', '--id', id, '-o', 'json')).stdout.includes(id), 20);
    const record = JSON.parse((await world.weir.cli('calls', '--id', id, '-o', 'json')).stdout) as { items?: Record<string, unknown>[] };
    assert.match(JSON.stringify(record), /"consumer":"shop-app"/);
    await page.getByRole('tab', { name: 'Python' }).click();
    await page.getByRole('region', { name: 'Python' }).getByText('/data/v1/by-status?status=paid').waitFor();
  },
  'the record of a call that is not stored yet is waited for; of one that never was, it is said so': async () => {
    const link = page.getByRole('link', { name: 'Call record' });
    const id = (await link.getAttribute('href'))!.split('/').at(-1)!;
    const missing = { code: 'core/admin/not-found', title: 'Not found', status: 404, detail: 'not yet', type: 'about:blank' };
    let early = 3;
    await page.route(`**/api/v1/calls/${id}`, (route) =>
      early-- > 0
        ? route.fulfill({ status: 404, contentType: 'application/problem+json', body: JSON.stringify(missing) })
        : route.continue(),
    );
    await link.click();
    await page.getByRole('heading', { name: 'GET /data/v1/by-status' }).waitFor();
    assert.ok(early < 0, `${early} answers were not asked for`);
    await page.goto('/calls/0198a000-0000-7000-8000-000000000001');
    await page.getByRole('alert').getByText('Not found').waitFor();
  },
  'the documentation shows it, in both languages, and asks no other host': async () => {
    await page.goto('/data-apis/docs');
    await page.locator('.opblock').filter({ hasText: '/data/v1/by-status' }).getByRole('button').first().click();
    await page.getByText('Responses', { exact: true }).waitFor();
    await page.getByTestId('language').selectOption('zh');
    // What is open stays open, in the other language's words.
    const block = page.locator('.opblock.is-open').filter({ hasText: '/data/v1/by-status' });
    await block.getByText('响应', { exact: true }).waitFor();
    await until('what the server says has come in Chinese', async () => /成功|一页|记录|行/.test(await block.innerText()), 20);
    assert.equal(await block.count(), 1);
    assert.deepEqual(visit.foreign, []);
    assert.deepEqual(visit.complaints, []);
  },
});
