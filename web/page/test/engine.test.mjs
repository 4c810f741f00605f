// The engine without a browser: it decodes what the program writes, and what it packs the program decodes.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { buildSync } from 'esbuild';
import { WORK } from './browsers.mjs';
import { badDats, cdEntry, dat, entry } from './dats.mjs';
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
    const { image: decoded, packed, crc32 } = engine.pack(at, Math.min(part, image.length - at));
    engine.hash(decoded, crc32);
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
  return Buffer.from(engine.decode(0, imageSize).image);
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
        assert.ok(image.subarray(at, at + len).equals(engine.decode(at, len).image), `${at} ${len}`);
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
    const { image, crc32 } = engine.decode(0, imageSize);
    engine.hash(image, crc32);
    engine.checkSource();
    const { sha1 } = engine.digests();
    const own = cisor('verify', new URL(name, folder).pathname);
    assert.equal(sha1, own.hashes.sha1, name);
    assert.equal(sourceSha1 ?? sha1, sha1, name);
    assert.equal(lostTracks.length > 0, /cd-cd|raw-game/.test(name), name);
  }
  assert.throws(() => engineOf(readFileSync(new URL('dvd-child.chd', folder))), /needs its parent/);
  // The list of tracks has a checksum, too.
  const chd = readFileSync(new URL('cd-cdzl.chd', folder));
  chd[chd.lastIndexOf('POSTGAP:0') + 8] = '1'.charCodeAt(0);
  assert.throws(() => engineOf(chd), /list of tracks is damaged/);
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
  assert.ok(Buffer.from(engine.decode(0, about.imageSize).image).equals(image));
  assert.throws(() => engineOfNamed(files[0]), /game\.bin.*not beside it/);
  const alone = engineOf(bin);
  const { imageSize, container } = alone.describe();
  assert.match(container, /2352/);
  assert.ok(Buffer.from(alone.decode(0, imageSize).image).equals(image));
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
    assert.ok(Buffer.from(engine.decode(0, about.imageSize).image).equals(image), name);
    engine.checkSource();
    // Before what is kept in memory.
    assert.ok(image.subarray(5, 900).equals(engine.decode(5, 895).image), name);
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
    for (const [format] of formats) {
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

test('levels and block sizes give the file that the program writes with them, where the encoder is the same', () => {
  const image = readFileSync(discs.ps2).subarray(0, 1 << 20);
  const source = join(WORK, 'levels.iso');
  writeFileSync(source, image);
  for (const [wish, ...args] of [
    ['any:ZSO:9:', '--for', 'any', '--to', 'zso', '-9'],
    ['pcsx2:ZSO:6:32768', '--for', 'pcsx2', '--to', 'zso', '-b', '32K'],
    ['ppsspp:CSO:9:4096', '--for', 'ppsspp', '-9', '-b', '4K'],
    ['any:CSO:best:2048', '--for', 'any', '--to', 'cso', '--best', '-b', '2K'],
    ['any:CSO v2:9:16384', '--for', 'any', '--to', 'cso2', '-9', '-b', '16K'],
  ]) {
    const path = join(WORK, 'levels.out');
    cisor('compress', source, ...args, '-f', '-o', path);
    assert.ok(packed(image, wish, 256 << 10).equals(readFileSync(path)), wish);
  }
  const fast = packed(image, 'any:ZSO:1:');
  assert.ok(decoded(fast).equals(image) && fast.length > packed(image, 'any:ZSO').length);
  assert.throws(() => packed(image, 'any:ZSO:10:'), /no level 10/);
  assert.throws(() => packed(image, 'opl:ZSO::4096'), /crashes/);
});

test('the block sizes of a profile are those that the program takes', () => {
  const sizes = Object.fromEntries(new Engine(module).profiles().flatMap(({ name, formats }) => formats.map(([format, sizes]) => [`${name}:${format}`, sizes])));
  assert.deepEqual(sizes['opl:ZSO'], [2048]);
  assert.deepEqual(sizes['ark:CSO'], [2048, 4096, 8192]);
  assert.deepEqual(sizes['ppsspp:CSO'], [16384, 2048, 4096, 8192, 32768]);
  assert.deepEqual(sizes['any:DAX'], [8192]);
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

/** Gives an engine a DAT. */
function addDat(engine, bytes) {
  return engine.addDat(bytes.length, (file, offset, into) => {
    into.set(bytes.subarray(offset, offset + into.length));
    return file === 0 && offset + into.length <= bytes.length;
  });
}

/** What the page asks about a disc. */
function question(path, { name, id = null } = {}) {
  const engine = engineOf(readFileSync(path));
  engine.hash(readFileSync(path));
  return { name: name ?? path, id, digests: [engine.digests()] };
}

/** What a CD's tracks are, hashed in parts of odd lengths. */
function trackQuestion(engine) {
  engine.digests();
  const digests = engine.trackLens().map((len, track) => {
    for (let at = 0; at < len; at += 100_001) {
      engine.hashTrack(track, at, Math.min(100_001, len - at));
    }
    return engine.digests();
  });
  return { name: 'game.cue', id: null, digests };
}

/** What the program says about a disc; it fails for one that is wrong. */
function byProgram(disc, list) {
  try {
    return cisor('verify', disc, '--dat', list).dat;
  } catch (error) {
    return JSON.parse(error.stdout.trim().split('\n')[0]).dat;
  }
}

test('what DATs say about a disc is what the program says', () => {
  const other = '00'.repeat(20);
  const lists = {
    match: dat('Right', entry('Castle &amp; Moat', discs.ps2)),
    // By the name of the file, and by the disc's id.
    wrong: dat('Wrong', entry('castle', discs.ps2, { sha1: other })),
    serial: dat('Serial', entry('Another', discs.ps2, { sha1: other, serial: 'SLUS-20041' })),
    size: dat('Size', entry('castle', discs.ps2, { size: 2048 })),
    unknown: dat('Unknown', entry('Another', discs.psp)),
  };
  for (const [kind, list] of Object.entries(lists)) {
    const path = join(WORK, `engine-${kind}.dat`);
    writeFileSync(path, list);
    const engine = new Engine(module);
    assert.equal(addDat(engine, list).games, 1);
    const own = engine.judge(question(discs.ps2, { name: 'castle.iso', id: 'SLUS-20041' }));
    const theirs = byProgram(discs.ps2, path);
    assert.deepEqual([own.verdict, own.game], [theirs.verdict, theirs.game ?? undefined], kind);
    assert.equal(own.verdict, kind === 'serial' || kind === 'size' ? 'wrong' : kind);
    assert.equal(own.what, { wrong: 'SHA-1', serial: 'SHA-1', size: 'size' }[kind]);
  }
});

test('several DATs are one list, and an entry with less than a SHA-1 proves no more than it can', () => {
  const engine = new Engine(module);
  const { digests } = question(discs.ps2);
  const of = (name, id = null) => engine.judge({ name, id, digests });
  assert.equal(of('castle.iso').verdict, 'unknown');
  addDat(engine, dat('Discs', entry('Runner', discs.psp)));
  addDat(engine, dat('Weak', entry('By its CRC', discs.ps2, { sha1: undefined })));
  assert.deepEqual(of('x.iso'), { verdict: 'match', game: 'By its CRC', dat: 'Weak' });
  assert.equal(engine.judge(question(discs.psp)).dat, 'Discs');
  const md5 = new Engine(module);
  addDat(md5, dat('MD5', entry('castle', discs.ps2, { sha1: undefined, md5: '11'.repeat(16) })));
  assert.equal(md5.judge({ name: 'castle.iso', id: null, digests }).verdict, 'md5');
  const shorter = [{ ...digests[0], len: 2048 }];
  assert.equal(md5.judge({ name: 'castle.iso', id: null, digests: shorter }).verdict, 'wrong');
});

test('the tracks of a CD are what DATs list, in one file or in several', () => {
  const { sheet, bin, tracks: [data, music] } = cd();
  const list = dat('CDs', cdEntry('Game', data, music));
  const split = `FILE "one.bin" BINARY\n TRACK 01 MODE2/2352\n  INDEX 01 00:00:00\nFILE "two.bin" BINARY\n TRACK 02 AUDIO\n  INDEX 01 00:00:00\n`;
  const one = [{ name: 'game.cue', bytes: sheet }, { name: 'game.bin', bytes: bin }];
  const two = [{ name: 'game.cue', bytes: Buffer.from(split) }, { name: 'one.bin', bytes: data }, { name: 'two.bin', bytes: music }];
  const damaged = Buffer.from(bin);
  damaged[damaged.length - 1] ^= 1;
  const wrong = [one[0], { name: 'game.bin', bytes: damaged }];
  for (const [files, verdict] of [[one, 'match'], [two, 'match'], [wrong, 'wrong']]) {
    const engine = engineOfNamed(...files);
    const asked = trackQuestion(engine);
    addDat(engine, list);
    assert.equal(asked.digests.length, 2);
    const said = engine.judge(asked);
    assert.deepEqual([said.verdict, said.game], [verdict, 'Game']);
  }
  assert.throws(() => engineOfNamed(...one).hashTrack(2, 0, 1), /no such track/);
  assert.throws(() => engineOfNamed(...one).hashTrack(1, music.length, 1), /no such track/);
  assert.deepEqual(engineOf(readFileSync(discs.ps2)).trackLens(), []);
});

test('a DAT that is none is refused, and the others stay', () => {
  const good = dat('Right', entry('Castle', discs.ps2));
  const engine = new Engine(module);
  addDat(engine, good);
  const bad = badDats(good);
  for (const { path, says } of bad) {
    const bytes = readFileSync(path);
    let said;
    try {
      said = addDat(engine, bytes).other;
    } catch (error) {
      said = error.message;
      assert.doesNotMatch(said, /unreachable|panicked|RuntimeError/);
    }
    assert.match(said, says, path);
  }
  // Bytes all over a ZIP, changed.
  const packed = readFileSync(bad.at(-1).path);
  for (let at = 0; at < packed.length; at += 3) {
    const bytes = Buffer.from(packed);
    bytes[at] ^= 0x55;
    try {
      addDat(engine, bytes);
    } catch (error) {
      assert.doesNotMatch(String(error), /unreachable|panicked|RuntimeError/);
    }
  }
  assert.equal(engine.judge(question(discs.ps2)).verdict, 'match');
});
