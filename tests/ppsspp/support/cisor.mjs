// The converter as users run it.

import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

import { setting } from '../emulator/console.mjs';

/** Runs the converter; returns its exit status and output. */
function cisor(...args) {
  const { status, stdout, stderr, error } = spawnSync(setting('CISOR_BIN'), args, { encoding: 'utf8' });
  if (error) throw error;
  return { status, stdout, stderr };
}

/** Runs the converter and fails if it fails. */
export function mustCisor(...args) {
  const done = cisor(...args);
  if (done.status !== 0) throw new Error(`cisor ${args.join(' ')} ended with ${done.status}: ${done.stderr}`);
  return done;
}

/** What `cisor info` says about a reader of an image: its `verdict` and the `reason`. */
export function verdictOf(image, key) {
  const { readers } = JSON.parse(mustCisor('info', '--json', image).stdout);
  return readers.find((reader) => reader.key === key);
}

/**
 * Packs a disc image. Returns the path of the packed file, in the same folder.
 *
 * @param {string} iso
 * @param {string} name of the packed file
 * @param {string[]} args further arguments
 */
export function compress(iso, name, ...args) {
  const packed = path.join(path.dirname(iso), name);
  fs.rmSync(packed, { force: true });
  mustCisor('compress', iso, '-o', packed, '-q', ...args);
  return packed;
}
