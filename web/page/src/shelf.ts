// The DATs that were dropped on the page: a line for each.

import type { Crew } from './crew';
import { byId, make } from './dom';
import type { Known, Verdict } from './engine';
import type { DatResult } from './messages';
import type { Texts } from './texts';

/** Whether a file is one by its name. A ZIP may be one, too. */
export function isDat({ name }: File): boolean {
  return /\.(dat|xml)$/i.test(name);
}

/** Whether a file that is no disc may still be a DAT. */
export function mayBeDat({ name }: File): boolean {
  return /\.zip$/i.test(name);
}

interface Entry {
  file: File;
  result?: DatResult;
  /** Is told that the file is something else; without it, that is a failure. */
  other?: (() => void) | undefined;
  element: HTMLLIElement;
  text: HTMLElement;
  close: HTMLButtonElement;
}

export class Shelf {
  #texts: Texts;
  #scout: Crew;
  #changed: () => void;
  #entries: Entry[] = [];
  #list = byId<HTMLUListElement>('dats');
  /** Which reading of all files is the last. */
  #readings = 0;

  /** `changed` is called when discs have to be compared again. */
  constructor(texts: Texts, scout: Crew, changed: () => void) {
    this.#texts = texts;
    this.#scout = scout;
    this.#changed = changed;
  }

  retell(texts: Texts): void {
    this.#texts = texts;
    this.#show();
  }

  add(files: File[]): void {
    this.#entries.push(...files.map((file) => this.#entry(file)));
    this.#read();
  }

  /** Tries a file that is not a disc. */
  try(file: File, other: () => void): void {
    this.#entries.push(this.#entry(file, other));
    this.#read();
  }

  /** Compares a disc with the DATs; nothing is known without any. */
  judge(disc: Known, tell: (verdict: Verdict | undefined) => void): void {
    if (!this.#entries.some(({ result }) => result && 'names' in result)) {
      tell(undefined);
      return;
    }
    this.#scout.judge(disc, { judged: tell, failed: () => tell(undefined) });
  }

  #read(): void {
    const entries = this.#entries.filter(({ result }) => !result || 'names' in result);
    const reading = (this.#readings += 1);
    this.#show();
    this.#scout.readDats(
      entries.map(({ file }) => file),
      {
        read: (results) => {
          if (reading === this.#readings) {
            entries.forEach((entry, place) => (entry.result = results[place]!));
            this.#sort();
          }
        },
        failed: (failed) => {
          entries.forEach((entry) => (entry.result = { failed }));
          this.#sort();
        },
      },
    );
  }

  /** Gives back what is something else. */
  #sort(): void {
    const others = this.#entries.filter(({ result, other }) => result && 'other' in result && other);
    this.#entries = this.#entries.filter((entry) => !others.includes(entry));
    others.forEach(({ other }) => other?.());
    this.#show();
    this.#changed();
  }

  #show(): void {
    const texts = this.#texts;
    // Of a ZIP it is not known yet whether it is a DAT.
    const shown = this.#entries.filter(({ result, other }) => result ?? !other);
    this.#list.hidden = shown.length === 0;
    this.#list.ariaLabel = texts.dats;
    shown.forEach((entry) => {
      const [state, text] = line(entry, texts);
      entry.element.dataset.state = state;
      entry.text.textContent = text;
      entry.close.ariaLabel = `${texts.remove}: ${entry.file.name}`;
      if (!entry.element.isConnected) {
        this.#list.append(entry.element);
      }
    });
  }

  #entry(file: File, other?: () => void): Entry {
    const text = make('span');
    const close = make('button', { type: 'button', class: 'remove' }, '×');
    const entry: Entry = { file, other, element: make('li', {}, text, close), text, close };
    close.addEventListener('click', () => {
      this.#entries = this.#entries.filter((other) => other !== entry);
      entry.element.remove();
      this.#read();
    });
    return entry;
  }
}

function line({ file, result }: Entry, texts: Texts): [state: string, text: string] {
  if (!result) {
    return ['reading', `${file.name}: ${texts.reading}`];
  }
  if ('names' in result) {
    const leftOut = result.leftOut > 0 ? ` ${texts.datLeftOut(result.leftOut)}` : '';
    const names = result.names.filter((name) => name !== '').join(', ');
    return ['ready', `${texts.dat}: ${names || file.name}, ${texts.games(result.games)}.${leftOut}`];
  }
  return ['failed', `${file.name}: ${'failed' in result ? result.failed : result.other}`];
}
