/**
 * Aim: the whole way in Chinese without a terminal: a database is connected, its rows are carried and watched, an API
 * is published on them, called, its call found; a change is taken back; language, theme, and the sample are changed.
 * Method: the real product, a real PostgreSQL, Chromium; one person, one page, in order.
 */
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import pg from 'pg';
import type { Page } from 'playwright-core';
import { startPostgres, type TestDatabase } from '../servers.ts';
import { arrive, type ConsoleWorld, noBrowser, openConsoleWorld, story, type Visit } from './browser.ts';

const PARTS = 1200;
const SQL = `SELECT id, title, price FROM parts
<where> <if test="title != null"> title = #{title} </if> </where>`;

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
  await fill(server);
  world = await openConsoleWorld();
  visit = await world.visit({ language: 'zh' });
  page = visit.page;
});
after(async () => {
  await world?.close();
  await server?.stop();
});

async function fill({ host, port, user, password, database }: TestDatabase): Promise<void> {
  const client = new pg.Client({ host, port, user, password, database });
  await client.connect();
  await client.query(`CREATE TABLE parts (id int PRIMARY KEY, title text NOT NULL, price numeric(10,2) NOT NULL);
    INSERT INTO parts SELECT i, '零件 ' || i, i * 1.25 FROM generate_series(1, ${PARTS}) i`);
  await client.end();
}

/** 向导的下一步；画出来之后再继续，因为下一步的按钮同名。 */
async function next(step: string): Promise<void> {
  await button('下一步').click();
  await page.locator('.ant-card-head-title').getByText(step, { exact: true }).waitFor();
}

const button = (name: string) => page.getByRole('button', { name, exact: true });
const navigation = (name: string) => page.getByRole('navigation', { name: '导航' }).getByRole('link', { name, exact: true });

story('从数据库到 API，全程中文', () => skip, {
  '连接一个 PostgreSQL 并看到它的数据': async () => {
    await navigation('连接').click();
    await page.getByRole('link', { name: '新建连接' }).click();
    await arrive(page, '新建连接');
    await page.getByRole('link', { name: /PostgreSQL/ }).click();
    await page.getByLabel('名称', { exact: true }).fill('parts-db');
    for (const name of ['host', 'port', 'database', 'user'] as const)
      await page.locator(`[data-pointer="/spec/${name}"] input`).first().fill(String(server![name]));
    await page.locator('[data-pointer="/spec/password"] input[type=password]').fill(server!.password);
    await button('测试连接').click();
    await page.getByText('连接正常').waitFor();
    await button('保存').click();
    await page.waitForURL(/\/connections\/default\/parts-db/);
    await page.getByRole('link', { name: /^public\.parts/ }).click();
    await page.getByText('零件 1', { exact: true }).waitFor();
  },
  '用向导建一条管道，运行并看到结束': async () => {
    await navigation('管道').click();
    await page.getByRole('link', { name: '新建管道' }).click();
    await arrive(page, '新建管道');
    await page.getByRole('radio', { name: /parts-db/ }).check();
    await next('流');
    await page.getByRole('checkbox', { name: 'public.parts' }).check();
    await next('目标');
    await page.getByRole('radio', { name: /warehouse/ }).check();
    await next('同步方式');
    await next('计划');
    await next('检查并保存');
    await button('保存管道').click();
    await page.waitForURL(/\/pipelines\/default\/parts-db-to-warehouse/);
    await button('立即运行').click();
    await page.waitForURL(/\/runs\//);
    await page.getByText('成功').first().waitFor();
    await page.getByText('1,200', { exact: true }).first().waitFor();
  },
  '在其上发布一个 API': async () => {
    await navigation('数据 API').click();
    await page.getByRole('link', { name: '新建数据 API' }).first().click();
    await arrive(page, '新建数据 API');
    await page.getByLabel('名称', { exact: true }).fill('parts');
    await page.getByLabel('连接', { exact: true }).click();
    await page.getByText('warehouse · sqlite').click();
    await page.getByLabel('路径', { exact: true }).fill('/data/v1/parts');
    await page.getByRole('textbox', { name: 'SQL' }).click();
    await page.keyboard.press('Control+a');
    await page.keyboard.insertText(SQL);
    await page
      .getByLabel('title 的示例值')
      .or(page.getByLabel(/title.*示例/))
      .first()
      .fill('零件 7');
    await page.keyboard.press('Control+Enter');
    await page.getByRole('tab', { name: '结果' }).click();
    await page.getByRole('cell', { name: '零件 7', exact: true }).waitFor();
    await button('发布…').click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('这是新的 API。').waitFor();
    await dialog.getByRole('button', { name: '发布', exact: true }).click();
    await page.waitForURL('**/data-apis/default/parts');
    await page.getByText('提供服务中').waitFor();
  },
  '以消费者身份调用，并找到这次调用的完整过程': async () => {
    await page.getByRole('tab', { name: '试一试' }).click();
    await page.getByLabel('调用身份').click();
    await page.getByTitle(/^shop-app/).click();
    await button('发送').click();
    await page.getByTestId('status').getByText('200').waitFor();
    await page.getByRole('textbox', { name: '正文' }).getByText('零件 7').waitFor();
    await page.getByRole('link', { name: '调用记录' }).last().click();
    await page.getByRole('heading', { name: 'GET /data/v1/parts' }).waitFor();
    await page.getByRole('cell', { name: 'api-key' }).waitFor();
    await page.getByRole('link', { name: 'shop-app' }).waitFor();
  },
  '修改它，再回退到上一版本': async () => {
    await page.goto('/resources/default/DataApi/parts');
    await page.getByRole('link', { name: '编辑', exact: true }).click();
    await page.locator('[data-pointer="/spec/path"] input').fill('/data/v2/parts');
    await page.getByText('没有问题').waitFor();
    await button('检查并保存').click();
    await page.getByRole('dialog').getByRole('button', { name: '保存', exact: true }).click();
    await page.waitForURL('**/resources/default/DataApi/parts');
    await page.getByRole('tab', { name: '历史' }).click();
    await button('回退到此版本').first().click();
    await page.getByRole('dialog').getByRole('button', { name: /^回退/ }).click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.goto('/data-apis/default/parts');
    await page.getByText('GET /data/v1/parts').first().waitFor();
  },
  '切换语言与主题，删除自己的资源，移除示例，过程中没有对外请求也没有报错': async () => {
    await page.getByTestId('language').selectOption('en');
    await page.getByRole('tab', { name: 'Try it' }).waitFor();
    await page.getByTestId('theme').selectOption('dark');
    assert.equal(await page.locator('html').getAttribute('data-theme'), 'dark');
    for (const own of ['DataApi/parts', 'Pipeline/parts-db-to-warehouse', 'Connection/parts-db']) {
      await page.goto(`/resources/default/${own}`);
      await button('Delete').click();
      await page.getByText('No other resource names it.').waitFor();
      await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
      await page.waitForURL('**/resources');
    }
    await page.getByRole('navigation').getByRole('link', { name: 'Home', exact: true }).click();
    await button('Remove the sample').click();
    await page.getByRole('dialog').getByRole('button', { name: 'Remove the sample' }).click();
    await button('Load the sample project').waitFor();
    const { foreign, complaints } = visit;
    assert.deepEqual({ foreign, complaints }, { foreign: [], complaints: [] });
  },
});
