// Scripts for the module in psp-driver/mock, which calls the driver as the console's kernel does. The format
// of a script and of its answers is documented in psp-driver/mock/src/script.rs.

import fs from 'node:fs';
import path from 'node:path';

import { boot, setting } from '../emulator/console.mjs';
import { pbp } from './sfo.mjs';

const STEP = {
  end: 0,
  image: 1,
  load: 2,
  start: 3,
  stop: 4,
  unload: 5,
  entry: 6,
  library: 7,
  private: 8,
  settings: 9,
  state: 10,
  noted: 11,
};
const ENTRY = { open: 2, close: 3, read: 4, lseek: 6, ioctl: 7, devctl: 20 };
const LIBRARY = { status: 0, image: 1, counters: 2 };

/** Words that represent addresses. */
const INPUT = 0xc150_0000;
const OUTPUT = 0xc150_0001;
export const KERNEL_OUTPUT = 0xc150_0002;
const NO_NAME = 0xc150_0003;
const DESCRIPTOR = 0xc150_0010;

/** `$k1` as the kernel's file functions see it while they serve a program, or the kernel itself. */
export const PROGRAM = 0x8000_0000;
export const KERNEL = 0;
/** The same when a program has just called into the kernel. */
const IN_SYSCALL = 0x0010_0000;

const DRIVER = 'SEPLUGINS/cisor.prx';

/** What a function did wrong on return, by bits. */
const REGISTERS = [
  '$s0',
  '$s1',
  '$s2',
  '$s3',
  '$s4',
  '$s5',
  '$s6',
  '$s7',
  '$fp',
  '$gp',
  '$k1',
  "the caller's memory",
];

/** The result of a step. */
export class Answer {
  constructor(v0, v1, broken, around, output) {
    this.v0 = v0;
    this.v1 = v1;
    /** Registers that were not preserved. */
    this.broken = REGISTERS.filter((_, bit) => broken & (1 << bit));
    /** Whether bytes next to the output were overwritten. */
    this.around = around;
    /** The whole output; unwritten bytes are 0xEE. */
    this.output = output;
  }

  /** The result as a signed 64-bit number. */
  get long() {
    return BigInt.asIntN(64, (BigInt(this.v1) << 32n) | BigInt(this.v0));
  }

  word(at) {
    return this.output.readUInt32LE(at);
  }
}

/** A list of steps, each with a check of its result. */
export class Script {
  #pieces = [];
  #checks = [];

  /** Any step. `check` gets its answer after the run. */
  #step(what, { k1 = KERNEL, words = [], input = Buffer.alloc(0), room = 0, which = 0, shift = 0 }, check) {
    const head = Buffer.alloc(64);
    [what, k1, ...words].forEach((word, number) => head.writeUInt32LE(word >>> 0, number * 4));
    head.writeUInt32LE(input.length, 40);
    head.writeUInt32LE(room, 44);
    head.writeUInt32LE(which, 48);
    head.writeUInt32LE(shift, 52);
    this.#pieces.push(head, input, Buffer.alloc(-input.length & 3));
    this.#checks.push(check ?? (() => {}));
    return this;
  }

  /** Sets the path of the image that the firmware is starting. */
  image(file) {
    return this.#step(STEP.image, { input: text(file) });
  }

  /** What the firmware reports about itself, and how many card operations should fail. */
  settings({
    keyConfig = 0x200,
    applicationType = 0x123,
    imageDriver = 1,
    failingReads = 0,
    shortReads = 0,
    failingOpens = 0,
  } = {}) {
    return this.#step(STEP.settings, {
      words: [keyConfig, applicationType, imageDriver, failingReads, shortReads, failingOpens],
    });
  }

  load(check) {
    return this.#step(STEP.load, { input: text(`ms0:/${DRIVER}`), room: 12 }, check);
  }

  start(check) {
    return this.#step(STEP.start, { input: text(`ms0:/${DRIVER}`) }, check);
  }

  stop(check) {
    return this.#step(STEP.stop, {}, check);
  }

  unload(check) {
    return this.#step(STEP.unload, {}, check);
  }

  /** A device command. */
  devctl(command, input, room, check, { k1 = KERNEL, shift = 0, output = room > 0 ? OUTPUT : 0 } = {}) {
    const words = [DESCRIPTOR, NO_NAME, command, input.length > 0 ? INPUT : 0, input.length, output, room];
    return this.#step(STEP.entry, { k1, words, input, room, which: ENTRY.devctl, shift }, check);
  }

  /** The driver's word of a descriptor. */
  private(slot, word, check) {
    return this.#step(STEP.private, { words: [slot, word] }, check);
  }

  open(slot, check) {
    return this.#step(
      STEP.entry,
      { k1: PROGRAM, words: [DESCRIPTOR + slot, NO_NAME, 1, 0o777], which: ENTRY.open },
      check,
    );
  }

  close(slot, check) {
    return this.#step(STEP.entry, { k1: PROGRAM, words: [DESCRIPTOR + slot], which: ENTRY.close }, check);
  }

  /** Reads sectors. */
  read(slot, sectors, check, { k1 = PROGRAM, output = OUTPUT } = {}) {
    const words = [DESCRIPTOR + slot, output, sectors];
    return this.#step(STEP.entry, { k1, words, room: sectors * 2048, which: ENTRY.read }, check);
  }

  /** Seeks in sectors. */
  lseek(slot, offset, whence, check) {
    const long = BigInt.asUintN(64, BigInt(offset));
    const words = [DESCRIPTOR + slot, 0xbad, Number(long & 0xffff_ffffn), Number(long >> 32n), whence];
    return this.#step(STEP.entry, { k1: PROGRAM, words, which: ENTRY.lseek }, check);
  }

  ioctl(slot, command, input, room, check, { k1 = PROGRAM, output = room > 0 ? OUTPUT : 0 } = {}) {
    const words = [DESCRIPTOR + slot, command, input.length > 0 ? INPUT : 0, input.length, output, room];
    return this.#step(STEP.entry, { k1, words, input, room, which: ENTRY.ioctl }, check);
  }

  /** A function of the driver's library `cisor_driver`. */
  library(name, room, check, { output = OUTPUT, k1 = IN_SYSCALL } = {}) {
    return this.#step(STEP.library, { k1, words: [output, room], room, which: LIBRARY[name] }, check);
  }

  /** What the mock knows; `check` gets it by name. */
  state(check) {
    const names = ['original', 'memory', 'reads', 'opens', 'closes', 'stack'];
    return this.#step(STEP.state, { room: names.length * 4 }, ({ output }) => {
      check(Object.fromEntries(names.map((name, number) => [name, output.readUInt32LE(number * 4)])));
    });
  }

  /** The last call that reached the original device, and how many there were since the last query. */
  noted(check) {
    return this.#step(STEP.noted, { room: 40 }, ({ output }) => {
      const words = Array.from({ length: 10 }, (_, number) => output.readUInt32LE(number * 4));
      check({ count: words[0], entry: words[1], words: words.slice(2) });
    });
  }

  /**
   * Runs the script in PPSSPP and performs all its checks.
   *
   * @param {string} name of the run
   * @param {{to: string, from?: string, text?: string | Buffer}[]} card files on the card, in
   *   addition to the driver
   * @returns the run
   */
  async run(name, card) {
    this.#step(STEP.end, {});
    const program = path.join(setting('CISOR_OUTPUT'), `${name}.pbp`);
    fs.mkdirSync(path.dirname(program), { recursive: true });
    fs.writeFileSync(program, pbp(fs.readFileSync(setting('CISOR_MOCK')), 'Cisor mock'));
    const run = await boot({
      name,
      program: { from: program, to: 'PSP/GAME/MOCK/EBOOT.PBP' },
      card: [...this.#files(), ...card],
      until: { stdout: 'mock: ' },
      seconds: 120,
    });
    if (!run.stdout.includes('mock: done'))
      throw new Error(`${name}: ${run.end}; the program said ${JSON.stringify(run.stdout)}`);
    this.#judge(run.file('PSP/GAME/MOCK/answers.bin'));
    return run;
  }

  #files() {
    return [
      { to: 'PSP/GAME/MOCK/script.bin', text: Buffer.concat(this.#pieces) },
      { to: DRIVER, from: path.join(setting('CISOR_PSP'), 'cisor.prx') },
    ];
  }

  /**
   * The files that make PPSSPP run the script as a plugin, before a program that is started in the same run.
   */
  asPlugin() {
    this.#step(STEP.end, { words: [1] });
    const settings = [
      '[options]',
      'type = prx',
      'filename = mock.prx',
      'version = 1',
      'name = mock',
      '[games]',
      'ALL = true',
    ];
    return [
      { to: 'PSP/PLUGINS/mock/plugin.ini', text: `${settings.join('\n')}\n` },
      { to: 'PSP/PLUGINS/mock/mock.prx', from: setting('CISOR_MOCK') },
      ...this.#files(),
    ];
  }

  /** Performs the checks of a script that ran as a plugin. */
  judge(run) {
    this.#judge(run.file('PSP/GAME/MOCK/answers.bin'));
  }

  #judge(answers) {
    let at = 0;
    for (const [number, check] of this.#checks.entries()) {
      const [, v0, v1, broken, length, around] = Array.from({ length: 6 }, (_, word) =>
        answers.readUInt32LE(at + word * 4),
      );
      const output = answers.subarray(at + 32, at + 32 + length);
      at += 32 + length + (-length & 3);
      const answer = new Answer(v0, v1, broken, around !== 0, output);
      try {
        if (answer.broken.length > 0) throw new Error(`these were not kept: ${answer.broken.join(', ')}`);
        if (answer.around) throw new Error('bytes beside the output were written');
        check(answer);
      } catch (error) {
        error.message = `step ${number}: ${error.message}`;
        throw error;
      }
    }
  }
}

function text(value) {
  return Buffer.from(`${value}\0`);
}
