// The engine without a browser: it decodes what the program writes, and what it packs the program decodes.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { buildSync } from 'esbuild';
import { WORK } from './browsers.mjs';
import { archives, cd, cisor, hostile, make, noise, sha1 } from './discs.mjs';

const discs = make();
let Engine;
let module;

before(async () => {
  const bundle = join(WORK, 'engine.mjs');
  const entry = new URL('../src/engine.ts', import.meta.url).pathname;
  buildSync({ entryPoints: [entry], bundle: true, format: 'esm', outfile: bundle });
  ({ Engine } = await import(bundle));
  module = await WebAssembly.compile(readFileSync(process.env.CISOR_WASM));
});

/** An engine that reads from memory. */
function engineOf(file) {
  return engineOfNamed({ name: 'file', bytes: file });
}

function engineOfNamed(...files) {
  const engine = new Engine(module);
  const named = files.map(({ name, bytes }) => ({ name, size: bytes.length }));
  engine.open(named, (file, offset, into) => {
    const bytes = files[file].bytes.subarray(offset, offset + into.length);
    into.set(bytes);
    return bytes.length === into.length;
  });
  return engine;
}

/** Packs an image as the page does, in one part. */
function packed(image, profile, part = image.length) {
  const engine = engineOf(image);
  engine.plan(profile);
  engine.begin();
  const file = Buffer.alloc(2 * image.length);
  for (let at = 0; at < image.length; at += part) {
    const { image: decoded, packed } = engine.pack(at, Math.min(part, image.length - at));
    engine.hash(decoded);
    engine.add(packed);
  }
  const { size } = engine.finish();
  for (let write = engine.nextWrite(); write; write = engine.nextWrite()) {
    file.set(write.bytes, write.at);
  }
  return file.subarray(0, size);
}

function decoded(file) {
  const engine = engineOf(file);
  const { imageSize } = engine.describe();
  return Buffer.from(engine.decode(0, imageSize));
}

for (const format of ['cso', 'cso2', 'zso', 'dax', 'jso']) {
  for (const size of format === 'dax' ? [8192] : [2048, 8192, 16384]) {
    test(`${format} with blocks of ${size} bytes`, () => {
      const path = join(WORK, `vector-${size}.${format}`);
      cisor('compress', discs.ps2, '--to', format, '--for', 'any', '-b', String(size), '-f', '-o', path);
      const file = readFileSync(path);
      const image = readFileSync(discs.ps2);
      assert.ok(decoded(file).equals(image));
      // In pieces that begin and end inside blocks.
      const engine = engineOf(file);
      for (const [at, len] of [[0, 1], [2047, 2], [16383, 70001], [image.length - 5000, 5000]]) {
        assert.ok(image.subarray(at, at + len).equals(engine.decode(at, len)), `${at} ${len}`);
      }
    });
  }
}

test('files of other tools, whose bytes the decoder is tested with', () => {
  const folder = new URL('../../../crates/sector-decode/tests/golden/', import.meta.url);
  const image = readFileSync(new URL('image.iso', folder));
  const names = readdirSync(folder).filter((name) => /\.(cso2?|zso|dax)$/.test(name));
  assert.ok(names.length >= 7, String(names));
  for (const name of names) {
    assert.ok(decoded(readFileSync(new URL(name, folder))).equals(image), name);
  }
});

for (const [profile, extension] of [['psp', 'cso'], ['ppsspp', 'cso'], ['cisor', 'cso']]) {
  test(`the program reads a file for ${profile}`, () => {
    const path = join(WORK, `engine-${profile}.${extension}`);
    writeFileSync(path, packed(readFileSync(discs.psp), profile, 1 << 20));
    assert.equal(cisor('verify', path).hashes.sha1, sha1(discs.psp));
    if (profile !== 'ppsspp') {
      assert.equal(cisor('info', '--blocks', path).lint.failed, 0);
    }
  });
}

test('files for OPL and PCSX2 are as the program writes them, where the encoder is the same', () => {
  const path = join(WORK, 'engine-opl.zso');
  cisor('compress', discs.ps2, '--for', 'opl', '-f', '-o', path);
  assert.ok(packed(readFileSync(discs.ps2), 'opl', 2 << 20).equals(readFileSync(path)));
});

test('CHDs by chdman, of every codec', () => {
  const folder = new URL('../../../crates/image-source/tests/golden/', import.meta.url);
  const names = readdirSync(folder).filter((name) => name.endsWith('.chd') && name !== 'dvd-child.chd');
  assert.ok(names.length >= 14, String(names));
  for (const name of names) {
    const file = readFileSync(new URL(name, folder));
    const engine = engineOf(file);
    const { imageSize, container, sourceSha1, lostTracks } = engine.describe();
    assert.match(container, /^CHD/);
    engine.hash(engine.decode(0, imageSize));
    engine.checkSource();
    const { sha1 } = engine.digests();
    const own = cisor('verify', new URL(name, folder).pathname);
    assert.equal(sha1, own.hashes.sha1, name);
    assert.equal(sourceSha1 ?? sha1, sha1, name);
    assert.equal(lostTracks.length > 0, /cd-cd|raw-game/.test(name), name);
  }
  assert.throws(() => engineOf(readFileSync(new URL('dvd-child.chd', folder))), /needs its parent/);
});

test('a damaged CHD is refused where it is damaged, and the engine goes on', () => {
  const path = new URL('../../../crates/image-source/tests/golden/dvd-lzma.chd', import.meta.url);
  for (let at = 8; at < 4000; at += 97) {
    const bytes = Buffer.from(readFileSync(path));
    bytes[at] ^= 0x55;
    try {
      const engine = engineOf(bytes);
      engine.decode(0, engine.describe().imageSize);
    } catch (error) {
      assert.ok(error.message.length > 0);
    }
  }
  assert.ok(engineOf(readFileSync(path)).describe().imageSize > 0);
});

test('a CD is read by its sheet, or without one, and other tracks are named', () => {
  const { sheet, bin, image } = cd();
  const files = [
    { name: 'game.cue', bytes: sheet },
    { name: 'other.bin', bytes: Buffer.alloc(5000) },
    { name: 'GAME.BIN', bytes: bin },
  ];
  const engine = engineOfNamed(...files);
  const about = engine.describe();
  assert.deepEqual(about.parts, ['game.bin']);
  assert.equal(about.fileSize, sheet.length + bin.length);
  assert.deepEqual(about.lostTracks, [[2, 'AUDIO', 150]]);
  assert.ok(Buffer.from(engine.decode(0, about.imageSize)).equals(image));
  assert.throws(() => engineOfNamed(files[0]), /game\.bin.*not beside it/);
  const alone = engineOf(bin);
  const { imageSize, container } = alone.describe();
  assert.match(container, /2352/);
  assert.ok(Buffer.from(alone.decode(0, imageSize)).equals(image));
  const damaged = Buffer.from(bin);
  damaged[20 * 2352 + 100] ^= 1;
  assert.throws(() => engineOf(damaged).decode(0, imageSize), /sector 20 .*EDC/);
});

test('discs in ZIP and 7z archives, whatever they are packed with', () => {
  const image = readFileSync(discs.ps2);
  for (const { name, path, forward } of archives(discs.ps2)) {
    const engine = engineOf(readFileSync(path));
    const about = engine.describe();
    assert.equal(about.forward, forward, name);
    assert.match(about.container, /^(ZIP|7z): castle/);
    assert.ok(Buffer.from(engine.decode(0, about.imageSize)).equals(image), name);
    engine.checkSource();
    // Before what is kept in memory.
    assert.ok(image.subarray(5, 900).equals(engine.decode(5, 895)), name);
  }
  const bytes = readFileSync(archives(discs.ps2)[0].path);
  bytes[bytes.length >> 1] ^= 0x10;
  const engine = engineOf(bytes);
  assert.throws(() => {
    engine.decode(0, image.length);
    engine.checkSource();
  });
});

test('every format of every profile is read by the program', () => {
  const engine = new Engine(module);
  const names = [];
  for (const { name, formats } of engine.profiles()) {
    for (const format of formats) {
      const disc = name === 'opl' || name === 'pcsx2' ? discs.ps2 : discs.psp;
      const image = readFileSync(disc).subarray(0, 3 << 20);
      const path = join(WORK, `profile-${name}-${format.replace(' ', '')}.img`);
      writeFileSync(path, packed(image, `${name}:${format}`, 1 << 20));
      assert.equal(cisor('verify', path).hashes.sha1, createHash('sha1').update(image).digest('hex'), path);
      names.push(`${name}:${format}`);
    }
  }
  assert.ok(['CSO', 'CSO v2', 'ZSO', 'DAX', 'JSO'].every((format) => names.includes(`any:${format}`)), String(names));
  assert.throws(() => packed(readFileSync(discs.psp), 'psp:DAX'), /has no format/);
});

test('noise, in blocks of every size', () => {
  // zlib-rs 0.6.8 panics here when it is given no more room than the block has.
  const image = noise(1 << 20, 11);
  for (const profile of ['psp', 'ppsspp', 'pcsx2', 'cisor']) {
    assert.ok(decoded(packed(image, profile)).equals(image), profile);
  }
});

test('parts of any size give the same file', () => {
  const image = readFileSync(discs.psp);
  const whole = packed(image, 'psp');
  assert.ok(packed(image, 'psp', 2 << 20).equals(whole));
  assert.ok(packed(image, 'psp', 64 << 10).equals(whole));
});

test('streams that could hang a PSP are counted', () => {
  const path = join(WORK, 'unsafe.cso');
  cisor('compress', discs.psp, '--for', 'ppsspp', '-b', '32K', '-f', '-o', path);
  const expected = cisor('info', '--blocks', path).lint.failed;
  const engine = engineOf(readFileSync(path));
  const { imageSize } = engine.describe();
  assert.ok(expected > 0);
  assert.equal(engine.check(0, imageSize).unsafe, expected);
});

test('no hostile file stops the engine, whatever is asked of it', () => {
  const cso = join(WORK, 'engine-psp.cso');
  const files = Object.values(hostile(cso)).map((path) => readFileSync(path));
  const good = readFileSync(cso);
  for (let round = 0; round < 60; round += 1) {
    const bytes = Buffer.from(good.subarray(0, 300_000));
    const damage = noise(16, round + 1);
    for (let number = 0; number < 12; number += 4) {
      bytes[damage.readUInt16LE(number) % (round % 2 ? 24 : 20_000)] = damage[number + 3];
    }
    files.push(bytes);
  }
  let refused = 0;
  for (const file of files) {
    for (const work of [(e) => e.describe(), (e) => e.picture(), (e) => e.plan('psp'), (e) => e.pack(0, 1 << 20), (e) => e.check(0, 1 << 20)]) {
      try {
        work(engineOf(file));
      } catch (error) {
        refused += 1;
        assert.doesNotMatch(String(error), /unreachable|panicked|RuntimeError/);
      }
    }
  }
  assert.ok(refused > 20, String(refused));
});

test('an engine that stopped is replaced by a fresh one', () => {
  const engine = engineOf(Buffer.alloc(4096));
  // More than there is memory for.
  assert.throws(() => engine.hash({ length: 0xfffffff0 }));
  engine.hash(Buffer.from('abc'));
  assert.equal(engine.digests().sha1, 'a9993e364706816aba3e25717850c26c9cd0d89d');
});

test('digests of an image are those of the program', () => {
  const image = readFileSync(discs.ps2);
  const engine = engineOf(image);
  engine.hash(image.subarray(0, 12345));
  engine.hash(image.subarray(12345));
  const { crc32, sha1, len } = engine.digests();
  const hashes = cisor('verify', discs.ps2).hashes;
  assert.deepEqual({ crc32, sha1, len }, { crc32: hashes.crc32, sha1: hashes.sha1, len: image.length });
});
