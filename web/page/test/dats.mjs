// Makes DATs for the discs that the page is tried with, good and bad ones.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from '../icon.mjs';
import { WORK } from './browsers.mjs';
import { sha1, zip } from './discs.mjs';

/** An entry for a file: its size and checksums, some of which may be others or left out. */
export function entry(game, path, { serial = '', ...others } = {}) {
  return `<game name="${game}"><serial>${serial}</serial>${rom(`${game}.iso`, path, others)}</game>`;
}

/** An entry for a CD with these tracks, which are put into files of the folder for tests. */
export function cdEntry(game, ...tracks) {
  const roms = tracks.map((bytes, number) => {
    const path = join(WORK, `track${number + 1}.bin`);
    writeFileSync(path, bytes);
    return rom(`${game} (Track ${number + 1}).bin`, path);
  });
  return `<game name="${game}">${roms.join('')}</game>`;
}

function rom(name, path, others = {}) {
  const bytes = readFileSync(path);
  const crc = crc32(bytes).toString(16).padStart(8, '0');
  const fields = { name, size: bytes.length, crc, sha1: sha1(path), ...others };
  const attributes = Object.entries(fields).filter(([, value]) => value !== undefined);
  return `<rom${attributes.map(([name, value]) => ` ${name}="${value}"`).join('')}/>`;
}

/** A DAT with these entries. */
export function dat(name, ...entries) {
  return Buffer.from(`<?xml version="1.0"?>\n<datafile><header><name>${name}</name></header>${entries.join('\n')}</datafile>\n`);
}

/** Writes a DAT, or packs it into a ZIP as Redump does. Returns its path. */
export function writeDat(file, content) {
  const path = join(WORK, file);
  writeFileSync(path, file.endsWith('.zip') ? zip('list.dat', content, 8) : content);
  return path;
}

/** Files that are no DATs, by what is said of them. */
export function badDats(good) {
  const entities = '<!DOCTYPE datafile [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]><datafile><game name="&b;"/></datafile>';
  const bomb = Buffer.concat([Buffer.from('<datafile>'), Buffer.alloc(129 << 20, ' ')]);
  return [
    ['cut.dat', good.subarray(0, good.length - 30), /ends in the middle/],
    ['broken.dat', Buffer.from('<datafile><game name="a></datafile>'), /./],
    ['entities.dat', Buffer.from(entities), /declares XML entities/],
    ['giant.dat', Buffer.from(`<datafile><game name="${'x'.repeat(100_000)}"/></datafile>`), /more than/],
    ['deep.dat', Buffer.from(`<datafile>${'<a>'.repeat(1000)}`), /tags inside each other/],
    ['other.xml', Buffer.from('<html><body/></html>'), /not a DAT/],
    ['noise.dat', Buffer.alloc(5000, 0xff), /./],
    ['bomb.zip', bomb, /more than 128 MiB/],
    ['cut.zip', good.subarray(0, good.length - 30), /list\.dat: it ends in the middle/],
  ].map(([file, content, says]) => ({ file, path: writeDat(file, content), says }));
}
