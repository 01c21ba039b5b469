#!/usr/bin/env node
// The `weir` command: in a checkout it runs src/main.ts, in an installed package src/main.js.
'use strict';
const fs = require('node:fs');
const path = require('node:path');
const { launch, root } = require('./launch.cjs');
const { ensureConsole } = require('./console.cjs');

const source = path.join(root, 'src', 'main.ts');
const built = path.join(root, 'src', 'main.js');
const args = process.argv.slice(2);
void launch(fs.existsSync(built) ? built : source, args, args[0] === 'up' ? buildConsole : undefined);

/** Before `up` in a checkout; without a console Weir still serves everything else, so a failure is only told. */
async function buildConsole(node) {
  const failure = await ensureConsole(root, node);
  if (failure) process.stderr.write(`weir: ${failure}\n`);
}
