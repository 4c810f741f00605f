// Runs all cases, or those whose names contain one of the words given: node run.mjs [WORD]...
// `cargo xtask ppsspp` sets what they need in the environment.

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { fileURLToPath } from 'node:url';

// Those that take longest first: the last one runs alone otherwise.
const LONG = ['app', 'report', 'screens'];
const rank = (name) => (LONG.indexOf(name.split('.')[0]) + 1 || LONG.length + 1);
const folder = path.join(path.dirname(fileURLToPath(import.meta.url)), 'cases');
const files = fs
  .readdirSync(folder)
  .filter((name) => name.endsWith('.test.mjs'))
  .sort((a, b) => rank(a) - rank(b))
  .map((name) => path.join(folder, name));
const words = process.argv.slice(2).map((word) => new RegExp(word.replaceAll(/[^\w ]/g, '\\$&'), 'i'));

// A console takes one core and 750 MB.
const concurrency = Math.min(2, os.cpus().length);
const results = run({ files, concurrency, testNamePatterns: words.length > 0 ? words : undefined });
let failed = false;
results.on('test:fail', () => (failed = true));
results.on('end', () => (process.exitCode = failed ? 1 : 0));
results.compose(new spec()).pipe(process.stdout);
