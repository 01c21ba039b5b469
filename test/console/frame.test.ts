/**
 * Aim: the frame keeps its promises: login with the first password's hint, both languages without a reload, themes,
 * keys, palette, and a session that ends under one's hands. Method: Chromium against the real product.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { until } from '../e2e/weir.ts';
import { arrive, type ConsoleWorld, noBrowser, openConsoleWorld } from './browser.ts';

const skip = noBrowser;
let world: ConsoleWorld;
before(async () => {
  if (!skip) world = await openConsoleWorld();
});
after(async () => world?.close());

test('a stranger meets the login in both languages; a wrong password is told', { skip }, async () => {
  const { page, foreign, complaints } = await world.visit({ stranger: true });
  await page.goto(world.weir.control);
  await page.getByRole('heading', { name: 'Log in to Weir' }).waitFor();
  await page.getByText('.weir/admin-password').waitFor();
  await page.getByRole('combobox', { name: 'Language' }).selectOption('zh');
  await page.getByRole('heading', { name: '登录 Weir' }).waitFor();
  await page.getByLabel('用户名').fill('admin');
  await page.getByLabel('密码', { exact: true }).fill('not the password');
  await page.getByRole('button', { name: '登录' }).click();
  const told = await page.getByRole('alert').innerText();
  assert.match(told, /[\u4e00-\u9fff]/, told);
  assert.equal(await page.locator('html').getAttribute('lang'), 'zh-CN');
  assert.deepEqual({ foreign, complaints }, { foreign: [], complaints: [] });
  await page.context().close();
});

test('language and theme change without a reload and stay', { skip }, async () => {
  const { page, foreign, complaints } = await world.visit();
  await page.evaluate('window.notReloaded = true');
  await page.getByRole('combobox', { name: 'Language' }).selectOption('zh');
  await page.getByRole('link', { name: '所有资源' }).first().click();
  await page.getByRole('heading', { name: '所有资源' }).waitFor();
  await page.getByRole('combobox', { name: '主题' }).selectOption('dark');
  assert.equal(await page.locator('html').getAttribute('data-theme'), 'dark');
  assert.equal(await page.evaluate('window.notReloaded'), true);
  await page.reload();
  await page.getByRole('heading', { name: '所有资源' }).waitFor();
  assert.equal(await page.locator('html').getAttribute('data-theme'), 'dark');
  assert.deepEqual({ foreign, complaints }, { foreign: [], complaints: [] });
  await page.context().close();
});

test('keys alone lead everywhere: palette, list of keys, search, pages', { skip }, async () => {
  const { page } = await world.visit();
  await page.keyboard.press('Control+k');
  const field = page.getByRole('combobox', { name: 'Go to' });
  await field.fill('erp-to-ware');
  await page.getByRole('option', { name: /erp-to-warehouse/ }).waitFor();
  await page.keyboard.press('Enter');
  await page.waitForURL(/erp-to-warehouse/);
  await page.keyboard.press('g');
  await page.keyboard.press('a');
  await page.waitForURL(/\/resources(\?|$)/);
  await page.keyboard.press('?');
  await page.getByRole('dialog', { name: 'Keys' }).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog', { name: 'Keys' }).waitFor({ state: 'hidden' });
  await page.keyboard.press('/');
  assert.equal(await page.evaluate('document.activeElement.tagName'), 'INPUT');
  await page.context().close();
});

/** How thick the edge is that shows where the keys are, in pixels. */
const EDGE = `(({ outlineStyle, outlineWidth }) => outlineStyle === 'none' ? 0 : parseFloat(outlineWidth))(getComputedStyle(document.activeElement))`;
const FOCUSED = `(({ id, textContent }) => id || textContent.trim())(document.activeElement)`;

test('keys alone: the focus is seen on links and headings of lists, and goes on in menus, windows and new pages', { skip }, async () => {
  const { page } = await world.visit({ language: 'zh' });
  const tabTo = async (name: string) => {
    for (let i = 0; i < 40 && (await page.evaluate(FOCUSED)) !== name; i++) await page.keyboard.press('Tab');
    assert.equal(await page.evaluate(FOCUSED), name);
  };
  await page.goto('/resources');
  await page.locator('tr.ant-table-row').first().waitFor();
  await tabTo('数据 API');
  assert.ok((await page.evaluate<number>(EDGE)) >= 2, 'a link of the navigation shows no focus');
  await tabTo('名称');
  assert.ok((await page.evaluate<number>(EDGE)) >= 2, 'the heading of a column shows no focus');
  await page.getByRole('button', { name: '新建' }).focus();
  await page.keyboard.press('Enter');
  await until('the menu has the keys', () => page.evaluate<boolean>(`document.activeElement.role === 'menuitem'`));
  for (let i = 0; i < 20; i++) {
    const at = await page.evaluate<string>(FOCUSED);
    if (at.startsWith('消费者')) break;
    await page.keyboard.press('ArrowDown');
    await until('the next line of the menu has the keys', async () => (await page.evaluate<string>(FOCUSED)) !== at);
  }
  assert.match(await page.evaluate<string>(FOCUSED), /^消费者/);
  await page.keyboard.press('Enter');
  await arrive(page, '新建消费者');
  await until('the new page has the keys', () => page.evaluate<boolean>(`document.activeElement.id === 'content'`));
  await tabTo('field-metadata-name');
  await page.keyboard.type('keys-alone');
  await page.keyboard.press('Control+s');
  await until('the button that saves has the keys', () => page.evaluate<boolean>(`document.activeElement.textContent === '保存'`));
  await page.keyboard.press('Enter');
  await arrive(page, 'keys-alone');
  await page.context().close();
});

test('a session that ends keeps the page; logging in again goes on', { skip }, async () => {
  const { page, context } = await world.visit();
  await page.goto('/resources');
  const search = page.getByRole('searchbox', { name: 'Name' });
  await search.fill('half typed');
  await context.clearCookies();
  await page.getByRole('button', { name: 'Refresh' }).click();
  const dialog = page.getByRole('dialog', { name: 'Your session has ended' });
  await dialog.getByLabel('Password', { exact: true }).fill(world.password);
  await dialog.getByRole('button', { name: 'Log in' }).click();
  await dialog.waitFor({ state: 'hidden' });
  assert.equal(await search.inputValue(), 'half typed');
  await page.locator('tr.ant-table-row').first().waitFor();
  await page.context().close();
});

test('a view with its filter is a link', { skip }, async () => {
  const { page } = await world.visit();
  await page.goto('/resources?text=erp-to-ware&project=default');
  await page.locator('tr.ant-table-row').first().waitFor();
  assert.equal(await page.getByRole('combobox', { name: 'Project' }).inputValue(), 'default');
  assert.deepEqual(await page.locator('tr.ant-table-row td:first-child').allInnerTexts(), ['erp-to-warehouse']);
  await page.context().close();
});

test('the chosen project goes along with every link, and an address without one shows all of them', { skip }, async () => {
  const { page } = await world.visit();
  const project = page.getByRole('combobox', { name: 'Project', exact: true });
  await page.goto('/resources');
  await project.selectOption('default');
  await page.waitForURL(/\/resources\?project=default$/);
  await page.getByRole('navigation', { name: 'Navigation' }).getByRole('link', { name: 'Routes', exact: true }).click();
  await page.waitForURL(/\/routes\?project=default$/);
  await page.goto('/resources');
  await page.locator('tr.ant-table-row').first().waitFor();
  assert.equal(await project.inputValue(), '');
  await page.goto('/');
  await page.waitForURL(/\/\?project=default$/);
  await project.selectOption('');
  await page.waitForURL(/\/$/);
  await page.context().close();
});

/** Opens and closes what grows, unfolds and slides: window, list, menu, steps, tabs. What was closed must be gone from the screen. */
async function openAndClose(page: Page): Promise<void> {
  await page.goto('/consumers/default/shop-app');
  await page.getByRole('button', { name: 'New key' }).click();
  const dialog = page.getByRole('dialog', { name: 'New key' });
  await still(page);
  await dialog.getByLabel('Expires in').click();
  await page.locator('.ant-select-dropdown').getByTitle('7d', { exact: true }).click();
  await page.locator('.ant-select-dropdown').waitFor({ state: 'hidden' });
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await dialog.waitFor({ state: 'detached' });
  await page.goto('/resources');
  await page.getByRole('button', { name: 'Columns' }).click();
  await page.getByRole('checkbox', { name: 'Labels' }).check();
  await page.getByRole('columnheader', { name: 'Labels' }).waitFor();
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox', { name: 'Go to' }).waitFor();
  await page.keyboard.type('new pipe');
  await page.keyboard.press('Escape');
  await page.getByRole('dialog', { name: 'Go to' }).waitFor({ state: 'detached' });
  await page.goto('/pipelines/new');
  await page.getByRole('radio', { name: /^erp\b/ }).check();
  await page.getByRole('button', { name: 'Next' }).click();
  await page.getByRole('checkbox', { name: 'customer_order', exact: true }).check();
  await page.goto('/data-apis/default/order?tab=try');
  await page.getByRole('tab', { name: 'Overview' }).click();
  await page.getByRole('tabpanel', { name: 'Overview' }).waitFor();
  await still(page);
}

// Texts, not functions: this file is Node's, and knows no document.
const MOVING = `document.getAnimations().filter((one) => one.playState === 'running' && one.effect.getTiming().iterations !== Infinity).length`;
const HALF_OPEN = `document.querySelectorAll('[class*="-enter"], [class*="-leave"], [class*="-appear"]').length`;

/** Waits until nothing moves, and nothing has begun to open or close without coming to an end. */
async function still(page: Page): Promise<void> {
  await until('nothing moves', async () => (await page.evaluate(`${MOVING} + ${HALF_OPEN}`)) === 0, 20);
}

test('windows, lists and steps open and close for those who see motion, and for those who want none', { skip }, async () => {
  for (const motion of [true, false]) {
    const { page, context, complaints } = await world.visit({ motion });
    await openAndClose(page);
    assert.deepEqual(complaints, []);
    await context.close();
  }
});

test('whoever asks for less motion gets it at once, and what is half typed stays; a window stands whole, with the caret', {
  skip,
}, async () => {
  const { page, context } = await world.visit({ motion: true });
  await page.goto('/resources');
  await arrive(page, 'All resources');
  const search = page.locator('input[type=search]').first();
  await search.fill('half typed');
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await until('the page knows', () => page.evaluate<boolean>(`matchMedia('(prefers-reduced-motion: reduce)').matches`), 20);
  await page.keyboard.press('Control+k');
  const field = page.getByRole('combobox', { name: 'Go to' });
  await field.waitFor();
  assert.equal(await page.evaluate(MOVING), 0);
  await until('the field has the caret', () => field.evaluate((one) => one === one.ownerDocument.activeElement), 20);
  await page.keyboard.press('Escape');
  await field.waitFor({ state: 'detached' });
  assert.equal(await search.inputValue(), 'half typed');
  await context.close();
});
