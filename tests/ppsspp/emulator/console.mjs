// Boots PPSSPP for a test and checks whether it ran without errors.

import { fork } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { fromVideoMemory, png } from '../support/picture.mjs';

const HERE = path.dirname(fileURLToPath(import.meta.url));

/** Stops programs that access unmapped memory. */
const OPTIONS = { ppsspp_ignore_bad_memory_access: 'disabled' };

/** How long the emulator may take before it starts the program, in seconds; usually one or two. */
const START_SECONDS = 120;
/** How many times to retry when the emulator died before it started the program. */
const STARTS = 3;

const used = new Set();

/** The result of a run. */
export class Run {
  constructor(answer, output) {
    /**
     * `done`, `ended` (by itself, before the awaited event), `late`; `bad` and `crashed` never reach a test.
     */
    this.end = answer.end;
    this.reason = answer.reason;
    /** The program's output, as lines. */
    this.stdout = answer.stdout ?? [];
    this.log = answer.log ?? [];
    /** Where the disc was read, if requested: pairs of first sector and number of sectors. */
    this.reads = answer.reads;
    /** The folder with everything saved from the run. */
    this.output = output;
  }

  /** A file on the card, if the program created or changed it. */
  file(name) {
    const file = path.join(this.output, 'card', name);
    return fs.existsSync(file) ? fs.readFileSync(file) : undefined;
  }

  /** The names of all files that the program created or changed, relative to the card's root. */
  files() {
    const root = path.join(this.output, 'card');
    if (!fs.existsSync(root)) return [];
    const all = fs.readdirSync(root, { withFileTypes: true, recursive: true });
    const files = all.filter((entry) => entry.isFile());
    return files
      .map((entry) =>
        path.relative(root, path.join(entry.parentPath ?? entry.path, entry.name)).replaceAll('\\', '/'),
      )
      .sort();
  }
}

/**
 * Runs a program on PPSSPP.
 *
 * @param {object} job
 * @param {string} job.name the name of the run, and of its folder in the test output
 * @param {{from: string, to?: string}} job.program a file of this machine: a disc image, or,
 *   with `to`, a program that is put onto the card there
 * @param {{to: string, from?: string, text?: string | Buffer}[]} [job.card] additional files on the card
 * @param {{file: string, text: string} | {stdout: string}} job.until the run is over when this file on the
 *   card has this text, or when this was printed
 * @param {number} [job.seconds] CPU time that the program may take, in seconds
 * @param {object} [job.options] additional options of the emulator
 * @param {object} [job.faults] what goes wrong with the card, see faults.cjs
 * @param {boolean} [job.trace] whether to note where the disc is read
 * @returns {Promise<Run>}
 */
export async function boot(job) {
  const output = path.join(setting('CISOR_OUTPUT'), job.name);
  if (used.has(job.name)) throw new Error(`two runs are called ${job.name}`);
  used.add(job.name);
  const message = {
    seconds: 60,
    ...job,
    core: setting('CISOR_PPSSPP'),
    output,
    options: { ...OPTIONS, ...job.options },
  };
  for (let start = 1; ; start += 1) {
    fs.rmSync(output, { recursive: true, force: true });
    fs.mkdirSync(output, { recursive: true });
    const { answer, started } = await runOnce(message);
    const run = new Run(answer, output);
    fs.writeFileSync(path.join(output, 'ppsspp.log'), `${run.log.join('\n')}\n`);
    if (!started && start < STARTS) {
      console.error(`NOTE: PPSSPP did not start for ${job.name} (try ${start} of ${STARTS}): ${run.reason}`);
      continue;
    }
    const screen = path.join(output, 'screen.raw');
    if (fs.existsSync(screen)) {
      fs.writeFileSync(path.join(output, 'screen.png'), png(fromVideoMemory(fs.readFileSync(screen))));
    }
    if (run.reads) fs.writeFileSync(path.join(output, 'reads.json'), JSON.stringify(run.reads));
    judge(run, job.name);
    return run;
  }
}

/** Runs one process; returns its answer, and whether it started the program at all. */
function runOnce(message) {
  return new Promise((resolve) => {
    const child = fork(path.join(HERE, 'boot.cjs'), {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      // Keeps bytes unchanged.
      serialization: 'advanced',
    });
    const said = [];
    let started = false;
    let answer;
    const tooLong = (what, seconds) =>
      setTimeout(() => {
        answer ??= { end: 'crashed', reason: `${what} after ${seconds} seconds` };
        child.kill('SIGKILL');
      }, seconds * 1000);
    let timer = tooLong('no start', START_SECONDS);
    child.stderr.on('data', (bytes) => said.push(bytes));
    child.on('message', (received) => {
      if (!received.started) {
        answer ??= received;
        return;
      }
      started = true;
      clearTimeout(timer);
      // The process exits at its limit, unless it hangs.
      timer = tooLong('no answer', message.seconds * 10 + 30);
    });
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      const reason = () => `it ended with ${signal ?? code}: ${Buffer.concat(said).toString().trim()}`;
      resolve({ answer: answer ?? { end: 'crashed', reason: reason() }, started });
    });
    child.send(message);
  });
}

/** Fails if a run had errors, whatever it wrote. */
function judge(run, name) {
  const where = `see ${path.join(run.output, 'ppsspp.log')}`;
  if (run.end === 'crashed') throw new Error(`${name}: PPSSPP crashed: ${run.reason}; ${where}`);
  if (run.end === 'bad') throw new Error(`${name}: ${run.reason}; ${where}`);
}

/** A path passed on by `cargo xtask`. */
export function setting(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: run these tests with \`cargo xtask ppsspp\``);
  return value;
}
