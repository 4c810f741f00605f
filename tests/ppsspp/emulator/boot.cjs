// One run of PPSSPP, in a separate process: put files onto the memory card, start a program, wait for its
// end, bring back what changed on the card. `console.mjs` starts this with a job and gets one answer.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const browser = require('./browser.cjs');
const { arrange } = require('./faults.cjs');
const { trace } = require('./trace.cjs');

/** Where the emulator keeps the memory card `ms0:`. */
const CARD = '/data/saves/PPSSPP';
/** The path of the disc image that is started. */
const DISC = '/disc';
const SETTINGS = '/home/web_user/.config/retroarch/retroarch.cfg';

/** On a busy machine, the work may take this many times longer. */
const PATIENCE = 10;
/** How often to check whether the program has ended, in milliseconds. */
const LOOK_EVERY = 20;
/** The format of the console's output in the log. */
const STDOUT = /\[PRINTF\] stdout: (.*)$/;
/** What the emulator logs about a broken program. */
const BAD = /Invalid access|Bad memory access|Bad execution|Jump to invalid|Unimplemented HLE/i;
/** What the emulator logs when the program has ended or could not be started. */
const ENDED = 'Content ran for a total of';
/** The line that shows where the console's memory begins in the emulator's. */
const MEMORY = /Base at 0x([0-9a-f]+)/i;
/** The console's video memory, and the size of a screen of 512 by 272 pixels of 32 bits. */
const VIDEO_MEMORY = 0x0400_0000;
const SCREEN_BYTES = 512 * 272 * 4;
/** The remaining bits of an address without those that only select caching and access rights. */
const PHYSICAL = 0x3fff_ffff;

const log = [];
const stdout = [];
let programEnded = false;
let bad;

process.on('uncaughtException', (error) => {
  // The emulator leaves its main function this way, and continues in callbacks.
  if (error !== 'unwind') answer({ end: 'crashed', reason: String(error?.stack ?? JSON.stringify(error)) });
});
process.on('unhandledRejection', (error) =>
  answer({ end: 'crashed', reason: String(error?.stack ?? JSON.stringify(error)) }),
);
process.once('message', (job) => {
  boot(job).catch((error) =>
    answer({ end: 'crashed', reason: String(error?.stack ?? JSON.stringify(error)) }),
  );
});

let answered = false;

function answer(message) {
  if (answered) return;
  answered = true;
  // Nothing else exits while threads are still running.
  process.send({ ...message, log, stdout }, () => process.reallyExit(0));
}

async function boot(job) {
  const emulator = await start(job.core, job.options ?? {});
  const { FS } = emulator;
  put(FS, SETTINGS, settings());
  for (const { to, from, text } of job.card ?? []) {
    put(FS, `${CARD}/${to}`, text === undefined ? fs.readFileSync(from) : Buffer.from(text));
  }
  FS.mkdirTree(CARD);
  const program =
    job.program.to === undefined ? `${DISC}/${path.basename(job.program.from)}` : `${CARD}/${job.program.to}`;
  put(FS, program, fs.readFileSync(job.program.from));
  const reads = job.trace ? trace(FS, program) : undefined;
  const soundly = job.faults ? arrange(FS, job.faults, CARD) : (work) => work();

  const before = soundly(() => contents(FS, CARD));
  try {
    emulator.callMain(['-v', program]);
  } catch (error) {
    if (error !== 'unwind') throw error;
  }
  emulator.resumeMainLoop();
  process.send({ started: true });

  const late = limit(job.seconds);
  setInterval(() => {
    const end = soundly(() => howItEnded(FS, job.until, late));
    if (!end || answered) return;
    soundly(() => collect(FS, before, job.output));
    const screen = peek(emulator, VIDEO_MEMORY, SCREEN_BYTES);
    if (screen) fs.writeFileSync(path.join(job.output, 'screen.raw'), screen);
    answer({ end, reason: bad, reads: reads?.list });
  }, LOOK_EVERY);
}

/** Loads the emulator without starting it. */
async function start(core, options) {
  const script = path.join(core, 'ppsspp_libretro.js');
  const { runtime, canvas } = browser.load(script);
  const emulator = await runtime({
    noInitialRun: true,
    arguments: [],
    preRun: [],
    postRun: [],
    canvas,
    parent: canvas,
    wasmBinary: fs.readFileSync(path.join(core, 'ppsspp_libretro.wasm')),
    locateFile: (name) => path.join(core, name),
    getSavExt: () => '.srm',
    print: note,
    printErr: note,
    callbacks: {
      setupCoreSettingFile: (file) => {
        const lines = Object.entries(options).map(([name, value]) => `${name} = "${value}"\n`);
        put(emulator.FS, file, Buffer.from(lines.join('')));
      },
    },
  });
  return emulator;
}

function note(text) {
  for (const line of String(text).split('\n')) {
    log.push(line);
    programEnded ||= line.includes(ENDED);
    if (BAD.test(line)) bad ??= line;
    const said = STDOUT.exec(line);
    if (said) stdout.push(said[1]);
  }
}

/** The settings of RetroArch, the program around the emulator. */
function settings() {
  const values = {
    savefile_directory: '/data/saves',
    system_directory: '/',
    video_driver: 'null',
    audio_driver: 'null',
    menu_driver: 'null',
    video_vsync: false,
    audio_enable: false,
    audio_sync: false,
    config_save_on_exit: false,
  };
  return Buffer.from(
    Object.entries(values)
      .map(([name, value]) => `${name} = "${value}"\n`)
      .join(''),
  );
}

function put(FS, file, bytes) {
  FS.mkdirTree(path.posix.dirname(file));
  FS.writeFile(file, new Uint8Array(bytes));
}

function hasEnded(FS, until) {
  if (until.stdout !== undefined) return stdout.some((line) => line.includes(until.stdout));
  try {
    return Buffer.from(FS.readFile(`${CARD}/${until.file}`)).includes(until.text);
  } catch {
    return false;
  }
}

/** Tells when this many seconds of CPU time, or `PATIENCE` times as many of wall time, are used up. */
function limit(seconds) {
  const start = process.cpuUsage();
  const end = Date.now() + PATIENCE * seconds * 1000;
  return () => {
    const { user, system } = process.cpuUsage(start);
    return user + system > seconds * 1e6 || Date.now() > end;
  };
}

/** `undefined` while the program should continue. */
function howItEnded(FS, until, late) {
  if (bad) return 'bad';
  if (hasEnded(FS, until)) return 'done';
  if (programEnded) return 'ended';
  return late() ? 'late' : undefined;
}

/** All files below a folder with their modification times. */
function contents(FS, folder, found = new Map()) {
  for (const name of FS.readdir(folder)) {
    if (name === '.' || name === '..') continue;
    const file = `${folder}/${name}`;
    const { mode, mtime, size } = FS.stat(file);
    if (FS.isDir(mode)) contents(FS, file, found);
    else found.set(file, `${Number(mtime)} ${size}`);
  }
  return found;
}

/** Copies new and changed files on the card to `output/card`. */
function collect(FS, before, output) {
  for (const [file, state] of contents(FS, CARD)) {
    // The emulator's own settings and caches do not matter.
    if (before.get(file) === state || file.startsWith(`${CARD}/PSP/SYSTEM/`)) continue;
    const target = path.join(output, 'card', file.slice(CARD.length + 1));
    fs.mkdirSync(path.dirname(target), { recursive: true });
    fs.writeFileSync(target, FS.readFile(file));
  }
}

/** A piece of the console's memory. */
function peek(emulator, address, length) {
  const line = log.map((text) => MEMORY.exec(text)).findLast(Boolean);
  if (!line) return undefined;
  const start = Number.parseInt(line[1], 16) + (address & PHYSICAL);
  return Buffer.from(emulator.HEAPU8.slice(start, start + length));
}
