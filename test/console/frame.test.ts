/**
 * Aim: the frame keeps its promises: login with the first password's hint, both languages without a reload, themes,
 * keys, palette, and a session that ends under one's hands. Method: Chromium against the real product.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type ConsoleWorld, noBrowser, openConsoleWorld } from './browser.ts';

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
