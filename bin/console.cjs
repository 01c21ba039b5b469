// Builds the console of a checkout into console/dist when, and only when, what it is made of changed.
// Read by any Node >= 16; the build itself runs under `node`. Returns a sentence when it failed, null when it stands.
'use strict';
const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { spawn } = require('node:child_process');
const { withLock } = require('./setup.cjs');

const STAMP = '.weir-build-hash';
const BUILD_TIMEOUT_MS = 3 * 60 * 1000;
const TOLD_BYTES_MAX = 4000;

/** Hash over every file the build reads. */
function sourceHash(root) {
  const hash = crypto.createHash('sha256');
  const files = ['package-lock.json', 'generated/client.ts', 'console/package.json', 'console/index.html', 'console/vite.config.ts'];
  for (const name of [...files, ...below(root, 'console/src'), ...below(root, 'console/public')]) {
    hash.update(`${name}\0`).update(fs.readFileSync(path.join(root, name)));
  }
  return hash.digest('hex');
}

function below(root, folder) {
  return fs
    .readdirSync(path.join(root, folder), { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => (entry.isDirectory() ? below(root, `${folder}/${entry.name}`) : [`${folder}/${entry.name}`]));
}

function builtHash(root) {
  try {
    return fs.readFileSync(path.join(root, 'console', 'dist', STAMP), 'utf8');
  } catch {
    return null;
  }
}

/** Builds when needed. In an installed package the console is shipped built: nothing to do. */
async function ensureConsole(root, node = process.execPath) {
  if (!fs.existsSync(path.join(root, 'console', 'src'))) return null;
  try {
    const want = sourceHash(root);
    if (builtHash(root) === want) return null;
    const failure = await buildLocked(root, node, want);
    return failure && `${standing(root)}: ${failure}`;
  } catch (error) {
    return `${standing(root)}: ${error.message}`;
  }
}

function buildLocked(root, node, want) {
  if (!fs.existsSync(path.join(root, 'node_modules', 'vite'))) return 'its build tool is not installed; run npm ci.';
  try {
    fs.accessSync(path.join(root, 'console'), fs.constants.W_OK);
  } catch {
    return `this user may not write in ${path.join(root, 'console')}; start Weir once as the owner of the checkout.`;
  }
  return withLock(root, () => (builtHash(root) === want ? null : build(root, node, want)));
}

/** What a failed build leaves. */
function standing(root) {
  const built = fs.existsSync(path.join(root, 'console', 'dist', 'index.html'));
  return built ? 'the console is an older build' : 'the console is not served';
}

/**
 * Into a folder of its own first, with the stamp in it: `dist` is either an old build or a whole new one. A Weir that
 * runs from this checkout holds the console's files in memory, so it goes on serving what it started with.
 */
async function build(root, node, want) {
  const folder = path.join(root, 'console');
  const fresh = path.join(folder, 'dist-new');
  const vite = path.join(root, 'node_modules', 'vite', 'bin', 'vite.js');
  const failure = await run(node, [vite, 'build', '--outDir', 'dist-new', '--logLevel', 'warn'], folder);
  if (failure !== null) return failure;
  fs.writeFileSync(path.join(fresh, STAMP), want);
  fs.rmSync(path.join(folder, 'dist'), { recursive: true, force: true });
  fs.renameSync(fresh, path.join(folder, 'dist'));
  return null;
}

function run(node, args, cwd) {
  return new Promise((resolve) => {
    const child = spawn(node, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'], timeout: BUILD_TIMEOUT_MS });
    let told = '';
    const hear = (chunk) => (told = (told + chunk).slice(-TOLD_BYTES_MAX));
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.on('error', (error) => resolve(`its build could not be started: ${error.message}`));
    child.on('close', (code, signal) => resolve(code === 0 ? null : `its build ended with ${signal || code}: ${told.trim()}`));
  });
}

module.exports = { ensureConsole, sourceHash };
