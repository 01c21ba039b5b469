/**
 * Aim: every sentence of the ten-minute tour that says what can be done in the console is true, in the language it is written
 * in, without a terminal. Method: one step per sentence, in order, on the product with its sample; the README must hold these
 * sentences and no other, so that neither changes without the other.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { root, until } from '../e2e/weir.ts';
import { arrive, type ConsoleWorld, noBrowser, openConsoleWorld, story, type Visit } from './browser.ts';

const SENDS_MAX = 20;

interface Step {
  /** The sentence of `README.md`, and of `README.zh-CN.md`. */
  readonly en: string;
  readonly zh: string;
  readonly run: () => Promise<void>;
}

/** What differs between the two READMEs: their files, where they tell of the console, and where a sentence ends. */
const READMES = {
  en: {
    file: 'README.md',
    about: /^Every step can be done at a terminal or in the \[console\]\([^)]*\): (.*)\.$/m,
    told: /^In the console: (.*)\.$/gm,
    end: /\. (?=[A-Z*])/,
    title: 'the ten-minute tour, sentence by sentence, in the console',
  },
  zh: {
    file: 'README.zh-CN.md',
    about: /每一步都可在终端或\[控制台\]\([^)]*\)中完成：(.*)。$/m,
    told: /^在控制台：(.*)。$/gm,
    end: /。/,
    title: '十分钟导览：逐句在控制台中完成',
  },
} as const;

let language: 'en' | 'zh';
let readme: string;
let world: ConsoleWorld;
let visit: Visit;
let page: Page;

/** Declares the tests of one language's tour; one of them in a process. */
export function tourIn(chosen: 'en' | 'zh'): void {
  const { file, about, told, end, title } = READMES[chosen];
  language = chosen;
  readme = readFileSync(path.join(root, file), 'utf8');
  before(async () => {
    if (noBrowser) return;
    world = await openConsoleWorld();
    await until('the sample has filled its warehouse', () => /Ctrl-C stops everything/.test(world.weir.output()), 120);
    visit = await world.visit({ language, stranger: true });
    page = visit.page;
  });
  after(() => world?.close());
  test(`${file} holds the sentences of this tour, and no other`, () => {
    const lines = [about.exec(readme)![1]!, ...[...readme.matchAll(told)].map((match) => match[1]!)];
    assert.deepEqual(
      lines.flatMap((line) => line.split(end)),
      STEPS.map((step) => step[language]),
    );
  });
  story(title, () => noBrowser, Object.fromEntries(STEPS.map((step) => [step[language], step.run])));
}

/** What the console says in the tour's language. */
const t = <Said>(en: Said, zh: Said): Said => (language === 'zh' ? zh : en);

const button = (name: string) => page.getByRole('button', { name, exact: true });
const tab = (name: string) => page.getByRole('tab', { name, exact: true });
const link = (name: string) => page.getByRole('main').getByRole('link', { name, exact: true });
const dialog = () => page.getByRole('dialog');

/** To a page by the navigation, and until it is drawn. */
async function go(name: string): Promise<void> {
  await page
    .getByRole('navigation', { name: t('Navigation', '导航') })
    .getByRole('link', { name, exact: true })
    .click();
  await arrive(page, name);
}

/** Sends once and answers the status shown. */
async function send(): Promise<number> {
  const [answer] = await Promise.all([page.waitForResponse((one) => one.url().endsWith('/try-call')), button(t('Send', '发送')).click()]);
  const { status } = (await answer.json()) as { status: number };
  await page.getByTestId('status').getByText(String(status), { exact: true }).waitFor();
  return status;
}

async function callAs(consumer: string): Promise<void> {
  await page.getByRole('combobox', { name: t('Call as', '调用身份') }).click();
  await page
    .locator('.ant-select-dropdown')
    .getByTitle(new RegExp(`^${consumer}`))
    .click();
}

const STEPS: readonly Step[] = [
  {
    en: 'open `http://127.0.0.1:8081` and log in as `admin`',
    zh: '打开 `http://127.0.0.1:8081`，以 `admin` 登录',
    run: async () => {
      await page.goto('/');
      await page.getByLabel(t('User', '用户名')).fill('admin');
      await page.getByLabel(t('Password', '密码'), { exact: true }).fill(world.password);
      await button(t('Log in', '登录')).click();
      await arrive(page, t('Home', '首页'));
    },
  },
  {
    en: 'Language and theme are at the top right',
    zh: '语言与主题在右上角切换',
    run: async () => {
      await page.getByRole('combobox', { name: t('Language', '语言') }).selectOption(t('zh', 'en'));
      await page.getByRole('combobox', { name: t('主题', 'Theme') }).selectOption('dark');
      await page.getByRole('combobox', { name: t('语言', 'Language') }).selectOption(t('en', 'zh'));
      assert.equal(await page.locator('html').getAttribute('data-theme'), 'dark');
      assert.equal(await page.locator('html').getAttribute('lang'), t('en', 'zh-CN'));
    },
  },
  {
    en: '*Data APIs* → `order` → *Try it*, `order_id` 1, *Send*',
    zh: '“数据 API” → `order` → “试一试”，`order_id` 填 1，“发送”',
    run: async () => {
      await go(t('Data APIs', '数据 API'));
      await link('order').click();
      await arrive(page, 'order');
      await tab(t('Try it', '试一试')).click();
      await callAs('shop-app');
      await page.locator('#try-path-order_id').fill('1');
      assert.equal(await send(), 200);
    },
  },
  {
    en: 'Call it as `partner` six times in a row, and the last answer is 429: its plan allows five a minute',
    zh: '以 `partner` 身份连续调用六次，最后一次得到 429：其套餐每分钟只允许五次',
    run: async () => {
      await callAs('partner');
      const seen: number[] = [];
      // One more call is allowed every twelve seconds: a slow machine needs a few more than six.
      while (seen.at(-1) !== 429 && seen.length < SENDS_MAX) seen.push(await send());
      assert.equal(seen.at(-1), 429, seen.join(' '));
      assert.deepEqual(seen.slice(0, 5), [200, 200, 200, 200, 200]);
    },
  },
  {
    en: '*Calls* shows them all',
    zh: '“调用记录”中可看到全部调用',
    run: async () => {
      // A call is recorded a moment after it was answered, and the list is as it was when it was opened.
      await until('the last call is recorded', async () => /"status": ?429/.test((await world.weir.cli('calls', '-o', 'json')).stdout), 20);
      await go(t('Calls', '调用记录'));
      await page
        .getByRole('row', { name: /429.*\/data\/v1\/orders\/1.*partner/ })
        .first()
        .waitFor();
      await page
        .getByRole('row', { name: /200.*\/data\/v1\/orders\/1.*shop-app/ })
        .first()
        .waitFor();
    },
  },
  {
    en: '*All resources*; choose a kind, open one: its status, who uses it, its YAML, its history',
    zh: '“所有资源”，选择类型并打开其中一个：状态、被谁使用、YAML、历史',
    run: async () => {
      await go(t('All resources', '所有资源'));
      await page.getByRole('combobox', { name: t('Kind', '类型') }).click();
      await page.locator('.ant-select-dropdown').getByTitle(t('Connection', '连接'), { exact: true }).click();
      await link('warehouse').click();
      await arrive(page, 'warehouse');
      await page.getByText(t('in force', '已生效')).first().waitFor();
      await tab(t('Used by', '被引用')).click();
      await link('erp-to-warehouse').waitFor();
      await tab('YAML').click();
      await page
        .getByRole('textbox', { name: t('Document as YAML', 'YAML 文档') })
        .getByText('warehouse.db')
        .waitFor();
      await tab(t('History', '历史')).click();
      await page.getByRole('row', { name: t(/created/, /新建/) }).waitFor();
    },
  },
  {
    en: '*Routes* tells which route a request would meet, and why',
    zh: '“路由”可测试一个请求会命中哪条路由以及原因',
    run: async () => {
      await go(t('Routes', '路由'));
      await page.getByLabel(t('Path', '路径'), { exact: true }).fill('/crm/customers/7');
      await button(t('Test', '测试')).click();
      await link(t('Route crm', '路由 crm')).waitFor();
      await page.getByText(t(/^Every route considered/, /^所有参与比较的路由/)).click();
      await page.locator('[aria-live=polite]').getByRole('listitem').first().waitFor();
    },
  },
  {
    en: '*Pipelines* → `erp-to-warehouse` → *Run now*',
    zh: '“管道” → `erp-to-warehouse` → “立即运行”',
    run: async () => {
      await go(t('Pipelines', '管道'));
      await link('erp-to-warehouse').first().click();
      await arrive(page, 'erp-to-warehouse');
      await button(t('Run now', '立即运行')).click();
      await arrive(page, t('Run of erp-to-warehouse', 'erp-to-warehouse 的运行'));
    },
  },
  {
    en: "The run's page follows it: rows, streams, log",
    zh: '运行页面实时显示行数、各个流与日志',
    run: async () => {
      await page.getByText(t('Succeeded', '成功'), { exact: true }).first().waitFor();
      await page.getByRole('cell', { name: 'customer_order', exact: true }).waitFor();
      await page
        .getByText(t(/[\d,]+ row\(s\) carried/, /已传送 [\d,]+ 行/))
        .first()
        .waitFor();
    },
  },
  {
    en: '*Data APIs* → *New data API* → *YAML*, replace the text by the document above',
    zh: '“数据 API” → “新建数据 API” → “YAML”，用上面的文档替换全文',
    run: async () => {
      await go(t('Data APIs', '数据 API'));
      await link(t('New data API', '新建数据 API')).first().click();
      await arrive(page, t('New data API', '新建数据 API'));
      await tab('YAML').click();
      await page.getByRole('textbox', { name: 'YAML' }).click();
      await page.keyboard.press('Control+a');
      await page.keyboard.insertText(/```yaml\n([^]*?)```/.exec(readme)![1]!);
    },
  },
  {
    en: '*Build* shows the same as tables, SQL and parameters; *Run* tries it read-only',
    zh: '“构建”以数据表、SQL 与参数展示同一份文档，“运行”以只读方式试运行',
    run: async () => {
      await tab(t('Build', '构建')).click();
      await page.getByRole('textbox', { name: 'SQL' }).getByText('erp_customer_order').waitFor();
      await page.getByRole('tree').getByText('erp_customer_order').waitFor();
      await page.getByLabel(t('Example of customer_id', 'customer_id 的示例值')).waitFor();
      await button(t('Run', '运行')).click();
      await page.getByRole('columnheader', { name: /order_id/ }).waitFor();
    },
  },
  {
    en: '*Publish…* shows what changes, then publishes',
    zh: '“发布…”先显示更改内容，再发布',
    run: async () => {
      await button(t('Publish…', '发布…')).click();
      await dialog().getByText(t('This API is new.', '这是新的 API。')).waitFor();
      await dialog().getByText('/data/v1/open-orders').waitFor();
      await dialog()
        .getByRole('button', { name: t('Publish', '发布'), exact: true })
        .click();
      await arrive(page, 'open-orders');
      await page.getByText(t('Serving', '提供服务中')).waitFor();
    },
  },
  {
    en: '*Try it* calls it as the consumer you choose; a key for a call of your own is made under *Consumers* → `shop-app` → *New key*',
    zh: '“试一试”以所选消费者的身份调用；自己调用所需的密钥在“消费者” → `shop-app` → “新建密钥”中创建',
    run: async () => {
      await go(t('Consumers', '消费者'));
      await link('shop-app').click();
      await arrive(page, 'shop-app');
      await button(t('New key', '新建密钥')).click();
      await dialog()
        .getByRole('button', { name: t('New key', '新建密钥'), exact: true })
        .click();
      const key = (await page.getByTestId('secret').innerText()).trim();
      await button(t('I have copied it', '我已复制')).click();
      await dialog().waitFor({ state: 'detached' });
      const own = async () =>
        (await fetch(`${world.weir.gateway}/data/v1/open-orders?page_size=3`, { headers: { 'x-api-key': key } })).status;
      await until('the new key opens the new API', async () => (await own()) === 200, 20);
      await go(t('Data APIs', '数据 API'));
      await link('open-orders').click();
      await arrive(page, 'open-orders');
      await tab(t('Try it', '试一试')).click();
      await callAs('shop-app');
      assert.equal(await send(), 200);
    },
  },
  {
    en: "*Call record* below the answer, or *Calls* on the API's page: what each step decided, and where the time went",
    zh: '应答下方的“调用记录”，或 API 页面上的“调用记录”：各步骤的决定与时间去向',
    run: async () => {
      await page
        .getByRole('tabpanel')
        .getByRole('link', { name: t('Call record', '调用记录'), exact: true })
        .click();
      await arrive(page, 'GET /data/v1/open-orders');
      for (const title of [t('What each step decided', '各步骤的决定'), t('Where the time went', '时间去向')])
        await page.getByText(title, { exact: true }).waitFor();
      await page
        .getByRole('cell', { name: /rate-limit$/ })
        .first()
        .waitFor();
      await page.goBack();
      await arrive(page, 'open-orders');
      await link(t('Calls', '调用记录')).first().click();
      await arrive(page, t('Calls', '调用记录'));
      assert.equal(new URL(page.url()).searchParams.get('route'), 'open-orders');
      await page
        .getByRole('row', { name: /\/data\/v1\/open-orders/ })
        .first()
        .waitFor();
    },
  },
  {
    en: "*History* on the API's page leads to its versions",
    zh: 'API 页面的“历史”列出各版本',
    run: async () => {
      await page.goto('/data-apis/default/open-orders');
      await link(t('History', '历史')).click();
      await page.getByRole('row', { name: t(/created/, /新建/) }).waitFor();
    },
  },
  {
    en: '*Disable* it there, then *Roll back to this* at the version before',
    zh: '在那里“停用”，再对上一版本“回退到此版本”',
    run: async () => {
      await button(t('Disable', '停用')).click();
      await dialog()
        .getByRole('button', { name: t('Disable', '停用'), exact: true })
        .click();
      await button(t('Enable', '启用')).waitFor();
      await button(t('Roll back to this', '回退到此版本')).first().click();
      await dialog()
        .getByRole('button', { name: t('Roll back', '回退'), exact: true })
        .click();
      await button(t('Disable', '停用')).waitFor();
      await page
        .getByRole('row', { name: t(/rolled back/, /回退/) })
        .first()
        .waitFor();
    },
  },
  {
    en: '*Delete* names what depends on it first',
    zh: '“删除”前会列出依赖它的资源',
    run: async () => {
      await page.goto('/resources/default/Connection/warehouse');
      await button(t('Delete', '删除')).click();
      await dialog().getByText(t('These resources name it', '以下资源引用了它')).waitFor();
      await dialog().getByText('open-orders').waitFor();
      await dialog()
        .getByRole('button', { name: t('Cancel', '取消'), exact: true })
        .click();
      await dialog().waitFor({ state: 'detached' });
      await page.goto('/resources/default/DataApi/open-orders');
      await button(t('Delete', '删除')).click();
      await dialog().getByText(t('No other resource names it.', '没有其他资源引用它。')).waitFor();
      await dialog()
        .getByRole('button', { name: t('Delete', '删除'), exact: true })
        .click();
      await arrive(page, t('All resources', '所有资源'));
    },
  },
  {
    en: '*Home* → *Remove the sample*',
    zh: '“首页” → “移除示例”',
    run: async () => {
      await go(t('Home', '首页'));
      await button(t('Remove the sample', '移除示例')).click();
      await dialog()
        .getByRole('button', { name: t('Remove the sample', '移除示例'), exact: true })
        .click();
      await button(t('Load the sample project', '加载示例项目')).waitFor();
      const { foreign, complaints } = visit;
      assert.deepEqual({ foreign, complaints }, { foreign: [], complaints: [] });
    },
  },
];
