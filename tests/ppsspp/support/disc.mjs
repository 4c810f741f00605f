// Test discs: images like those dumped from a UMD, made from files in this repository and generated numbers.

import { execFileSync } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { setting } from '../emulator/console.mjs';
import { sfo } from './sfo.mjs';

export const SECTOR = 2048;
const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');

/**
 * Makes a disc image in the folder of the test output.
 *
 * @param {object} disc
 * @param {string} disc.name of the file
 * @param {Buffer} disc.program its EBOOT.BIN
 * @param {number} [disc.kib] approximate total size of the content files, in KiB
 * @param {string} [disc.id] four letters and five digits
 * @returns {{iso: string, bytes: Buffer, files: Map<string, Buffer>}} the image, and every file on
 *   it by its path
 */
export function makeDisc({ name, program, kib = 1024, id = 'CISO00001' }) {
  const folder = path.join(setting('CISOR_OUTPUT'), 'discs', name);
  fs.rmSync(folder, { recursive: true, force: true });
  const files = new Map([
    [
      'UMD_DATA.BIN',
      Buffer.from(`${id.slice(0, 4)}-${id.slice(4)}|0123456789ABCDEF|0001|G`.padEnd(47) + '|'),
    ],
    ['PSP_GAME/PARAM.SFO', description(id, name)],
    ['PSP_GAME/SYSDIR/EBOOT.BIN', program],
    ...content(kib * 1024),
  ]);
  for (const [file, bytes] of files) {
    const target = path.join(folder, file);
    fs.mkdirSync(path.dirname(target), { recursive: true });
    fs.writeFileSync(target, bytes);
    // The image must not depend on the current time.
    fs.utimesSync(target, 946_684_800, 946_684_800);
  }
  const iso = `${folder}.iso`;
  // The form of names in dumps of games; PPSSPP does not find the game if names contain a version number.
  const form = ['-iso-level', '3', '-omit-version-number', '-relaxed-filenames', '-allow-lowercase'];
  const labels = ['-sysid', 'PSP GAME', '-V', name.toUpperCase().replaceAll('-', '_'), '-A', 'PSP GAME'];
  execFileSync('xorriso', ['-as', 'mkisofs', '-quiet', ...form, ...labels, '-o', iso, folder], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  fs.rmSync(folder, { recursive: true });
  return { iso, bytes: fs.readFileSync(iso), files };
}

function description(id, title) {
  const fixed = {
    BOOTABLE: 1,
    CATEGORY: 'UG',
    DISC_NUMBER: 1,
    DISC_TOTAL: 1,
    DISC_VERSION: '1.00',
    PARENTAL_LEVEL: 1,
  };
  return sfo({ ...fixed, DISC_ID: id, PSP_SYSTEM_VER: '6.60', REGION: 32768, TITLE: title });
}

/**
 * Files of all kinds: text, incompressible data, zeros, things in between, and lengths near sector borders.
 */
function* content(bytes) {
  const texts = ['README.md', 'docs/architecture.md', 'docs/psp-driver.md', 'LICENSE-APACHE'];
  const text = Buffer.concat(texts.map((name) => fs.readFileSync(path.join(ROOT, name))));
  const quarter = Math.floor(bytes / 4);
  yield ['PSP_GAME/USRDIR/TEXT.TXT', repeated(text, quarter)];
  yield ['PSP_GAME/USRDIR/NOISE.BIN', noise(quarter, 1)];
  yield ['PSP_GAME/USRDIR/ZEROS.BIN', Buffer.alloc(quarter)];
  yield ['PSP_GAME/USRDIR/MIXED.BIN', mixed(quarter, text)];
  for (const length of [0, 1, SECTOR - 1, SECTOR, SECTOR + 1]) {
    yield [`PSP_GAME/USRDIR/EDGES/${length}.BIN`, noise(length, 100 + length)];
  }
}

function repeated(bytes, length) {
  return Buffer.concat(Array(Math.ceil(length / bytes.length)).fill(bytes)).subarray(0, length);
}

/** Random-looking numbers that are the same every time. */
export function noise(length, seed) {
  const cipher = crypto.createCipheriv('aes-128-ctr', Buffer.alloc(16, seed), Buffer.alloc(16));
  return cipher.update(Buffer.alloc(length));
}

/** Pieces of a few hundred bytes, alternately compressible and incompressible. */
function mixed(length, text) {
  const out = noise(length, 2);
  for (let at = 0; at < length; at += 1500) text.copy(out, at, at % 997, (at % 997) + 900);
  return out;
}
