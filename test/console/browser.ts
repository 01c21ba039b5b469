/**
 * The console as a person meets it: the real product in a folder of its own, Chromium, a page that is logged in.
 * Every page notes what it asks of hosts other than its own, and what the browser's console complains about.
 */
import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, test, type TestContext } from 'node:test';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { startWeir, type Weir, type WeirOptions } from '../e2e/weir.ts';

const CHROMIUM =
  process.env['WEIR_TEST_CHROMIUM'] ?? ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);
const WAIT_MS = 20_000;
const STORY_MS = 280_000;

/** Why there is no browser here; false when there is one. CI forbids the skip. */
export const noBrowser: string | false = CHROMIUM ? false : 'no Chromium found: install chromium, or name one in WEIR_TEST_CHROMIUM';

export interface Visit {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Addresses of other hosts that the pages asked for. */
  readonly foreign: string[];
  /** Errors and warnings of the browser's console, those of expected 4xx answers aside. */
  readonly complaints: string[];
}

export interface ConsoleWorld {
  readonly weir: Weir;
  readonly browser: Browser;
  readonly password: string;
  /** A new visitor; logged in as admin unless `stranger`. */
  visit(options?: VisitOptions): Promise<Visit>;
  close(): Promise<void>;
}

export interface VisitOptions {
  readonly stranger?: boolean;
  /** Who logs in; admin when left out. */
  readonly as?: { readonly name: string; readonly password: string };
  readonly language?: 'en' | 'zh';
  readonly theme?: 'light' | 'dark';
  /** Windows grow and lists unfold. Without it nothing moves: a button that moves while it is pressed and let go loses the click. */
  readonly motion?: boolean;
}

/** Pages that are open now, by visit: what a failed test shows of itself. */
const visits = new Set<Visit>();

/** Starts Weir with the sample project, and a browser. */
export async function openConsoleWorld(options: WeirOptions = {}): Promise<ConsoleWorld> {
  const weir = await startWeir({ args: ['--sample'], ...options });
  const browser = await chromium.launch({ executablePath: CHROMIUM!, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
  const password = readFileSync(path.join(weir.folder, '.weir', 'admin-password'), 'utf8').trim();
  return {
    weir,
    browser,
    password,
    async visit(wanted = {}) {
      const visit = await open(browser, weir.control, wanted);
      if (!wanted.stranger) await logIn(visit.page, weir.control, wanted.as ?? { name: 'admin', password });
      return visit;
    },
    async close() {
      await browser.close();
      await weir.stop();
    },
  };
}

async function open(browser: Browser, control: string, wanted: VisitOptions): Promise<Visit> {
  const { language = 'en', theme = 'light', motion = false } = wanted;
  const context = await browser.newContext({
    viewport: { width: 1280, height: 800 },
    reducedMotion: motion ? 'no-preference' : 'reduce',
    baseURL: control,
    acceptDownloads: true,
  });
  context.setDefaultTimeout(WAIT_MS);
  // A text, not a function: this file is Node's, and knows no localStorage.
  const keep = (name: string, value: string) =>
    `if (location.protocol === 'http:') localStorage.getItem('${name}') ?? localStorage.setItem('${name}', '${value}');`;
  await context.addInitScript({ content: keep('weir.language', language) + keep('weir.theme', theme) });
  const foreign: string[] = [];
  const complaints: string[] = [];
  context.on('request', (request) => {
    const url = new URL(request.url());
    if (url.protocol.startsWith('http') && url.origin !== new URL(control).origin) foreign.push(request.url());
  });
  context.on('console', (message) => {
    const expected = /the server responded with a status of 4\d\d/.test(message.text());
    if (['error', 'warning'].includes(message.type()) && !expected) complaints.push(message.text());
  });
  context.on('weberror', (error) => complaints.push(String(error.error())));
  const visit = { page: await context.newPage(), context, foreign, complaints };
  visits.add(visit);
  context.on('close', () => visits.delete(visit));
  return visit;
}

/** A failed test leaves a picture of each page that is open, and tells where it was and what the browser complained about. */
afterEach(async (t) => {
  const { passed, name } = t as TestContext;
  if (passed || visits.size === 0) return;
  const shown = [...visits];
  visits.clear();
  const folder = mkdtempSync(path.join(tmpdir(), 'weir-failed-'));
  let number = 0;
  for (const { page, complaints } of shown) {
    const file = path.join(folder, `${(number += 1)}.png`);
    await page.screenshot({ path: file, timeout: 10_000 }).catch((error: Error) => process.stderr.write(`no picture: ${error.message}\n`));
    process.stderr.write(
      [`failed: ${name}`, `  at ${page.url()}`, `  picture: ${file}`, ...complaints.map((l) => `  browser: ${l}`), ''].join('\n'),
    );
  }
});

/** Logs in through the form. */
export async function logIn(page: Page, control: string, who: { readonly name: string; readonly password: string }): Promise<void> {
  await page.goto(control);
  await page.locator('input[autocomplete=username]').fill(who.name);
  await page.locator('input[autocomplete=current-password]').fill(who.password);
  await page.keyboard.press('Enter');
  await page.locator('nav.weir-nav').waitFor();
}

/**
 * Waits until the page with this heading is drawn. A link leaves the page before it on the screen until the next one has come:
 * what has the same name there would be pressed or filled in its place.
 */
export async function arrive(page: Page, heading: string | RegExp): Promise<void> {
  const name = typeof heading === 'string' ? { name: heading, exact: true } : { name: heading };
  await page.getByRole('heading', { level: 1, ...name }).waitFor();
}

/**
 * One story of one person: each step goes on from where the one before ended, so the first that fails ends it and is named.
 * `skip` is asked when the story begins: a server it needs may be known to be missing only then.
 */
export function story(title: string, skip: () => string | false, steps: Readonly<Record<string, () => Promise<void>>>): void {
  test(title, { timeout: STORY_MS }, async (t) => {
    const reason = skip();
    if (reason) return t.skip(reason);
    for (const [name, step] of Object.entries(steps)) {
      const from = performance.now();
      await step().catch((cause: Error) => {
        throw new Error(`step “${name}”: ${cause.message}`, { cause });
      });
      t.diagnostic(`${name}: ${Math.round(performance.now() - from)} ms`);
    }
  });
}
