/**
 * Every screen of the console: each page that a `page.ts` declares, with the tabs, windows and refusals on it that look
 * different. The screenshots, the accessibility check and the walk over all pages use this one list.
 */
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Page } from 'playwright-core';
import { root, until, type Weir } from '../e2e/weir.ts';

/** Ids that only a running product knows. */
export interface Known {
  readonly callId: string;
  readonly runId: string;
}

export interface Screen {
  /** Name of its picture. */
  readonly name: string;
  /** The page's path as `page.ts` has it. */
  readonly page: string;
  /** Where it is; the page's path when left out. */
  readonly at?: (known: Known) => string;
  /** Brings up what the address alone does not show. Works in both languages. */
  readonly show?: (page: Page) => Promise<void>;
}

const press = (name: RegExp) => (page: Page) => page.getByRole('button', { name }).first().click();
const inWindow = (page: Page) => page.getByRole('dialog').first().waitFor();

const openTab = (name: RegExp) => (page: Page) => page.getByRole('tab', { name }).click();

/** A change as it is shown before it is saved. */
async function review(page: Page): Promise<void> {
  await page.locator('[data-pointer="/spec/description"] input').fill('changed');
  await page.getByText(/^(No problems|没有问题)/).waitFor();
  await page.keyboard.press('Control+s');
  await inWindow(page);
}

/** A change that somebody else's change went before. */
async function conflict(page: Page): Promise<void> {
  await page.locator('[data-pointer="/spec/description"] input').fill('mine');
  // A text, not a function: this file is Node's, and knows no document.
  await page.evaluate(`(async () => {
    const address = '/api/v1/projects/default/resources/Consumer/shop-app';
    const who = await (await fetch('/api/v1/session')).json();
    const now = await fetch(address, { headers: { accept: 'application/yaml' } });
    const text = (await now.text()).replace(/  description: .*$/m, '  description: theirs ' + performance.now());
    const headers = { 'content-type': 'application/yaml', 'x-weir-csrf': who.csrfToken, 'if-match': now.headers.get('etag') };
    const put = await fetch(address, { method: 'PUT', headers, body: text });
    if (!put.ok) throw new Error(await put.text());
  })()`);
  await page.keyboard.press('Control+s');
  await page.getByText(/^(Merged text|合并后的文本)$/).waitFor();
}

/** A change of SQL as it is shown before it is published. */
async function publish(page: Page): Promise<void> {
  await page.locator('.cm-content').first().click();
  await page.keyboard.press('Control+Home');
  await page.keyboard.type('-- changed\n');
  await press(/^(Publish…|发布…)$/)(page);
  await inWindow(page);
}

/** A connection whose test ends at the address, with what to do. */
async function failingTest(page: Page): Promise<void> {
  const field = (name: string) => page.locator(`[data-pointer="/spec/${name}"] input`).first();
  await page
    .getByLabel('Name', { exact: true })
    .or(page.getByLabel('名称', { exact: true }))
    .fill('nowhere');
  await field('host').fill('127.0.0.1');
  await field('port').fill('1');
  await field('database').fill('shop');
  await field('user').fill('reader');
  await press(/^(Test|测试连接)$/)(page);
  await page.getByRole('list', { name: /^(Steps of the check|检查步骤)$/ }).waitFor();
}

async function tryCall(page: Page): Promise<void> {
  await page.locator('#try-path-order_id').fill('7');
  await press(/^(Send|发送)$/)(page);
  await page.getByTestId('status').waitFor();
}

async function runQuery(page: Page): Promise<void> {
  await press(/^(Run|运行)$/)(page);
  await page.getByRole('table').first().waitFor();
}

async function preview(page: Page): Promise<void> {
  await page
    .getByRole('link', { name: /customer/ })
    .first()
    .click();
  await page.getByRole('cell').first().waitFor();
}

/** The wizard after so many steps: the shop's ERP into the warehouse. */
function wizard(steps: number): (page: Page) => Promise<void> {
  return async (page) => {
    const begun = page.getByRole('button', { name: /^(Start anew|重新开始)$/ });
    if (await begun.isVisible()) await begun.click();
    const actions = [
      () => page.getByRole('radio', { name: /^erp\b/ }).check(),
      () => page.getByRole('checkbox', { name: 'customer_order', exact: true }).check(),
      () => page.getByRole('radio', { name: /^warehouse\b/ }).check(),
    ];
    for (let step = 0; step < steps; step++) {
      await settled(page);
      await actions[step]?.();
      await press(/^(Next|下一步)$/)(page);
      await page.locator(`.ant-steps-item-active:nth-child(${step + 2})`).waitFor();
    }
  };
}

async function newUser(page: Page): Promise<void> {
  await press(/^(New user|新建用户)$/)(page);
  await inWindow(page);
}

async function newKey(page: Page): Promise<void> {
  await press(/^(New key|新建密钥)$/)(page);
  await inWindow(page);
  await page
    .getByRole('dialog')
    .getByRole('button', { name: /^(New key|新建密钥)$/ })
    .click();
  await page.getByTestId('secret').waitFor();
}

async function wrongPassword(page: Page): Promise<void> {
  const fields = page.locator('input[type=password]');
  await fields.nth(0).fill('not the password');
  await fields.nth(1).fill('another long password');
  await fields.nth(2).fill('another long password');
  await press(/^(Change password|修改密码)$/)(page);
  await page.getByRole('alert').waitFor();
}

async function testMatch(page: Page): Promise<void> {
  await page.getByLabel(/^(Path|路径)$/).fill('/crm/customers/7');
  await press(/^(Test|测试)$/)(page);
  await page.locator('[aria-live=polite] .ant-collapse-header').click();
}

const docsOpen = async (page: Page) => page.locator('.opblock.is-open .parameters tbody tr').first().waitFor();

/** All screens of somebody who is logged in. */
export const SCREENS: readonly Screen[] = [
  { name: 'home', page: '/' },
  { name: 'home-remove-sample', page: '/', show: async (page) => (await press(/^(Remove the sample|移除示例)$/)(page), inWindow(page)) },
  { name: 'palette', page: '/', show: async (page) => (await page.keyboard.press('Control+k'), inWindow(page)) },
  { name: 'keys', page: '/', show: async (page) => (await page.keyboard.press('?'), inWindow(page)) },
  { name: 'routes', page: '/routes', show: testMatch },
  { name: 'route', page: '/routes/$project/$name', at: () => '/routes/default/crm' },
  { name: 'consumers', page: '/consumers' },
  { name: 'plans', page: '/consumers', at: () => '/consumers?show=plans' },
  { name: 'consumer', page: '/consumers/$project/$name', at: () => '/consumers/default/shop-app' },
  { name: 'consumer-key-shown-once', page: '/consumers/$project/$name', at: () => '/consumers/default/shop-app', show: newKey },
  {
    name: 'consumer-revoke',
    page: '/consumers/$project/$name',
    at: () => '/consumers/default/partner',
    show: async (page) => (await press(/^(Revoke|撤销)$/)(page), inWindow(page)),
  },
  { name: 'calls', page: '/calls' },
  { name: 'calls-filtered-empty', page: '/calls', at: () => '/calls?path=/nowhere-at-all&reason=core/gateway/no-route' },
  { name: 'calls-live', page: '/calls', at: () => '/calls?live=yes' },
  { name: 'call', page: '/calls/$id', at: ({ callId }) => `/calls/${callId}` },
  { name: 'call-unknown', page: '/calls/$id', at: () => '/calls/0198a000-0000-7000-8000-000000000000' },
  { name: 'audit', page: '/audit' },
  { name: 'incidents', page: '/incidents' },
  { name: 'resources', page: '/resources' },
  { name: 'resource-new', page: '/resources/new/$kind', at: () => '/resources/new/Upstream?project=default' },
  { name: 'resource', page: '/resources/$project/$kind/$name', at: () => '/resources/default/Consumer/shop-app' },
  {
    name: 'resource-yaml',
    page: '/resources/$project/$kind/$name',
    at: () => '/resources/default/DataApi/orders',
    show: openTab(/^YAML$/),
  },
  {
    name: 'resource-history',
    page: '/resources/$project/$kind/$name',
    at: () => '/resources/default/DataApi/orders',
    show: openTab(/^(History|历史)$/),
  },
  {
    name: 'resource-delete',
    page: '/resources/$project/$kind/$name',
    at: () => '/resources/default/Connection/warehouse',
    show: async (page) => (await press(/^(Delete|删除)$/)(page), inWindow(page)),
  },
  { name: 'resource-edit', page: '/resources/$project/$kind/$name/edit', at: () => '/resources/default/Connection/erp/edit' },
  { name: 'resource-edit-route', page: '/resources/$project/$kind/$name/edit', at: () => '/resources/default/Route/crm/edit' },
  {
    name: 'resource-edit-yaml',
    page: '/resources/$project/$kind/$name/edit',
    at: () => '/resources/default/DataApi/order/edit?view=yaml',
  },
  {
    name: 'resource-review',
    page: '/resources/$project/$kind/$name/edit',
    at: () => '/resources/default/Consumer/shop-app/edit',
    show: review,
  },
  {
    name: 'resource-conflict',
    page: '/resources/$project/$kind/$name/edit',
    at: () => '/resources/default/Consumer/shop-app/edit',
    show: conflict,
  },
  { name: 'connections', page: '/connections' },
  { name: 'connection-new', page: '/connections/new' },
  { name: 'connection-new-postgres', page: '/connections/new', at: () => '/connections/new?type=postgres' },
  { name: 'connection-failing-test', page: '/connections/new', at: () => '/connections/new?type=postgres', show: failingTest },
  { name: 'connection', page: '/connections/$project/$name', at: () => '/connections/default/warehouse' },
  { name: 'connection-preview', page: '/connections/$project/$name', at: () => '/connections/default/erp', show: preview },
  { name: 'pipelines', page: '/pipelines' },
  { name: 'pipeline', page: '/pipelines/$project/$name', at: () => '/pipelines/default/erp-to-warehouse' },
  { name: 'pipeline-streams', page: '/pipelines/$project/$name', at: () => '/pipelines/default/erp-to-warehouse?tab=streams' },
  { name: 'wizard-source', page: '/pipelines/new', show: wizard(0) },
  { name: 'wizard-streams', page: '/pipelines/new', show: wizard(1) },
  { name: 'wizard-target', page: '/pipelines/new', show: wizard(2) },
  { name: 'wizard-modes', page: '/pipelines/new', show: wizard(3) },
  { name: 'wizard-schedule', page: '/pipelines/new', show: wizard(4) },
  { name: 'wizard-review', page: '/pipelines/new', show: wizard(5) },
  { name: 'runs', page: '/runs' },
  { name: 'run', page: '/runs/$id', at: ({ runId }) => `/runs/${runId}` },
  { name: 'data-apis', page: '/data-apis' },
  { name: 'data-api', page: '/data-apis/$project/$name', at: () => '/data-apis/default/orders' },
  { name: 'data-api-try', page: '/data-apis/$project/$name', at: () => '/data-apis/default/order?tab=try', show: tryCall },
  { name: 'data-api-docs', page: '/data-apis/$project/$name', at: () => '/data-apis/default/orders?tab=docs', show: docsOpen },
  { name: 'data-apis-docs', page: '/data-apis/docs' },
  { name: 'builder-new', page: '/data-apis/new' },
  { name: 'builder', page: '/data-apis/$project/$name/build', at: () => '/data-apis/default/orders/build', show: runQuery },
  { name: 'builder-yaml', page: '/data-apis/$project/$name/build', at: () => '/data-apis/default/orders/build?view=yaml' },
  { name: 'builder-publish', page: '/data-apis/$project/$name/build', at: () => '/data-apis/default/orders/build', show: publish },
  { name: 'settings-account', page: '/settings' },
  { name: 'settings-problem', page: '/settings', show: wrongPassword },
  { name: 'settings-users', page: '/settings', at: () => '/settings?tab=users' },
  { name: 'settings-new-user', page: '/settings', at: () => '/settings?tab=users', show: newUser },
  { name: 'settings-tokens', page: '/settings', at: () => '/settings?tab=tokens' },
  { name: 'settings-system', page: '/settings', at: () => '/settings?tab=system' },
  { name: 'lost', page: '*', at: () => '/nothing/is/here' },
];

/** What the console's pages declare under a name: `path`, or the `key` of the navigation. */
export function declared(name: 'path' | 'key'): string[] {
  return globSync('console/src/pages/*/page.ts', { cwd: root }).flatMap((file) =>
    [...readFileSync(path.join(root, file), 'utf8').matchAll(new RegExp(`\\b${name}: '([^']+)'`, 'g'))].map((match) => match[1]!),
  );
}

/** Opens a screen and waits until nothing on it is loading. */
export async function openScreen(page: Page, screen: Screen, known: Known): Promise<void> {
  await page.goto(screen.at?.(known) ?? screen.page);
  await settled(page);
  await screen.show?.(page);
  await settled(page);
}

/**
 * Opens screens one after the other, as a link does where nothing stands in the way: no reload between most of them.
 * What goes wrong on the way to one is passed to `failed`, and the next is opened.
 */
export async function walkScreens(
  page: Page,
  screens: readonly Screen[],
  known: Known,
  look: (screen: Screen) => Promise<void>,
  failed: (screen: Screen, error: Error) => void,
): Promise<void> {
  let before: Screen | undefined;
  page.on('dialog', (dialog) => void dialog.accept().catch(() => undefined));
  for (const screen of screens) {
    const isLink = before && !before.show && before.page !== screen.page && !/new|edit|build/.test(before.page);
    before = screen;
    try {
      if (isLink) await follow(page, screen, known);
      else await openScreen(page, screen, known);
      await look(screen);
    } catch (error) {
      failed(screen, error as Error);
      before = undefined;
    }
  }
}

/** Goes on within the page, and waits until what stood before is gone. */
async function follow(page: Page, screen: Screen, known: Known): Promise<void> {
  const to = JSON.stringify(screen.at?.(known) ?? screen.page);
  await page.evaluate(`document.querySelector('h1, [role=alert]')?.setAttribute('data-seen', ''); history.pushState({}, '', ${to});`);
  await until(`${to} is drawn`, () => page.evaluate<boolean>(`!document.querySelector('[data-seen]')`), 15);
  await settled(page);
  await screen.show?.(page);
  await settled(page);
}

// A text, not a function: this file is Node's, and knows no document.
const IS_SETTLED = `!!document.querySelector('h1, [role=alert]') &&
  !document.querySelector('.weir-waiting, .ant-spin-spinning, .ant-skeleton, .anticon-reload.anticon-spin') &&
  document.getAnimations().every((one) => one.playState !== 'running' || one.effect.getTiming().iterations === Infinity)`;

/** Resolves when the page has a heading, or a problem in its place, and nothing on it loads or moves. */
export async function settled(page: Page): Promise<void> {
  await until(`nothing loads at ${page.url()}`, () => page.evaluate<boolean>(IS_SETTLED), 15);
}

/** Calls that give every list something to show: 200, 401, 404, 429; answers one of the limited ones' ids. */
export async function makeTraffic(weir: Weir): Promise<Known> {
  const keys = readFileSync(path.join(weir.folder, '.weir', 'sample-keys'), 'utf8');
  const keyOf = (name: string) => ({ 'x-api-key': new RegExp(`^${name}: (\\S+)$`, 'm').exec(keys)![1]! });
  const ask = async (at: string, headers: Record<string, string> = {}) => (await fetch(weir.gateway + at, { headers })).status;
  await until('the data API serves', async () => (await ask('/data/v1/orders/1', keyOf('shop-app'))) === 200);
  const seen = [await ask('/data/v1/orders/1'), await ask('/nothing-here'), await ask('/crm/customers/7', keyOf('shop-app'))];
  for (let i = 0; i < 8; i++) seen.push(await ask('/data/v1/orders/2', keyOf('partner')));
  for (const wanted of [200, 401, 404, 429]) if (!seen.includes(wanted)) throw new Error(`no ${wanted} among ${seen.join(' ')}`);
  return { callId: await newestId(weir, ['calls', '--status', '429']), runId: await newestId(weir, ['run', 'list']) };
}

async function newestId(weir: Weir, args: readonly string[]): Promise<string> {
  let id: string | undefined;
  await until(`weir ${args.join(' ')} has a row`, async () => {
    const { stdout } = await weir.cli(...args, '-o', 'json');
    id = /"id": "([^"]+)"/.exec(stdout)?.[1];
    return id !== undefined;
  });
  return id!;
}
