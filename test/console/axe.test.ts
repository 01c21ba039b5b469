/**
 * Aim: every screen is usable by everybody, in both themes, speaks the reader's language alone, asks no other host for
 * anything, and the browser has nothing to complain about. Method: axe-core over the list of screens in Chinese; no serious or
 * critical issue is allowed, nor a word in Latin letters, read aloud or shown, that is nobody's name and not of the trade.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { type ConsoleWorld, noBrowser, openConsoleWorld } from './browser.ts';
import { declared, type Known, makeTraffic, SCREENS, type Screen, settled, walkScreens } from './screens.ts';
import { foreignWords, type OwnTexts, ownTexts, wordsOf } from './words.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const options = { skip: noBrowser, timeout: 400_000 };
let world: ConsoleWorld;
let known: Known;
let own: OwnTexts;
before(async () => {
  if (noBrowser) return;
  world = await openConsoleWorld();
  known = await makeTraffic(world.weir);
  own = await ownTexts(world.weir);
});
after(async () => world?.close());

interface Finding {
  readonly id: string;
  readonly impact: string;
  readonly nodes: readonly { readonly target: readonly string[]; readonly failureSummary: string }[];
}

/** What axe-core finds serious or critical on the page as it stands; `rules` limits what it looks for. */
async function examine(page: Page, where: string, rules?: readonly string[]): Promise<string[]> {
  const run = rules ? `{ runOnly: ${JSON.stringify(rules)}, resultTypes: ['violations'] }` : `{ resultTypes: ['violations'] }`;
  // The frame is the same on every page: home shows it.
  const part = where.startsWith('home,') ? 'document' : `{ exclude: ['.weir-side', '.weir-top'] }`;
  const found = await page.evaluate<Finding[]>(
    `window.axe ?? (() => { ${AXE} })();axe.run(${part}, ${run}).then((result) => result.violations)`,
  );
  return found
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => `${where}: ${id} at ${target.join(' ')}: ${failureSummary}`));
}

test('the list of screens holds every page that is declared', options, () => {
  const shown = new Set(SCREENS.map(({ page }) => page));
  assert.deepEqual(
    declared('path').filter((at) => !shown.has(at)),
    [],
  );
});

test('no key of the navigation leads to two pages', options, () => {
  const keys = declared('key');
  assert.deepEqual(
    keys.filter((key, i) => keys.indexOf(key) !== i),
    [],
  );
});

test('words are told from names and code', () => {
  const names = ['orders', 'orders-by-day', 'A shop · 商店', 'id'];
  const clean = [
    '订单 orders',
    'A shop · 商店',
    '路径 /data/v1/{order_id}',
    '数据 API 与 SQL',
    'core/gateway/no-route',
    '按 updated_at 增量',
    '2.5 MB',
  ];
  for (const text of clean) assert.deepEqual(wordsOf(text, names), [], text);
  for (const [text, word] of [
    ['Tab 1 of 4', 'Tab'],
    ['角色：Viewer', 'Viewer'],
    ['orders failed', 'failed'],
    ['Select all', 'Select'],
  ] as const)
    assert.equal(wordsOf(text, names)[0], word, text);
});

// What a theme changes is colour; the rest is examined once.
const COLOURS = ['color-contrast', 'link-in-text-block'];
const WALKERS = 2;
const SHARE = Math.ceil(SCREENS.length / WALKERS);
const part = (which: number) => SCREENS.slice(which * SHARE, (which + 1) * SHARE);

test(
  'no screen has a serious issue in either theme, a word in another language, asks outside, or makes the browser complain',
  options,
  async () => {
    const found = await Promise.all(Array.from({ length: WALKERS }, (_, which) => walk(part(which))));
    assert.deepEqual(found.flat(), []);
  },
);

/** Looks at screens in both themes, and at the login at the end; tells everything that is wrong. */
async function walk(screens: readonly Screen[]): Promise<string[]> {
  const { page, context, foreign, complaints } = await world.visit({ language: 'zh' });
  const issues: string[] = [];
  async function look(name: string): Promise<void> {
    // A tab tells of its place while it has the focus.
    await page.evaluate(`document.querySelector('[role=tab][aria-selected=true]')?.focus()`);
    issues.push(...(await foreignWords(page, own)).map((line) => `${name}: ${line}`));
    issues.push(...(await examine(page, `${name}, light`)));
    await page.getByTestId('theme').first().selectOption('dark');
    await settled(page);
    issues.push(...(await examine(page, `${name}, dark`, COLOURS)));
    await page.getByTestId('theme').first().selectOption('light');
    issues.push(...[...foreign.splice(0), ...complaints.splice(0)].map((line) => `${name}: ${line}`));
  }
  await walkScreens(
    page,
    screens,
    known,
    ({ name }) => look(name),
    ({ name }, error) => issues.push(`${name}: ${error.message}`),
  );
  await context.clearCookies();
  await page.goto('/');
  await settled(page);
  await look('login');
  await context.close();
  return issues;
}
