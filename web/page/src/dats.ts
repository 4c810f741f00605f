// Reads DATs and compares discs with them, in a worker.

import { Engine, fileReader, type Known, type Verdict } from './engine';
import type { DatResult } from './messages';

export class Dats {
  #module: WebAssembly.Module;
  #engine: Engine;

  constructor(module: WebAssembly.Module) {
    this.#module = module;
    this.#engine = new Engine(module);
  }

  /** Reads these files, in the place of all that were read before. */
  read(files: File[]): DatResult[] {
    const results: DatResult[] = [];
    const bad = new Set<File>();
    // A file that stops the engine takes the others with it, which are then read once more.
    for (let tries = 0; tries <= files.length; tries += 1) {
      this.#engine = new Engine(this.#module);
      const before = bad.size;
      files.forEach((file, place) => {
        if (!bad.has(file)) {
          results[place] = this.#add(file, bad);
        }
      });
      if (bad.size === before) {
        break;
      }
    }
    return results;
  }

  judge(disc: Known): Verdict {
    return this.#engine.judge(disc);
  }

  #add(file: File, bad: Set<File>): DatResult {
    try {
      return this.#engine.addDat(file.size, fileReader([file]));
    } catch (error) {
      bad.add(file);
      return { failed: error instanceof Error ? error.message : String(error) };
    }
  }
}
