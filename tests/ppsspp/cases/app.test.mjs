// The console's program on PPSSPP: it dumps the disc that it was started from, checks images, reads files,
// and handles cards that fail.

import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { before, describe, test } from 'node:test';

import { setting } from '../emulator/console.mjs';
import { FOLDER, runApp } from '../support/app.mjs';
import { compress, mustCisor, verdictOf } from '../support/cisor.mjs';
import { makeDisc, SECTOR } from '../support/disc.mjs';
import { Script } from '../support/mock.mjs';
import { crc32 } from '../support/picture.mjs';

const sha1 = (bytes) => crypto.createHash('sha1').update(bytes).digest('hex');
const sha256 = (bytes) => crypto.createHash('sha256').update(bytes).digest('hex');
const crc = (bytes) => crc32(bytes).toString(16).padStart(8, '0');

let disc;

before(() => {
  const program = fs.readFileSync(path.join(setting('CISOR_PSP'), 'cisor-app.prx'));
  disc = makeDisc({ name: 'app', program, kib: 512, id: 'CISO00002' });
});

/** Checks that every command succeeded. */
function allOk(run) {
  for (const result of run.results.filter(({ command }) => command)) {
    assert.equal(result.status, 'ok', JSON.stringify(result));
  }
}

/**
 * Checks that a dump on the card equals the disc, as seen by the PC's program, and that its hashes are those
 * of the disc.
 */
function isTheDisc(run, name, result) {
  const dump = path.join(run.output, 'card', name);
  assert.ok(fs.existsSync(dump), `${name} is not on the card; there is ${run.files().join(' ')}`);
  assert.deepEqual(result.hashes, { crc32: crc(disc.bytes), sha1: sha1(disc.bytes) });
  mustCisor('verify', '-q', dump);
  const back = `${dump}.back.iso`;
  if (name.endsWith('.iso')) fs.copyFileSync(dump, back);
  else mustCisor('extract', dump, '-o', back, '-q');
  assert.equal(sha256(fs.readFileSync(back)), sha256(disc.bytes), `${name} is not the disc`);
}

/** A card with a folder for images. */
const USED_CARD = [{ to: 'ISO/README.TXT', text: 'images' }];

describe('dumping a disc', () => {
  for (const [block, formats] of [
    ['2K', ['zso', 'cso', 'iso']],
    ['16K', ['zso']],
    ['32K', ['iso']],
  ]) {
    test(`a CSO with blocks of ${block} is booted and dumped to ${formats.join(', ')}, and its files are read`, async () => {
      const image = compress(disc.iso, `app-${block}.cso`, '--for', 'ppsspp', '-b', block);
      const dumps = formats.map((format) => `dump ${format} ms0:/ISO/DUMP.${format}`);
      const run = await runApp({
        name: `app-dump-${block}`,
        program: { from: image },
        // One of them starts with a newly formatted card.
        card: block === '32K' ? [] : USED_CARD,
        commands: [...dumps, 'read-files', 'exit'],
        seconds: 180,
      });
      allOk(run);
      run.of('dump').forEach((result, number) => isTheDisc(run, `ISO/DUMP.${formats[number]}`, result));
      const read = run.results.filter(({ event }) => event === 'file');
      const names = read.map((file) => file.path.slice('disc0:/'.length)).sort();
      assert.deepEqual(names, [...disc.files.keys()].sort());
      for (const file of read) {
        const bytes = disc.files.get(file.path.slice('disc0:/'.length));
        assert.deepEqual(
          [file.size, file.sha1, file.crc32],
          [bytes.length, sha1(bytes), crc(bytes)],
          file.path,
        );
      }
    });
  }

  test('where a program reads its disc can be noted', async () => {
    const run = await runApp({
      name: 'app-trace',
      program: { from: disc.iso },
      commands: ['read-files', 'exit'],
      trace: true,
      seconds: 60,
    });
    allOk(run);
    // In the order in which they were read: the volume and its directories, the program, every file.
    const touched = new Set(
      run.reads.flatMap(([first, count]) => Array.from({ length: count }, (_, number) => first + number)),
    );
    assert.ok(touched.has(16));
    for (const [name, bytes] of disc.files) {
      const at = disc.bytes.indexOf(bytes.subarray(0, SECTOR)) / SECTOR;
      if (bytes.length >= SECTOR && Number.isInteger(at))
        assert.ok(touched.has(at), `${name} at sector ${at}`);
    }
  });

  test('CSO v2 is misread by PPSSPP: it boots, and what it reads is not the disc', async () => {
    const image = compress(disc.iso, 'app-v2.cso', '--to', 'cso2', '-b', '2K');
    const run = await runApp({
      name: 'app-dump-v2',
      program: { from: image },
      card: USED_CARD,
      commands: ['dump iso ms0:/ISO/DUMP.iso', 'exit'],
      seconds: 120,
    });
    const [dump] = run.of('dump');
    const right = dump.status === 'ok' && run.file('ISO/DUMP.iso').equals(disc.bytes);
    assert.ok(!right, 'PPSSPP has learned to read it: tell `cisor info`');
    assert.equal(verdictOf(image, 'ppsspp').verdict, 'refuses');
  });
});

describe('checking images', () => {
  const FORMATS = [
    { name: 'check-2k.cso', args: ['--for', 'psp'], format: 'cso' },
    { name: 'check-v2.cso', args: ['--to', 'cso2'], format: 'cso2' },
    { name: 'check.zso', args: ['--to', 'zso'], format: 'zso' },
    { name: 'check.dax', args: ['--to', 'dax'], format: 'dax' },
    { name: 'check.jso', args: ['--to', 'jso', '-b', '2K'], format: 'jso' },
  ];

  test('the hashes are those of the disc, in every format', async () => {
    const images = FORMATS.map(({ name, args }) => ({
      to: `ISO/${name}`,
      from: compress(disc.iso, name, ...args),
    }));
    const run = await runApp({
      name: 'app-check',
      card: [...images, { to: 'ISO/check.iso', from: disc.iso }],
      commands: [
        'images list',
        ...images.map(({ to }) => `check ms0:/${to}`),
        'check ms0:/ISO/check.iso',
        'exit',
      ],
      seconds: 180,
    });
    allOk(run);
    const [list] = run.of('images');
    assert.deepEqual(list.images.map((image) => image.format).sort(), [
      'cso',
      'cso2',
      'dax',
      'iso',
      'jso',
      'zso',
    ]);
    for (const image of list.images) {
      assert.deepEqual(
        [image.title, image.disc_id.replace('-', ''), image.size],
        ['app', 'CISO00002', disc.bytes.length],
        image.path,
      );
    }
    const checks = run.of('check');
    assert.equal(checks.length, FORMATS.length + 1);
    for (const check of checks) {
      assert.deepEqual(check.hashes, { crc32: crc(disc.bytes), sha1: sha1(disc.bytes) }, check.path);
      assert.deepEqual([check.damaged, check.size], [0, disc.bytes.length]);
    }
  });

  test('a damaged or truncated image is told by its first wrong block', async () => {
    const whole = fs.readFileSync(compress(disc.iso, 'damage.cso', '--for', 'psp', '-f'));
    const zso = fs.readFileSync(compress(disc.iso, 'damage.zso', '--to', 'zso', '-b', '2K'));
    const start = (image, block) => (image.readUInt32LE(24 + 4 * block) & 0x7fff_ffff) >>> 0;
    const packed = (image, from) => {
      let block = from;
      while (image.readUInt32LE(24 + 4 * block) & 0x8000_0000) block += 1;
      return block;
    };
    // An invalid kind of deflate block; a stored size that is wrong; LZ4 that copies from before the start;
    // half of a file.
    const deflateAt = packed(whole, 40);
    const deflate = Buffer.from(whole);
    deflate[start(whole, deflateAt)] |= 0x06;
    const lz4At = packed(zso, 60);
    const lz4 = Buffer.from(zso);
    lz4.fill(0, start(zso, lz4At), start(zso, lz4At + 1));
    const indexAt = 100;
    const index = Buffer.from(whole);
    index.writeUInt32LE(start(whole, indexAt) - 8, 24 + 4 * (indexAt + 1));
    const cutAt = 200;
    const cut = whole.subarray(0, start(whole, cutAt) + 1);
    const cases = [
      { name: 'DEFLATE.CSO', bytes: deflate, block: deflateAt },
      { name: 'LZ4.ZSO', bytes: lz4, block: lz4At },
      { name: 'INDEX.CSO', bytes: index, block: indexAt },
      { name: 'CUT.CSO', bytes: cut, block: cutAt },
    ];
    const headers = [
      { name: 'SHORT.CSO', bytes: whole.subarray(0, 20) },
      {
        name: 'BLOCK.CSO',
        bytes: Buffer.concat([whole.subarray(0, 16), Buffer.alloc(4), whole.subarray(20)]),
      },
      {
        name: 'HUGE.CSO',
        bytes: Buffer.concat([whole.subarray(0, 8), Buffer.alloc(8, 0x7f), whole.subarray(16)]),
      },
      { name: 'EMPTY.CSO', bytes: Buffer.alloc(0) },
    ];
    const run = await runApp({
      name: 'app-damaged',
      card: [...cases, ...headers].map(({ name, bytes }) => ({ to: `ISO/${name}`, text: bytes })),
      commands: [...[...cases, ...headers].map(({ name }) => `check ms0:/ISO/${name}`), 'exit'],
      seconds: 180,
    });
    const results = run.of('check');
    for (const [number, { name, block }] of cases.entries()) {
      const result = results[number];
      assert.equal(result.status, 'damaged', `${name}: ${JSON.stringify(result)}`);
      assert.equal(result.first_damaged.block, block, name);
      assert.equal(result.first_damaged.lba, (block * result.block_size) / SECTOR, name);
      assert.equal(result.hashes, null, name);
      // The PC's program finds the same errors.
      const file = path.join(run.output, name);
      fs.writeFileSync(file, cases[number].bytes);
    }
    for (const [number, { name }] of headers.entries()) {
      const result = results[cases.length + number];
      assert.ok(
        ['damaged', 'failed', 'refused'].includes(result.status),
        `${name}: ${JSON.stringify(result)}`,
      );
      assert.ok(result.error.message.length > 10, name);
    }
  });
});

describe('what can go wrong', () => {
  /** Dumps with an injected fault; nothing but the whole disc may be under the final name. */
  async function fails(name, job, kinds) {
    const run = await runApp({
      name: `app-${name}`,
      program: { from: disc.iso },
      card: USED_CARD,
      commands: ['dump cso ms0:/ISO/DUMP.cso', 'exit'],
      // The results cannot be written to the card either.
      until: { stdout: '"event":"end"' },
      seconds: 120,
      ...job,
    });
    const [dump] = run.of('dump');
    assert.ok(['failed', 'refused'].includes(dump.status), JSON.stringify(dump));
    assert.ok(
      kinds.includes(dump.error.kind),
      `${dump.error.kind} instead of ${kinds.join(' or ')}: ${dump.error.message}`,
    );
    assert.equal(run.file('ISO/DUMP.cso'), undefined, 'half an image under the final name');
    return run;
  }

  test('no disc', async () => {
    await fails('no-disc', { program: undefined }, ['no_disc']);
  });

  test('the card is full', async () => {
    await fails('card-full', { faults: { cardFullAfter: 100_000 } }, ['card_full', 'no_space', 'write']);
  });

  test('the card is read-only', async () => {
    await fails('read-only', { faults: { cardReadOnly: true } }, ['read_only', 'open', 'write']);
  });

  test('the card is pulled out', async () => {
    await fails('card-gone', { faults: { cardGoneAfter: 100_000 } }, ['card_removed', 'write', 'no_card']);
  });

  test('Circle is pressed half-way', async () => {
    const run = await runApp({
      name: 'app-cancelled',
      program: { from: disc.iso },
      card: USED_CARD,
      commands: ['cancel-at 40', 'dump zso ms0:/ISO/DUMP.zso', 'exit'],
      seconds: 60,
    });
    const [dump] = run.of('dump');
    assert.equal(dump.status, 'interrupted', JSON.stringify(dump));
    assert.deepEqual(
      run.files().filter((name) => name.startsWith('ISO/')),
      [],
      'something stayed behind',
    );
  });

  test('a file of that name is there', async () => {
    const run = await runApp({
      name: 'app-exists',
      program: { from: disc.iso },
      card: [{ to: 'ISO/DUMP.iso', text: 'not to be lost' }],
      commands: ['dump iso ms0:/ISO/DUMP.iso', 'exit'],
      seconds: 60,
    });
    const [dump] = run.of('dump');
    assert.deepEqual([dump.status, dump.error.kind], ['refused', 'target_exists']);
    assert.equal(run.file('ISO/DUMP.iso'), undefined, 'it was changed');
  });

  test('an image vanishes while it is checked', async () => {
    const image = compress(disc.iso, 'vanishing.cso', '--for', 'psp');
    const run = await runApp({
      name: 'app-vanishing',
      card: [{ to: 'ISO/GONE.CSO', from: image }],
      commands: ['check ms0:/ISO/GONE.CSO', 'exit'],
      faults: { vanishing: { file: 'ISO/GONE.CSO', after: 100_000 } },
      seconds: 120,
    });
    const [check] = run.of('check');
    assert.ok(['failed', 'damaged'].includes(check.status), JSON.stringify(check));
    assert.equal(check.hashes ?? null, null);
  });

  test('commands that make no sense', async () => {
    const run = await runApp({
      name: 'app-nonsense',
      commands: ['dance', 'check', 'dump tar ms0:/X', 'check "ms0:/unclosed'],
      seconds: 60,
    });
    assert.equal(run.results.filter(({ event }) => event === 'bad-line').length, 4);
    assert.equal(run.results.filter(({ command }) => command).length, 0, 'something was run all the same');
    assert.deepEqual(
      run.files().filter((name) => !name.startsWith(FOLDER)),
      [],
    );
  });
});

describe('the driver, seen from a program', () => {
  test('the program reads its counters through the system calls of its library', async () => {
    const image = compress(disc.iso, 'live.cso', '--for', 'psp');
    const script = new Script()
      .image('ms0:/ISO/GAME.CSO')
      .load()
      .start(({ v0 }) => assert.equal(v0, 0));
    const run = await runApp({
      name: 'app-live',
      card: [...script.asPlugin(), { to: 'ISO/GAME.CSO', from: image }],
      // The first command takes a while, during which the driver starts.
      commands: ['check ms0:/ISO/GAME.CSO', 'driver status', 'exit'],
      seconds: 60,
    });
    script.judge(run);
    allOk(run);
    const [{ live }] = run.of('driver');
    assert.deepEqual(
      [live.serving, live.format, live.block_size, live.sectors],
      [true, 'cso', 2048, disc.bytes.length / SECTOR],
    );
    assert.ok(live.card_reads > 0);
  });

  test('without the driver there is nothing to see', async () => {
    const run = await runApp({ name: 'app-no-driver', commands: ['driver status', 'exit'], seconds: 60 });
    assert.equal(run.of('driver')[0].live, null);
  });

  test('its line is put into the list of plugins and taken out again, and the list as it was is kept', async () => {
    const list = 'game, ms0:/SEPLUGINS/other.prx, on\n';
    const run = await runApp({
      name: 'app-install',
      card: [
        { to: 'SEPLUGINS/PLUGINS.TXT', text: list },
        { to: 'SEPLUGINS/cisor.prx', from: path.join(setting('CISOR_PSP'), 'cisor.prx') },
      ],
      commands: ['driver install ark', 'driver status', 'driver install ark', 'exit'],
      seconds: 60,
    });
    allOk(run);
    const [installed, status, again] = run.of('driver');
    assert.deepEqual([installed.changed, status.installed, again.changed], [true, true, false]);
    const lines = run.file('SEPLUGINS/PLUGINS.TXT').toString().split(/\r?\n/);
    assert.ok(
      lines.includes(list.trim()) && lines.includes('umd, ms0:/SEPLUGINS/cisor.prx, on'),
      lines.join(' / '),
    );
    assert.equal(run.file(installed.backup.slice('ms0:/'.length)).toString(), list);

    const removed = await runApp({
      name: 'app-remove',
      card: [{ to: 'SEPLUGINS/PLUGINS.TXT', text: run.file('SEPLUGINS/PLUGINS.TXT') }],
      commands: ['driver remove ark', 'exit'],
      seconds: 60,
    });
    allOk(removed);
    assert.equal(removed.file('SEPLUGINS/PLUGINS.TXT').toString(), list);
  });
});
