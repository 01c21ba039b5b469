/**
 * How long the console takes from going to a list until its rows can be seen, with 300 resources, 10,000 runs, 100,000
 * calls and 20,000 audit lines: the real product and Chromium. `link` is a click in the navigation, `load` a page that
 * is opened afresh. Run: node bench/console-paint.ts [rounds]. The aim is 1 s.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import type { Page } from 'playwright-core';
import { systemClock } from '../src/base/clock.ts';
import { openCalls } from '../src/store/calls/call-threads.ts';
import { openSqlite } from '../src/store/sqlite.ts';
import { openConsoleWorld } from '../test/console/browser.ts';
import { startWeir } from '../test/e2e/weir.ts';
import { documents, fillRows } from './admin-answers/fill.ts';

const LIMIT_MS = 1000;
const LISTS = ['/resources', '/routes', '/consumers', '/connections', '/pipelines', '/runs', '/calls', '/audit'];
const ROWS = 'tbody tr.ant-table-row';
const rounds = Number(process.argv[2] ?? 10);

const folder = mkdtempSync(path.join(tmpdir(), 'weir-paint-'));
try {
  await fill();
  const world = await openConsoleWorld({ folder, args: [] });
  try {
    const { page } = await world.visit();
    for (const at of LISTS) await byLoad(page, at); // Chromium compiles each chunk once.
    console.log(`${rounds} rounds, load ${loadavg()[0]!.toFixed(1)}, ${availableParallelism()} cores, Node ${process.versions.node}`);
    for (const at of LISTS) {
      const load: number[] = [];
      const link: number[] = [];
      for (let i = 0; i < rounds; i++) {
        load.push(await byLoad(page, at));
        link.push(await byLink(page, at));
      }
      console.log(`${at.padEnd(14)} link ${told(link)}   load ${told(load)}`);
    }
  } finally {
    await world.close();
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** Applies the documents through a running product; rows go into its store while it rests. */
async function fill(): Promise<void> {
  const weir = await startWeir({ folder });
  const file = path.join(folder, 'documents.yaml');
  writeFileSync(file, documents());
  const { code, stdout, stderr } = await weir.cli('apply', '-f', file);
  await weir.stop();
  if (code !== 0) throw new Error(`apply ended with ${code}: ${stderr}${stdout}`.slice(0, 2000));
  const db = openSqlite(path.join(folder, '.weir', 'store.db'));
  const calls = openCalls(path.join(folder, '.weir', 'calls.db'), systemClock);
  await fillRows(db, calls, Date.now());
  await calls.close();
  await db.close();
}

async function byLoad(page: Page, at: string): Promise<number> {
  const began = performance.now();
  await page.goto(at, { waitUntil: 'commit' });
  await page.locator(ROWS).first().waitFor();
  return performance.now() - began;
}

async function byLink(page: Page, at: string): Promise<number> {
  await page.goto('/settings');
  await page.getByRole('heading', { level: 1 }).waitFor();
  const began = performance.now();
  await page.locator(`nav.weir-nav a[href="${at}"]`).click();
  await page.locator(ROWS).first().waitFor();
  return performance.now() - began;
}

function told(times: readonly number[]): string {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (share: number) => Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!);
  return `p50 ${at(0.5)} ms  p95 ${at(0.95)} ms${at(0.95) > LIMIT_MS ? '  ABOVE' : ''}`;
}
