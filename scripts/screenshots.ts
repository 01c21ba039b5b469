/**
 * `npm run screenshots`: starts Weir with the sample project in a folder of its own, makes some traffic, and takes a
 * picture of every screen in both languages and both themes into `console/screenshots/` (not committed), to be looked at.
 * Words given after `--` choose screens by a part of their name.
 */
import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { Page } from 'playwright-core';
import { type ConsoleWorld, noBrowser, openConsoleWorld } from '../test/console/browser.ts';
import { type Known, makeTraffic, openScreen, SCREENS, settled, walkScreens } from '../test/console/screens.ts';

const folder = path.resolve(import.meta.dirname, '..', 'console', 'screenshots');
const words = process.argv.slice(2).filter((word) => word !== '--');
const wanted = (name: string) => words.length === 0 || words.some((word) => name.includes(word));

if (noBrowser) throw new Error(noBrowser);
if (words.length === 0) rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
const world = await openConsoleWorld();
try {
  const known = await makeTraffic(world.weir);
  for (const language of ['en', 'zh'] as const)
    for (const theme of ['light', 'dark'] as const) await shootAll(world, known, language, theme);
  await world.weir.cli('sample', 'remove', '--yes');
  for (const language of ['en', 'zh'] as const) await shootEmpty(world, known, language);
} finally {
  await world.close();
}

async function shootAll(of: ConsoleWorld, known: Known, language: 'en' | 'zh', theme: 'light' | 'dark'): Promise<void> {
  const shoot = (page: Page, name: string) => take(page, `${name}.${language}.${theme}`);
  const stranger = await of.visit({ stranger: true, language, theme });
  if (wanted('login')) {
    await stranger.page.goto('/');
    await stranger.page.getByRole('heading').first().waitFor();
    await shoot(stranger.page, 'login');
  }
  await stranger.context.close();
  const { page, context, foreign, complaints } = await of.visit({ language, theme });
  const screens = SCREENS.filter(({ name }) => wanted(name));
  await walkScreens(
    page,
    screens,
    known,
    ({ name }) => shoot(page, name),
    ({ name }, error) => process.stderr.write(`${name} (${language}, ${theme}): ${error.message}\n`),
  );
  if (wanted('session-ended')) {
    await page.goto('/settings?tab=system');
    await settled(page);
    await context.clearCookies();
    await page.getByRole('button', { name: /^(Examine again|重新检查)$/ }).click();
    await page.getByRole('dialog').waitFor();
    await shoot(page, 'session-ended');
  }
  for (const line of [...foreign, ...complaints]) process.stderr.write(`${language} ${theme}: ${line}\n`);
  await context.close();
}

/** What a new installation shows, before anything is made. */
async function shootEmpty(of: ConsoleWorld, known: Known, language: 'en' | 'zh'): Promise<void> {
  const { page, context } = await of.visit({ language });
  for (const screen of SCREENS.filter(({ name, page: at, show }) => wanted(`empty-${name}`) && !at.includes('$') && !show)) {
    await openScreen(page, screen, known);
    await take(page, `empty-${screen.name}.${language}.light`);
  }
  await context.close();
}

async function take(page: Page, name: string): Promise<void> {
  // What stays in place while scrolling stands at the top of the whole page's picture.
  await page.evaluate('scrollTo(0, 0)');
  await page.screenshot({ path: path.join(folder, `${name}.png`), fullPage: true });
  process.stdout.write(`${name}\n`);
}
