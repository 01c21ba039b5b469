/**
 * The console as a person meets it: the real product in a folder of its own, Chromium, a page that is logged in.
 * Every page notes what it asks of hosts other than its own, and what the browser's console complains about.
 */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { startWeir, type Weir, type WeirOptions } from '../e2e/weir.ts';

const CHROMIUM =
  process.env['WEIR_TEST_CHROMIUM'] ?? ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);
const WAIT_MS = 20_000;

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
  visit(options?: { stranger?: boolean; language?: 'en' | 'zh'; theme?: 'light' | 'dark' }): Promise<Visit>;
  close(): Promise<void>;
}

/** Starts Weir with the sample project, and a browser. */
export async function openConsoleWorld(options: WeirOptions = {}): Promise<ConsoleWorld> {
  const weir = await startWeir({ args: ['--sample'], ...options });
  const browser = await chromium.launch({ executablePath: CHROMIUM!, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
  const password = readFileSync(path.join(weir.folder, '.weir', 'admin-password'), 'utf8').trim();
  return {
    weir,
    browser,
    password,
    async visit({ stranger = false, language = 'en', theme = 'light' } = {}) {
      const visit = await open(browser, weir.control, language, theme);
      if (!stranger) await logIn(visit.page, weir.control, password);
      return visit;
    },
    async close() {
      await browser.close();
      await weir.stop();
    },
  };
}

async function open(browser: Browser, control: string, language: string, theme: string): Promise<Visit> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, baseURL: control, acceptDownloads: true });
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
  return { page: await context.newPage(), context, foreign, complaints };
}

/** Logs in through the form. */
export async function logIn(page: Page, control: string, password: string): Promise<void> {
  await page.goto(control);
  await page.locator('input[autocomplete=username]').fill('admin');
  await page.locator('input[autocomplete=current-password]').fill(password);
  await page.keyboard.press('Enter');
  await page.locator('nav.weir-nav').waitFor();
}
