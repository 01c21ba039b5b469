/**
 * Aim: what stands on a screen is in words and leads on: warnings of doctor on Home, the route of a call, refusals, policies,
 * ways to write, and keys as the reader's keyboard names them; what is optional in a form is a section, closed until used.
 * Method: the real product and Chromium, in both languages.
 */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { call, must } from '../e2e/tools.ts';
import { until } from '../e2e/weir.ts';
import { arrive, type ConsoleWorld, noBrowser, openConsoleWorld } from './browser.ts';

const options = { skip: noBrowser, timeout: 120_000 };
let world: ConsoleWorld;
before(async () => {
  if (noBrowser) return;
  world = await openConsoleWorld({ args: [] });
  const document = (kind: string, name: string, spec: object) => JSON.stringify({ apiVersion: 'weir/v1', kind, metadata: { name }, spec });
  const limit = { type: 'rate-limit', limit: 100, window: '1m' };
  const documents = [
    document('Plan', 'gold', { policies: [limit, { type: 'transform' }] }),
    document('Upstream', 'near', { targets: [{ url: 'http://127.0.0.1:9' }] }),
    document('Route', 'guarded', { match: { paths: ['/guarded/**'] }, upstream: 'near', auth: [{ type: 'api-key' }], policies: [limit] }),
  ];
  writeFileSync(path.join(world.weir.folder, 'hints.yaml'), documents.join('\n---\n'));
  await must(world.weir, 'apply', '-f', 'hints.yaml');
  await until('the route is served', async () => (await call(`${world.weir.gateway}/guarded/x`)).status === 401, 20);
});
after(() => world?.close());

test('Home tells what doctor warns of, and leads to where it is mended', options, async () => {
  for (const [language, warning, action, heading] of [
    ['en', 'First password: The first admin’s password was never changed', 'Change the password', 'Settings'],
    ['zh', '初始密码：首个管理员密码从未修改', '修改密码', '设置'],
  ] as const) {
    const { page, context, complaints } = await world.visit({ language });
    const item = page.getByRole('listitem').filter({ hasText: warning });
    await item.getByRole('link', { name: action }).click();
    await arrive(page, heading);
    assert.equal(new URL(page.url()).searchParams.get('tab'), 'account');
    assert.deepEqual(complaints, []);
    await context.close();
  }
});

test('the route of a call leads to the route', options, async () => {
  const { page, context, complaints } = await world.visit();
  await page.goto('/calls?route=guarded');
  await page
    .getByRole('row', { name: /guarded/ })
    .getByRole('link')
    .first()
    .click();
  await arrive(page, 'GET /guarded/x');
  await page.locator('main').getByRole('link', { name: 'guarded', exact: true }).click();
  await page.waitForURL(/\/routes\/default\/guarded/);
  assert.deepEqual(complaints, []);
  await context.close();
});

test('refusals, policies and ways to write stand in words, in both languages', options, async () => {
  const answer = await fetch(`${world.weir.control}/api/v1/users`, { headers: { authorization: 'Bearer weir_none-of-ours' } });
  assert.equal(answer.status, 401);
  for (const [language, words] of [
    ['en', ['Lists users', 'The credential is not valid', 'API key → Rate limit', 'Rate limit · Transform headers', 'Append', 'Upsert']],
    ['zh', ['列出用户', '凭证无效', 'API 密钥 → 限流', '限流 · 头部转换', '追加', '更新插入']],
  ] as const) {
    const { page, context, complaints } = await world.visit({ language });
    const [asked, reason, chain, plan, append, upsert] = words;
    await page.goto('/audit?action=denied');
    const line = page.getByRole('row').filter({ hasText: 'listUsers' }).first();
    await line.getByText(asked).waitFor();
    await line.getByRole('link', { name: reason }).waitFor();
    await page.goto('/routes');
    await page
      .getByRole('row', { name: /guarded/ })
      .getByText(chain, { exact: true })
      .waitFor();
    await page.goto('/consumers?show=plans');
    await page.getByRole('row', { name: /gold/ }).getByText(plan, { exact: true }).waitFor();
    await page.goto('/resources/new/Pipeline?project=default');
    const write = page.locator('[data-pointer="/spec/sink/write"]');
    for (const word of [append, upsert]) await write.getByText(word, { exact: true }).first().waitFor();
    assert.deepEqual(complaints, []);
    await context.close();
  }
});

test('hints name the keys of the reader’s keyboard, and both ways work on both', options, async () => {
  for (const [platform, hint, other] of [
    ['MacIntel', '⌘ K', 'Control+k'],
    ['Win32', 'Ctrl K', 'Meta+k'],
  ] as const) {
    const { page, context, complaints } = await world.visit();
    const machine = `Object.defineProperty(navigator, 'platform', { get: () => '${platform}' });
      Object.defineProperty(navigator, 'userAgentData', { get: () => undefined });`;
    await page.addInitScript({ content: machine });
    await page.goto('/audit');
    await page.getByRole('banner').getByText(hint, { exact: true }).waitFor();
    await page.keyboard.press(other);
    await page.getByRole('combobox', { name: 'Go to' }).waitFor();
    await page.keyboard.press('Escape');
    await page.goto('/no/such/page');
    await page.getByText(`resource: ${hint}.`).waitFor();
    assert.deepEqual(complaints, []);
    await context.close();
  }
});

test('sections of a form are closed until they are used, and stay as they are while somebody writes', options, async () => {
  for (const [language, health, targets] of [
    ['en', 'Health', 'Targets'],
    ['zh', '健康检查', '目标地址'],
  ] as const) {
    const { page, context, complaints } = await world.visit({ language });
    await page.goto('/resources/new/Upstream?project=default');
    await page.locator('[data-pointer="/spec/targets"]').getByText(targets, { exact: true }).waitFor();
    const section = page.locator('details').filter({ has: page.locator('summary', { hasText: new RegExp(`^${health}`) }) });
    assert.equal(await page.locator('[data-pointer^="/spec/health"]').count(), 0);
    await section.locator('> summary').press('Enter');
    const field = page.locator('[data-pointer="/spec/health/host"] input');
    await field.click();
    await page.keyboard.type('alive.test');
    assert.equal(await field.inputValue(), 'alive.test', 'nothing took the caret away');
    assert.deepEqual(complaints, []);
    await context.close();
  }
});
