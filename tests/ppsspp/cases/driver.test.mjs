// The driver as users install it, together with a mock of the firmware that it expects, on PPSSPP's kernel.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { before, describe, test } from 'node:test';

import { setting } from '../emulator/console.mjs';
import { compress } from '../support/cisor.mjs';
import { makeDisc, SECTOR } from '../support/disc.mjs';
import { COMMAND, dice, readParameters } from '../support/isofs.mjs';
import { KERNEL, KERNEL_OUTPUT, PROGRAM, Script } from '../support/mock.mjs';

const IMAGE = 'ISO/GAME.cso';
const NONE = Buffer.alloc(0);

const INVALID_ARGUMENT = 0x8001_0016;
const BUFFER_TOO_SMALL = 0x8001_0069;
const NO_MEDIUM = 0x8021_0003;
const OUT_OF_RANGE = 0x8021_0002;
/** The answer of the original device, plus the number of the entry. */
const NOTED = 0x600d_0000;

/**
 * One image of each format, with blocks of different sizes, keyed by the format's name in `cisor info` (the
 * driver uses a number).
 */
const FORMATS = [
  { file: 'driver.cso', args: ['--for', 'psp'], format: 1, block: 2048 },
  { file: 'driver-16k.cso', args: ['--to', 'cso', '-b', '16K'], format: 1, block: 16384 },
  { file: 'driver-v2.cso', args: ['--to', 'cso2', '-b', '4K'], format: 2, block: 4096 },
  { file: 'driver.zso', args: ['--to', 'zso', '-b', '2K'], format: 3, block: 2048 },
  { file: 'driver.dax', args: ['--to', 'dax'], format: 4, block: 8192 },
  { file: 'driver.jso', args: ['--to', 'jso', '-b', '2K'], format: 5, block: 2048 },
];

let disc;
let sectors;

before(() => {
  disc = makeDisc({ name: 'driver', program: fs.readFileSync(setting('CISOR_MOCK')), kib: 512 });
  sectors = disc.bytes.length / SECTOR;
});

/** A script that makes the driver serve an image. */
function serving() {
  return new Script()
    .image(`ms0:/${IMAGE}`)
    .load(({ v0, output }) => {
      assert.equal(v0, 0);
      assert.equal(output.readUInt32LE(8), 0, 'functions that neither the mock nor PPSSPP has');
    })
    .start(({ v0 }) => assert.equal(v0, 0, 'the start of the driver'))
    .state(({ original }) => assert.equal(original, 0, 'entries of the table that were not taken over'));
}

function card(image) {
  return [{ to: IMAGE, from: image }];
}

function number(value) {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

/** A read as the file system does it, and its check against the disc. */
function read(script, position, size, shift, kind = 0) {
  const input = readParameters(0, position, size, shift === 0, kind);
  return script.devctl(
    COMMAND.read,
    input,
    size,
    ({ v0, output }) => {
      assert.equal(v0, size);
      assert.ok(
        output.equals(disc.bytes.subarray(position, position + size)),
        `${size} bytes at ${position} differ`,
      );
    },
    { k1: PROGRAM, shift },
  );
}

describe('the built driver beside a mock of the firmware', () => {
  for (const { file, args, format, block } of FORMATS) {
    test(`reads, seeks and mounts: ${file}`, async () => {
      const image = compress(disc.iso, file, ...args);
      const script = serving();
      // As the file system mounts a disc.
      for (const command of [COMMAND.mayMount, COMMAND.sectorSize]) {
        script.devctl(command, Buffer.from('umd0:'), 4, ({ v0 }) =>
          assert.equal(v0, NOTED + 20, 'left to the device before'),
        );
      }
      script.devctl(COMMAND.lastSector, NONE, 4, (answer) =>
        assert.deepEqual([answer.v0, answer.word(0)], [0, sectors]),
      );
      script.devctl(COMMAND.volume, NONE, 4, ({ v0 }) => assert.equal(v0, 0));
      // The whole disc in pieces, then pieces of all lengths at all places into buffers of all alignments.
      for (let at = 0; at < disc.bytes.length; at += 128 * 1024)
        read(script, at, Math.min(128 * 1024, disc.bytes.length - at), 0);
      const roll = dice(block);
      for (let count = 0; count < 150; count += 1) {
        const size = 1 + roll([64, SECTOR, SECTOR * 2, 40_000][roll(4)]);
        read(
          script,
          roll(disc.bytes.length - size),
          size,
          [0, 0, 1, 3, 4, 37][roll(6)],
          roll(8) === 0 ? 3 : 0,
        );
      }
      for (const position of [0, SECTOR - 1, SECTOR, disc.bytes.length - SECTOR])
        read(script, position, 1, 0);
      script.library('status', 0, ({ v0 }) => assert.equal(v0, 1));
      script.library('image', 32, (answer) => {
        assert.equal(answer.v0, 32);
        assert.deepEqual(
          [0, 4, 8].map((at) => answer.word(at)),
          [format, block, sectors],
        );
        assert.equal(answer.word(16), disc.bytes.length);
        assert.equal(answer.word(24), fs.statSync(image).size);
      });
      await script.run(`driver-${file}`, card(image));
    });
  }
});

describe('the built driver and what it is asked for', () => {
  let image;

  before(() => {
    image = compress(disc.iso, 'driver-commands.cso', '--for', 'psp');
  });

  test('raw descriptors: positions and lengths are sectors', async () => {
    const script = serving();
    const piece = (lba, count) => disc.bytes.subarray(lba * SECTOR, (lba + count) * SECTOR);
    for (let slot = 0; slot < 8; slot += 1) script.open(slot, ({ v0 }) => assert.equal(v0, 0));
    script.open(8, ({ v0 }) => assert.equal(v0, 0x8001_0018, 'a ninth is too many'));
    script.lseek(0, 0, 2, ({ long }) => assert.equal(long, BigInt(sectors)));
    script.read(0, 2, ({ v0 }) => assert.equal(v0, 0, 'the end'));
    script.lseek(0, -3, 2, ({ long }) => assert.equal(long, BigInt(sectors - 3)));
    script.read(0, 5, ({ v0, output }) => {
      assert.equal(v0, 3, 'clipped at the end');
      assert.ok(output.subarray(0, 3 * SECTOR).equals(piece(sectors - 3, 3)));
      assert.ok(
        output.subarray(3 * SECTOR).every((byte) => byte === 0xee),
        'more written than delivered',
      );
    });
    script.lseek(1, 40, 0, ({ long }) => assert.equal(long, 40n));
    script.lseek(1, -100, 1, ({ long }) => assert.ok(long < 0n, 'in front of the beginning'));
    script.lseek(1, 2, 1, ({ long }) => assert.equal(long, 42n, 'the position stayed'));
    script.read(1, 20, ({ v0, output }) => assert.ok(v0 === 20 && output.equals(piece(42, 20))));
    script.ioctl(1, 0x01d2_0001, NONE, 4, (answer) => assert.deepEqual([answer.v0, answer.word(0)], [0, 62]));
    script.ioctl(1, 0x01f3_0003, number(3), 3 * SECTOR, ({ v0, output }) =>
      assert.ok(v0 === 3 && output.equals(piece(62, 3))),
    );
    script.ioctl(1, 0x01f1_00a6, Buffer.concat([number(9), Buffer.alloc(12)]), 0, ({ v0 }) =>
      assert.equal(v0, 0),
    );
    script.read(1, 1, ({ v0, output }) => assert.ok(v0 === 1 && output.equals(piece(9, 1))));
    const untouched = ({ v0, output }) => {
      assert.equal(v0, INVALID_ARGUMENT, 'a program may not have kernel memory written');
      assert.ok(output.every((byte) => byte === 0xee));
    };
    script.read(1, 1, untouched, { output: KERNEL_OUTPUT });
    script.ioctl(1, 0x01f3_0003, number(1), SECTOR, untouched, { output: KERNEL_OUTPUT });
    script.read(1, 1, ({ v0, output }) => assert.ok(v0 === 1 && output.equals(piece(10, 1))), {
      output: KERNEL_OUTPUT,
      k1: KERNEL,
    });
    script.stop(({ v0 }) => assert.ok(v0 >= 0x8000_0000, 'it stays while descriptors are open'));
    for (let slot = 0; slot < 8; slot += 1) script.close(slot, ({ v0 }) => assert.equal(v0, 0));
    script.close(0, ({ v0 }) => assert.equal(v0, INVALID_ARGUMENT, 'closed before'));
    script.noted(({ count }) => assert.equal(count, 0, 'calls that reached the other device'));
    await script.run('driver-raw', card(image));
  });

  test('what is not its own reaches the device that was there before, word for word', async () => {
    const script = serving();
    for (const command of [COMMAND.discType, 0x01e1_8030, 0x01f0_0003, 0x1234_5678]) {
      script.devctl(command, Buffer.alloc(5), 9, ({ v0 }) => assert.equal(v0, NOTED + 20));
      script.noted(({ count, entry, words }) => {
        assert.deepEqual([count, entry, words[2], words[4], words[6]], [1, 20, command, 5, 9]);
      });
    }
    for (let slot = 0; slot < 8; slot += 1) {
      // Descriptors that the other device opened earlier have small numbers.
      script.private(slot, slot);
      script.read(slot, 3, ({ v0 }) => assert.equal(v0, NOTED + 4));
      script.noted(({ count, words }) => assert.deepEqual([count, words[2]], [1, 3]));
      script.lseek(slot, -2_147_483_647 * 3, 2, ({ v0, v1 }) =>
        assert.deepEqual([v0, v1], [NOTED + 6, NOTED + 12]),
      );
      script.noted(({ words }) =>
        assert.deepEqual(
          [(BigInt(words[3]) << 32n) | BigInt(words[2]), words[4]],
          [BigInt.asUintN(64, -2_147_483_647n * 3n), 2],
        ),
      );
      script.ioctl(slot, 0x01d2_0001, Buffer.alloc(11), 13, ({ v0 }) => assert.equal(v0, NOTED + 7));
      script.noted(({ words }) => assert.deepEqual([words[1], words[3], words[5]], [0x01d2_0001, 11, 13]));
      script.close(slot, ({ v0 }) => assert.equal(v0, NOTED + 3));
      script.noted(({ entry }) => assert.equal(entry, 3));
      script.private(slot, 0, ({ v0 }) =>
        assert.equal(v0, slot, 'the word of a descriptor that is not its own'),
      );
    }
    await script.run('driver-forwarding', card(image));
  });

  test('errors: behind the end, too small, kernel memory, nothing at all', async () => {
    const script = serving();
    const end = disc.bytes.length;
    const refused = (input, room, code) =>
      script.devctl(
        COMMAND.read,
        input,
        room,
        ({ v0, output }) => {
          assert.equal(v0, code);
          assert.ok(
            output.every((byte) => byte === 0xee),
            'something was written',
          );
        },
        { k1: PROGRAM },
      );
    refused(readParameters(0, end, SECTOR, true), SECTOR, OUT_OF_RANGE);
    refused(readParameters(0xffff_fff0, 0, SECTOR, true), SECTOR, OUT_OF_RANGE);
    refused(readParameters(0, 0, SECTOR * 2, true), SECTOR * 2 - 1, BUFFER_TOO_SMALL);
    refused(Buffer.alloc(31), SECTOR, INVALID_ARGUMENT);
    script.devctl(COMMAND.read, readParameters(0, 0, SECTOR, true), 0, ({ v0 }) =>
      assert.equal(v0, INVALID_ARGUMENT),
    );
    script.devctl(COMMAND.lastSector, NONE, 3, ({ v0 }) => assert.equal(v0, INVALID_ARGUMENT));
    // The file system reads directories two sectors at a time, including the one at the end of the disc.
    script.devctl(
      COMMAND.read,
      readParameters(sectors - 1, 0, 2 * SECTOR, true, 3),
      2 * SECTOR,
      ({ v0, output }) => {
        assert.equal(v0, 2 * SECTOR);
        assert.ok(output.equals(Buffer.concat([disc.bytes.subarray(end - SECTOR), Buffer.alloc(SECTOR)])));
      },
    );
    for (const name of ['image', 'counters']) {
      script.library(name, 31, ({ v0 }) => assert.equal(v0, BUFFER_TOO_SMALL));
      script.library(name, 32, ({ v0 }) => assert.equal(v0, INVALID_ARGUMENT), { output: KERNEL_OUTPUT });
      script.library(name, 32, ({ v0 }) => assert.equal(v0, 32), { output: KERNEL_OUTPUT, k1: KERNEL });
    }
    read(script, 0, 128 * 1024, 0);
    await script.run('driver-errors', card(image));
  });

  test('a card that fails for a moment costs time only, one that is gone gives an error until it is back', async () => {
    const script = serving();
    let place = 0;
    const next = () => {
      place += 96 * 1024;
      return place;
    };
    const mishaps = [
      { failingReads: 1 },
      { failingReads: 3 },
      { shortReads: 1 },
      { shortReads: 2 },
      { failingReads: 1, failingOpens: 2 },
    ];
    for (const mishap of mishaps) read(script.settings(mishap), next(), 40_000, 0);
    script.settings({ failingReads: 1_000_000 });
    script.devctl(COMMAND.read, readParameters(0, next(), SECTOR, true), SECTOR, ({ v0 }) =>
      assert.equal(v0, NO_MEDIUM),
    );
    script.settings({ failingReads: 1_000_000, failingOpens: 1_000_000 });
    script.devctl(COMMAND.read, readParameters(0, next(), SECTOR, true), SECTOR, ({ v0 }) =>
      assert.equal(v0, NO_MEDIUM),
    );
    read(script.settings(), 0, 128 * 1024, 0);
    script.library('counters', 32, (answer) =>
      assert.ok(answer.word(12) >= 9, `${answer.word(12)} retries counted`),
    );
    script.state(({ opens, closes }) => assert.equal(opens - closes, 1, 'descriptors that are open'));
    await script.run('driver-card', card(image));
  });

  test('it goes without a trace, and comes again', async () => {
    const script = serving();
    read(script, 64 * SECTOR, 10 * SECTOR, 0);
    const gone = (memory) =>
      script.state((state) => {
        assert.equal(state.original, 6, 'entries of the table that are as before');
        assert.equal(state.memory, memory, 'bytes of kernel memory that stay behind');
        assert.equal(state.opens, state.closes, 'descriptors that were left open');
        // The kernel provides 8 KiB, and its own file functions need some of that.
        assert.ok(
          state.stack > 0 && state.stack <= 0x1800,
          `${state.stack} bytes of the extended stack used`,
        );
      });
    script.stop(({ v0 }) => assert.equal(v0, 0)).unload();
    gone(0);
    script.load(({ v0 }) => assert.equal(v0, 0)).start(({ v0 }) => assert.equal(v0, 0));
    // The file system keeps this address, so the data there must remain.
    script.devctl(COMMAND.volume, NONE, 4, ({ v0 }) => assert.equal(v0, 0));
    read(script, 0, 100_000, 5);
    script.stop(({ v0 }) => assert.equal(v0, 0)).unload();
    gone(SECTOR);
    await script.run('driver-stop', card(image));
  });

  test('it steps aside when anything is not as it should be', async () => {
    const damaged = Buffer.from(fs.readFileSync(image));
    damaged.writeUInt32LE(0x7fff_ffff, 24);
    const script = new Script();
    const stepsAside = (why) => {
      script.load(({ v0 }) => assert.equal(v0, 0));
      script.start(({ v0 }) => assert.ok(v0 >= 0x8000_0000, `it started although ${why}`)).unload();
      script.state((state) => {
        assert.deepEqual([state.original, state.memory, state.opens - state.closes], [6, 0, 0], why);
      });
    };
    script.image(`ms0:/${IMAGE}`);
    for (const applicationType of [0x121, 0x141, 0x144, 0x210]) {
      script.settings({ applicationType });
      stepsAside(`the application type is ${applicationType.toString(16)}`);
    }
    script.settings({ keyConfig: 0x100 });
    stepsAside('no game is started');
    script.settings({ imageDriver: 0 });
    stepsAside("the firmware's own driver is not there");
    script.settings().image('ms0:/ISO/NONE.cso');
    stepsAside('there is no such image');
    script.image('');
    stepsAside('there is no image');
    script.image('ms0:/ISO/PLAIN.ISO');
    stepsAside('the image is plain');
    script.image('ms0:/ISO/DAMAGED.CSO');
    stepsAside('the index is damaged');
    script.settings({ failingReads: 1_000_000 }).image(`ms0:/${IMAGE}`);
    stepsAside('the card cannot be read');
    await script.run('driver-aside', [
      ...card(image),
      { to: 'ISO/PLAIN.ISO', from: disc.iso },
      { to: 'ISO/DAMAGED.CSO', text: damaged },
    ]);
  });

  test('a case fails when memory is touched that is not there', async () => {
    // The driver does not check pointers from the kernel itself, so this is the mock's mistake.
    const script = serving().library('image', 32, () => {}, { output: 0x10, k1: KERNEL });
    await assert.rejects(script.run('driver-bad-access', card(image)), /Invalid access/);
  });
});
