#!/usr/bin/env node
// The `weir` command: in a checkout it runs src/main.ts, in an installed package dist/src/main.js.
'use strict';
const fs = require('node:fs');
const path = require('node:path');
const { launch, root } = require('./launch.cjs');

const source = path.join(root, 'src', 'main.ts');
const built = path.join(root, 'src', 'main.js');
void launch(fs.existsSync(built) ? built : source, process.argv.slice(2));
