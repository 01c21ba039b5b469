#!/usr/bin/env node
// Starts a TypeScript entry of this checkout under the right Node, from any Node >= 16.
// In: `node bin/launch.cjs <script.ts> [args]`. Out: that script's exit code.
// It installs locked dependencies when package-lock.json changed (scripts/../bin/setup.cjs), then
// re-executes with the Node that ships inside node_modules, so a machine with only Node 20 works.
'use strict';
const path = require('node:path');
const { spawn } = require('node:child_process');
const { ensureInstalled, bundledNode } = require('./setup.cjs');

const NODE_MIN = [24, 12];
const root = path.resolve(__dirname, '..');

/** True when the running Node can strip types and has every API the server uses. */
function nodeIsNewEnough(version) {
  const [major, minor] = version.split('.').map(Number);
  return major > NODE_MIN[0] || (major === NODE_MIN[0] && minor >= NODE_MIN[1]);
}

/** The Node to run with: the bundled one, else this one when it is new enough, else null. */
function chooseNode() {
  const bundled = bundledNode(root);
  if (bundled) return bundled;
  return nodeIsNewEnough(process.versions.node) ? process.execPath : null;
}

/** Runs `entry` under the chosen Node, after `before(node)`; signals pass through, the exit code is the child's. */
function launch(entry, args, before) {
  return start(entry, args, before).catch((error) => {
    process.stderr.write(`weir: could not be set up: ${error.message}\n`);
    process.exit(1);
  });
}

async function start(entry, args, before) {
  const problem = await ensureInstalled(root);
  if (problem) {
    process.stderr.write(`weir: ${problem}\n`);
    process.exit(1);
  }
  const node = chooseNode();
  if (!node) {
    process.stderr.write(
      `weir: Node ${process.versions.node} is too old (needs ${NODE_MIN.join('.')} or newer) and no ` +
        `bundled Node was installed for ${process.platform}-${process.arch}; install a newer Node.\n`,
    );
    process.exit(1);
  }
  if (before) await before(node);
  // The channel tells the child when this launcher is gone, so a `kill -9` here stops Weir too.
  const child = spawn(node, ['--disable-warning=ExperimentalWarning', entry, ...args], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, WEIR_LAUNCHER_CHANNEL: '1' },
  });
  // A terminal's Ctrl-C reaches the child by itself, and a second one there ends it at once, so it is not doubled;
  // without a terminal the signal came to the launcher alone.
  process.on('SIGINT', () => process.stdin.isTTY || child.kill('SIGTERM'));
  for (const name of ['SIGTERM', 'SIGHUP']) process.on(name, () => child.kill(name));
  child.on('error', (error) => {
    process.stderr.write(`weir: could not start ${node}: ${error.message}\n`);
    process.exit(1);
  });
  child.on('exit', (code, signal) => process.exit(signal ? 128 + (require('node:os').constants.signals[signal] ?? 0) : code));
}

module.exports = { launch, root };

if (require.main === module) {
  const [script, ...args] = process.argv.slice(2);
  if (!script) {
    process.stderr.write('usage: node bin/launch.cjs <script.ts> [arguments]\n');
    process.exit(2);
  }
  void launch(path.resolve(root, script), args);
}
