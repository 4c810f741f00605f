// Makes the discs that the page is tried with.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, openSync, readFileSync, rmSync, writeFileSync, writeSync, closeSync } from 'node:fs';
import { deflateRawSync, deflateSync } from 'node:zlib';
import { join } from 'node:path';
import { chunk, crc32 } from '../icon.mjs';
import { CISOR, WORK } from './browsers.mjs';

const SECTOR = 2048;

export const sha256 = (path) => createHash('sha256').update(readFileSync(path)).digest('hex');
export const sha1 = (path) => createHash('sha1').update(readFileSync(path)).digest('hex');

/** Runs the program; the first object that it prints. */
export function cisor(...args) {
  const out = execFileSync(CISOR, [...args, '--json'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  return JSON.parse(out.trim().split('\n')[0]);
}

const both = (value) => {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32LE(value, 0);
  bytes.writeUInt32BE(value, 4);
  return bytes;
};

function record(name, lba, len, folder) {
  const bytes = Buffer.alloc((33 + name.length + 1) & ~1);
  bytes[0] = bytes.length;
  both(lba).copy(bytes, 2);
  both(len).copy(bytes, 10);
  bytes[25] = folder ? 2 : 0;
  bytes[32] = name.length;
  bytes.write(name, 33, 'latin1');
  return bytes;
}

/** PARAM.SFO with these texts, in the order of their keys. */
function sfo(texts) {
  const entries = [];
  let keys = '';
  const values = [];
  let at = 0;
  for (const [key, text] of texts) {
    const value = Buffer.from(`${text}\0`);
    const room = (value.length + 3) & ~3;
    const entry = Buffer.alloc(16);
    entry.writeUInt16LE(keys.length, 0);
    entry.writeUInt16LE(0x0204, 2);
    entry.writeUInt32LE(value.length, 4);
    entry.writeUInt32LE(room, 8);
    entry.writeUInt32LE(at, 12);
    entries.push(entry);
    keys += `${key}\0`;
    values.push(Buffer.concat([value, Buffer.alloc(room - value.length)]));
    at += room;
  }
  const table = Buffer.concat(entries);
  const names = Buffer.alloc((keys.length + 3) & ~3);
  names.write(keys);
  const head = Buffer.alloc(20);
  head.write('\0PSF', 0, 'latin1');
  head.writeUInt32LE(0x0101, 4);
  head.writeUInt32LE(20 + table.length, 8);
  head.writeUInt32LE(20 + table.length + names.length, 12);
  head.writeUInt32LE(texts.length, 16);
  return Buffer.concat([head, table, names, ...values]);
}

/** A picture of 144 by 80 pixels. */
function picture() {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(144, 0);
  header.writeUInt32BE(80, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const rows = Buffer.alloc(80 * (1 + 3 * 144));
  for (let y = 0; y < 80; y += 1) {
    for (let x = 0; x < 144; x += 1) {
      rows.set([40 + y, 90 + ((x * 3) >> 2), 160 - y], y * 433 + 1 + 3 * x);
    }
  }
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([signature, chunk('IHDR', header), chunk('IDAT', deflateSync(rows)), chunk('IEND', Buffer.alloc(0))]);
}

/** Numbers that look random and are the same in every run. */
export function noise(len, seed) {
  const bytes = Buffer.alloc(len);
  let state = seed;
  for (let at = 0; at < len; at += 1) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[at] = state >>> 24;
  }
  return bytes;
}

/** Game data of all kinds: text, tables, noise, zeros. */
function data(len) {
  const random = noise(len, 7);
  const bytes = Buffer.alloc(len);
  const words = ['sector ', 'memory ', 'texture ', 'sound ', 'level ', 'the ', 'of ', 'block '];
  let at = 0;
  for (let block = 0; at < len; block += 1) {
    const end = Math.min(len, at + 3 * SECTOR);
    switch (block % 5) {
      case 0:
        while (at < end) {
          at += bytes.write(words[random[at] & 7], at, Math.min(8, end - at), 'latin1') || 1;
        }
        break;
      case 1:
        for (; at + 4 <= end; at += 4) {
          bytes.writeUInt32LE((at * 3 + (random[at] & 15)) >>> 0, at);
        }
        break;
      case 2:
        random.copy(bytes, at, at, end);
        break;
      case 3:
        for (; at < end; at += 1) {
          bytes[at] = random[at] & 7;
        }
        break;
    }
    at = end;
  }
  return bytes;
}

function image(volume, files) {
  const parts = [Buffer.alloc(18 * SECTOR)];
  let lba = 18;
  const append = (bytes) => {
    const at = lba;
    const padded = Buffer.alloc(Math.ceil(bytes.length / SECTOR) * SECTOR);
    bytes.copy(padded);
    parts.push(padded);
    lba += padded.length / SECTOR;
    return at;
  };
  const folder = (files) => {
    const records = [record('\0', 0, SECTOR, true), record('\x01', 0, SECTOR, true)];
    for (const [name, content] of Object.entries(files)) {
      if (Buffer.isBuffer(content)) {
        records.push(record(`${name};1`, append(content), content.length, false));
      } else {
        const { at, len } = folder(content);
        records.push(record(name, at, len, true));
      }
    }
    const bytes = Buffer.alloc(SECTOR);
    Buffer.concat(records).copy(bytes);
    return { at: append(bytes), len: SECTOR };
  };
  const root = folder(files);
  const descriptor = parts[0].subarray(16 * SECTOR, 17 * SECTOR);
  descriptor.write('\x01CD001\x01', 0, 'latin1');
  descriptor.fill(' ', 40, 72);
  descriptor.write(volume, 40, 'latin1');
  both(lba).copy(descriptor, 80);
  descriptor.set([0x00, 0x08, 0x08, 0x00], 128);
  record('\0', root.at, root.len, true).copy(descriptor, 156);
  return Buffer.concat(parts);
}

function ps2Image(len) {
  return image('CASTLE', {
    'SYSTEM.CNF': Buffer.from('BOOT2 = cdrom0:\\SLUS_200.41;1\r\nVER = 1.00\r\n'),
    'DATA.BIN': data(len),
  });
}

/** Writes the discs; returns their paths. */
export function make() {
  mkdirSync(WORK, { recursive: true });
  const at = (name) => join(WORK, name);
  const umd = Buffer.from('ULUS-10041|0123456789ABCDEF|0001|G            |');
  const param = sfo([['CATEGORY', 'UG'], ['DISC_ID', 'ULUS10041'], ['TITLE', 'Sector Runner']]);
  const psp = image('RUNNER', {
    'UMD_DATA.BIN': umd,
    'DATA.BIN': data(9_000_000),
    PSP_GAME: { 'ICON0.PNG': picture(), 'PARAM.SFO': param },
  });
  writeFileSync(at('runner.iso'), psp);
  writeFileSync(at('castle.iso'), ps2Image(2_000_000));
  return { psp: at('runner.iso'), ps2: at('castle.iso') };
}

/** The checksum of a CD sector (ECMA-130, 14.3). */
function edc(bytes) {
  let sum = 0;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit += 1) {
      sum = (sum >>> 1) ^ (sum & 1 ? 0xd8018001 : 0);
    }
  }
  return sum >>> 0;
}

/** A small PS2 CD with a data track and two seconds of audio: sheet, raw sectors, and the image of its data. */
export function cd() {
  const image = ps2Image(200_000);
  const sectors = [];
  for (let number = 0; number < image.length / SECTOR; number += 1) {
    const raw = Buffer.alloc(2352);
    raw.fill(0xff, 1, 11);
    const bcd = (value) => Math.floor(value / 10) * 16 + (value % 10);
    const frame = number + 150;
    raw.set([bcd(Math.floor(frame / 4500)), bcd(Math.floor(frame / 75) % 60), bcd(frame % 75), 2], 12);
    raw.set([0, 0, 8, 0, 0, 0, 8, 0], 16);
    image.copy(raw, 24, number * SECTOR, (number + 1) * SECTOR);
    raw.writeUInt32LE(edc(raw.subarray(16, 2072)), 2072);
    sectors.push(raw);
  }
  const data = sectors.length;
  const bin = Buffer.concat([...sectors, noise(150 * 2352, 9)]);
  const time = (frame) => [frame / 4500, (frame / 75) % 60, frame % 75].map((part) => String(Math.floor(part)).padStart(2, '0')).join(':');
  const lines = ['FILE "game.bin" BINARY', '  TRACK 01 MODE2/2352', '    INDEX 01 00:00:00', '  TRACK 02 AUDIO', `    INDEX 01 ${time(data)}`];
  const tracks = [bin.subarray(0, data * 2352), bin.subarray(data * 2352)];
  return { sheet: Buffer.from(`${lines.join('\r\n')}\r\n`), bin, image, tracks };
}

/** A ZIP archive with one file. */
export function zip(name, content, method) {
  const packed = method === 8 ? deflateRawSync(content) : content;
  const fields = Buffer.alloc(26);
  fields.writeUInt16LE(20, 0);
  fields.writeUInt16LE(method, 4);
  fields.writeUInt32LE(crc32(content), 10);
  fields.writeUInt32LE(packed.length, 14);
  fields.writeUInt32LE(content.length, 18);
  fields.writeUInt16LE(name.length, 22);
  const local = Buffer.concat([Buffer.from('PK\x03\x04'), fields, Buffer.from(name)]);
  const central = Buffer.concat([Buffer.from('PK\x01\x02\x14\0'), fields, Buffer.alloc(14), Buffer.from(name)]);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 0, 'latin1');
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(local.length + packed.length, 16);
  return Buffer.concat([local, packed, central, end]);
}

/** Archives with a disc: ZIP deflated, stored, and with a compressed image; 7z by every method. `forward` where it has to be read in order. */
export function archives(disc) {
  const cso = join(WORK, 'castle-in-zip.cso');
  cisor('compress', disc, '--to', 'cso', '--for', 'any', '-f', '-o', cso);
  const made = [
    { name: 'deflated', entry: 'castle.iso', content: readFileSync(disc), method: 8, forward: true },
    { name: 'stored', entry: 'castle.iso', content: readFileSync(disc), method: 0, forward: false },
    { name: 'cso', entry: 'castle.cso', content: readFileSync(cso), method: 8, forward: true },
  ];
  const zips = made.map(({ name, entry, content, method, forward }) => {
    const path = join(WORK, `castle-${name}.zip`);
    writeFileSync(path, zip(entry, content, method));
    return { name, path, forward };
  });
  // cargo xtask setup installs 7z.
  const sevens = ['LZMA', 'LZMA2', 'PPMd', 'BZip2', 'Copy'].map((method) => {
    const path = join(WORK, `castle-${method}.7z`);
    rmSync(path, { force: true });
    execFileSync('7z', ['a', '-t7z', '-mx=1', `-m0=${method}`, path, disc], { stdio: 'ignore' });
    return { name: method, path, forward: method !== 'Copy' };
  });
  return [...zips, ...sevens];
}

/** Writes files that are not what they claim to be; returns their paths. */
export function hostile(good) {
  const cso = readFileSync(good);
  const at = (name) => join(WORK, name);
  const write = (name, bytes) => {
    writeFileSync(at(name), bytes);
    return at(name);
  };
  const scrambled = Buffer.from(cso);
  noise(60_000, 3).copy(scrambled, Math.floor(cso.length / 2));
  const index = Buffer.from(cso);
  index.fill(0xff, 24 + 400, 24 + 800);
  const huge = Buffer.from(cso.subarray(0, 4096));
  huge.writeBigUInt64LE(0x7fffffffffffn, 8);
  return {
    empty: write('empty.iso', Buffer.alloc(0)),
    short: write('short.cso', cso.subarray(0, 20)),
    cut: write('cut.cso', cso.subarray(0, Math.floor(cso.length * 0.7))),
    scrambled: write('scrambled.cso', scrambled),
    index: write('index.cso', index),
    huge: write('huge.cso', huge),
    noise: write('noise.iso', noise(100_000, 5)),
    gamecube: write('gamecube.ciso', Buffer.concat([Buffer.from('CISO\0\0\x20\0', 'latin1'), Buffer.alloc(0x8000, 1)])),
  };
}

/** A file that takes no space: mostly holes. */
export function sparse(name, len) {
  const path = join(WORK, name);
  const file = openSync(path, 'w');
  writeSync(file, Buffer.from([0]), 0, 1, len - 1);
  closeSync(file);
  return path;
}
