/**
 * Aim: every sentence of the Chinese ten-minute tour that says what can be done in the console is true, in Chinese, without a
 * terminal. Method: one step per sentence, in order, on the product with its sample; the README must hold these sentences
 * and no other, so that neither changes without the other.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { root, until } from '../e2e/weir.ts';
import { arrive, type ConsoleWorld, noBrowser, openConsoleWorld, story, type Visit } from './browser.ts';

const README = readFileSync(path.join(root, 'README.zh-CN.md'), 'utf8');
const SENDS_MAX = 20;
let world: ConsoleWorld;
let visit: Visit;
let page: Page;
before(async () => {
  if (noBrowser) return;
  world = await openConsoleWorld();
  await until('the sample has filled its warehouse', () => /Ctrl-C stops everything/.test(world.weir.output()), 120);
  visit = await world.visit({ language: 'zh', stranger: true });
  page = visit.page;
});
after(() => world?.close());

const button = (name: string) => page.getByRole('button', { name, exact: true });
const tab = (name: string) => page.getByRole('tab', { name, exact: true });
const link = (name: string) => page.getByRole('main').getByRole('link', { name, exact: true });
const dialog = () => page.getByRole('dialog');

/** To a page by the navigation, and until it is drawn. */
async function go(name: string): Promise<void> {
  await page.getByRole('navigation', { name: '导航' }).getByRole('link', { name, exact: true }).click();
  await arrive(page, name);
}

/** Sends once and answers the status shown. */
async function send(): Promise<number> {
  const [answer] = await Promise.all([page.waitForResponse((one) => one.url().endsWith('/try-call')), button('发送').click()]);
  const { status } = (await answer.json()) as { status: number };
  await page.getByTestId('status').getByText(String(status), { exact: true }).waitFor();
  return status;
}

async function callAs(consumer: string): Promise<void> {
  await page.getByRole('combobox', { name: '调用身份' }).click();
  await page
    .locator('.ant-select-dropdown')
    .getByTitle(new RegExp(`^${consumer}`))
    .click();
}

const STEPS: Readonly<Record<string, () => Promise<void>>> = {
  '打开 `http://127.0.0.1:8081`，以 `admin` 登录': async () => {
    await page.goto('/');
    await page.getByLabel('用户名').fill('admin');
    await page.getByLabel('密码', { exact: true }).fill(world.password);
    await button('登录').click();
    await arrive(page, '首页');
  },
  语言与主题在右上角切换: async () => {
    await page.getByRole('combobox', { name: '语言' }).selectOption('en');
    await page.getByRole('combobox', { name: 'Theme' }).selectOption('dark');
    await page.getByRole('combobox', { name: 'Language' }).selectOption('zh');
    assert.equal(await page.locator('html').getAttribute('data-theme'), 'dark');
    assert.equal(await page.locator('html').getAttribute('lang'), 'zh-CN');
  },
  '“数据 API” → `order` → “试一试”，`order_id` 填 1，“发送”': async () => {
    await go('数据 API');
    await link('order').click();
    await arrive(page, 'order');
    await tab('试一试').click();
    await callAs('shop-app');
    await page.locator('#try-path-order_id').fill('1');
    assert.equal(await send(), 200);
  },
  '以 `partner` 身份连续调用六次，最后一次得到 429：其套餐每分钟只允许五次': async () => {
    await callAs('partner');
    const seen: number[] = [];
    // One more call is allowed every twelve seconds: a slow machine needs a few more than six.
    while (seen.at(-1) !== 429 && seen.length < SENDS_MAX) seen.push(await send());
    assert.equal(seen.at(-1), 429, seen.join(' '));
    assert.deepEqual(seen.slice(0, 5), [200, 200, 200, 200, 200]);
  },
  '“调用记录”中可看到全部调用': async () => {
    // A call is recorded a moment after it was answered, and the list is as it was when it was opened.
    await until('the last call is recorded', async () => /"status": ?429/.test((await world.weir.cli('calls', '-o', 'json')).stdout), 20);
    await go('调用记录');
    await page
      .getByRole('row', { name: /429.*\/data\/v1\/orders\/1.*partner/ })
      .first()
      .waitFor();
    await page
      .getByRole('row', { name: /200.*\/data\/v1\/orders\/1.*shop-app/ })
      .first()
      .waitFor();
  },
  '“所有资源”，选择类型并打开其中一个：状态、被谁使用、YAML、历史': async () => {
    await go('所有资源');
    await page.getByRole('combobox', { name: '类型' }).click();
    await page.locator('.ant-select-dropdown').getByTitle('连接', { exact: true }).click();
    await link('warehouse').click();
    await arrive(page, 'warehouse');
    await page.getByText('已生效').first().waitFor();
    await tab('被引用').click();
    await link('erp-to-warehouse').waitFor();
    await tab('YAML').click();
    await page.getByRole('textbox', { name: 'YAML 文档' }).getByText('warehouse.db').waitFor();
    await tab('历史').click();
    await page.getByRole('row', { name: /新建/ }).waitFor();
  },
  '“路由”可测试一个请求会命中哪条路由以及原因': async () => {
    await go('路由');
    await page.getByLabel('路径', { exact: true }).fill('/crm/customers/7');
    await button('测试').click();
    await link('路由 crm').waitFor();
    await page.getByText(/^所有参与比较的路由/).click();
    await page.locator('[aria-live=polite]').getByRole('listitem').first().waitFor();
  },
  '“管道” → `erp-to-warehouse` → “立即运行”': async () => {
    await go('管道');
    await link('erp-to-warehouse').first().click();
    await arrive(page, 'erp-to-warehouse');
    await button('立即运行').click();
    await arrive(page, 'erp-to-warehouse 的运行');
  },
  '运行页面实时显示行数、各个流与日志': async () => {
    await page.getByText('成功', { exact: true }).first().waitFor();
    await page.getByRole('cell', { name: 'customer_order', exact: true }).waitFor();
    await page
      .getByText(/已传送 [\d,]+ 行/)
      .first()
      .waitFor();
  },
  '“数据 API” → “新建数据 API” → “YAML”，用上面的文档替换全文': async () => {
    await go('数据 API');
    await link('新建数据 API').first().click();
    await arrive(page, '新建数据 API');
    await tab('YAML').click();
    await page.getByRole('textbox', { name: 'YAML' }).click();
    await page.keyboard.press('Control+a');
    await page.keyboard.insertText(/```yaml\n([^]*?)```/.exec(README)![1]!);
  },
  '“构建”以数据表、SQL 与参数展示同一份文档，“运行”以只读方式试运行': async () => {
    await tab('构建').click();
    await page.getByRole('textbox', { name: 'SQL' }).getByText('erp_customer_order').waitFor();
    await page.getByRole('tree').getByText('erp_customer_order').waitFor();
    await page.getByLabel('customer_id 的示例值').waitFor();
    await button('运行').click();
    await page.getByRole('columnheader', { name: /order_id/ }).waitFor();
  },
  '“发布…”先显示更改内容，再发布': async () => {
    await button('发布…').click();
    await dialog().getByText('这是新的 API。').waitFor();
    await dialog().getByText('/data/v1/open-orders').waitFor();
    await dialog().getByRole('button', { name: '发布', exact: true }).click();
    await arrive(page, 'open-orders');
    await page.getByText('提供服务中').waitFor();
  },
  '“试一试”以所选消费者的身份调用；自己调用所需的密钥在“消费者” → `shop-app` → “新建密钥”中创建': async () => {
    await go('消费者');
    await link('shop-app').click();
    await arrive(page, 'shop-app');
    await button('新建密钥').click();
    await dialog().getByRole('button', { name: '新建密钥', exact: true }).click();
    const key = (await page.getByTestId('secret').innerText()).trim();
    await button('我已复制').click();
    await dialog().waitFor({ state: 'detached' });
    const own = async () =>
      (await fetch(`${world.weir.gateway}/data/v1/open-orders?page_size=3`, { headers: { 'x-api-key': key } })).status;
    await until('the new key opens the new API', async () => (await own()) === 200, 20);
    await go('数据 API');
    await link('open-orders').click();
    await arrive(page, 'open-orders');
    await tab('试一试').click();
    await callAs('shop-app');
    assert.equal(await send(), 200);
  },
  '应答下方的“调用记录”，或 API 页面上的“调用记录”：各步骤的决定与时间去向': async () => {
    await page.getByRole('tabpanel').getByRole('link', { name: '调用记录', exact: true }).click();
    await arrive(page, 'GET /data/v1/open-orders');
    for (const title of ['各步骤的决定', '时间去向']) await page.getByText(title, { exact: true }).waitFor();
    await page.getByRole('cell', { name: 'rate-limit', exact: true }).first().waitFor();
    await page.goBack();
    await arrive(page, 'open-orders');
    await link('调用记录').first().click();
    await arrive(page, '调用记录');
    assert.equal(new URL(page.url()).searchParams.get('route'), 'open-orders');
    await page
      .getByRole('row', { name: /\/data\/v1\/open-orders/ })
      .first()
      .waitFor();
  },
  'API 页面的“历史”列出各版本': async () => {
    await page.goto('/data-apis/default/open-orders');
    await link('历史').click();
    await page.getByRole('row', { name: /新建/ }).waitFor();
  },
  '在那里“停用”，再对上一版本“回退到此版本”': async () => {
    await button('停用').click();
    await dialog().getByRole('button', { name: '停用', exact: true }).click();
    await button('启用').waitFor();
    await button('回退到此版本').first().click();
    await dialog().getByRole('button', { name: '回退', exact: true }).click();
    await button('停用').waitFor();
    await page.getByRole('row', { name: /回退/ }).first().waitFor();
  },
  '“删除”前会列出依赖它的资源': async () => {
    await page.goto('/resources/default/Connection/warehouse');
    await button('删除').click();
    await dialog().getByText('以下资源引用了它').waitFor();
    await dialog().getByText('open-orders').waitFor();
    await dialog().getByRole('button', { name: '取消', exact: true }).click();
    await dialog().waitFor({ state: 'detached' });
    await page.goto('/resources/default/DataApi/open-orders');
    await button('删除').click();
    await dialog().getByText('没有其他资源引用它。').waitFor();
    await dialog().getByRole('button', { name: '删除', exact: true }).click();
    await arrive(page, '所有资源');
  },
  '“首页” → “移除示例”': async () => {
    await go('首页');
    await button('移除示例').click();
    await dialog().getByRole('button', { name: '移除示例', exact: true }).click();
    await button('加载示例项目').waitFor();
    const { foreign, complaints } = visit;
    assert.deepEqual({ foreign, complaints }, { foreign: [], complaints: [] });
  },
};

test('the README holds the sentences of this tour, and no other', () => {
  const about = /每一步都可在终端或\[控制台\]\([^)]*\)中完成：(.*)。$/m.exec(README)![1]!;
  const told = [about, ...[...README.matchAll(/^在控制台：(.*)。$/gm)].map((match) => match[1]!)];
  assert.deepEqual(
    told.flatMap((line) => line.split('。')),
    Object.keys(STEPS),
  );
});

story('十分钟导览：逐句在控制台中完成', () => noBrowser, STEPS);
