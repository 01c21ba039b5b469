/** Aim: a terminal shows what was asked for, a collector gets every line; memory decides about the spare. Method: each case. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ProcessConfig } from './config.ts';
import { logLevelOf, wantsSpare } from './up.ts';

test('only a level that nobody chose is raised, and only at a terminal', () => {
  const level = (origin: string, isTerminal: boolean, logLevel: ProcessConfig['logLevel'] = 'info') =>
    logLevelOf({ config: { logLevel } as ProcessConfig, origins: { logLevel: origin } }, isTerminal);
  assert.equal(level('default', true), 'warn');
  assert.equal(level('default', false), 'info');
  assert.equal(level('WEIR_LOG_LEVEL', true), 'info');
  assert.equal(level('weir.yaml:3', true, 'debug'), 'debug');
});

test('a spare is kept where there are 2 GiB, unless somebody decided', () => {
  assert.equal(wantsSpare('auto', 2 * 2 ** 30), true);
  assert.equal(wantsSpare('auto', 2 * 2 ** 30 - 1), false);
  assert.equal(wantsSpare('on', 2 ** 20), true);
  assert.equal(wantsSpare('off', 2 ** 40), false);
});
