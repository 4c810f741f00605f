// The console's program, controlled by a command file; its answers are lines of JSON.

import path from 'node:path';

import { boot, setting } from '../emulator/console.mjs';

/** Where the program keeps its files, even when it is started from a disc. */
export const FOLDER = 'PSP/GAME/CISOR';
const END = '"event":"end"';

/**
 * Runs the program.
 *
 * @param {object} job as for `boot`; without `program` it is started from the card
 * @param {string[]} job.commands
 * @returns the run, with `results`: all lines, `of(word)`: those of commands that begin with this word
 */
export async function runApp({ commands, card = [], program, until, ...job }) {
  const run = await boot({
    program: program ?? { from: path.join(setting('CISOR_PSP'), 'EBOOT.PBP'), to: `${FOLDER}/EBOOT.PBP` },
    card: [{ to: `${FOLDER}/commands.txt`, text: `${commands.join('\n')}\n` }, ...card],
    until: until ?? { file: `${FOLDER}/results.jsonl`, text: END },
    ...job,
  });
  // Anything that cannot be written to the card is still in the output.
  const written = run.file(`${FOLDER}/results.jsonl`)?.toString();
  const lines = written?.includes(END) ? written.split('\n') : run.stdout;
  const results = lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
  if (run.end !== 'done') {
    throw new Error(
      `${job.name}: ${run.end}; its last words: ${lines.filter(Boolean).slice(-3).join(' ')}; see ${run.output}`,
    );
  }
  return Object.assign(run, {
    results,
    of: (word) => results.filter(({ command }) => command?.split(' ')[0] === word),
  });
}
