// The card of one disc: what it is, how far the work is, how it ended.

import { bytes, make } from './dom';
import type { Description, ReaderVerdict } from './engine';
import type { Done } from './messages';
import type { Texts } from './texts';

let cards = 0;

export class Card {
  readonly element: HTMLLIElement;
  readonly file: File;
  description: Description | undefined;
  #texts: Texts;
  #picture: HTMLImageElement;
  #title: HTMLHeadingElement;
  #facts: HTMLElement;
  #problems: HTMLUListElement;
  #state: HTMLParagraphElement;
  #bar: HTMLProgressElement;
  #began = 0;
  #beganAt = 0;

  constructor(file: File, texts: Texts, remove: () => void) {
    this.file = file;
    this.#texts = texts;
    const id = `disc-${(cards += 1)}`;
    this.#picture = make('img', { alt: texts.icon, hidden: true, width: '144', height: '80' });
    this.#title = make('h3', { id }, file.name);
    this.#facts = make('div', { class: 'facts' });
    this.#problems = make('ul', { class: 'problems', hidden: true, 'aria-label': texts.problems });
    this.#state = make('p', { class: 'state' }, texts.reading);
    this.#bar = make('progress', { max: '1', value: '0', hidden: true, 'aria-labelledby': id });
    const close = make('button', { type: 'button', class: 'remove', 'aria-label': `${texts.remove}: ${file.name}` }, '×');
    close.addEventListener('click', remove);
    const body = make('div', { class: 'body' }, this.#title, this.#facts, this.#problems, this.#bar, this.#state);
    this.element = make('li', { class: 'card', 'aria-labelledby': id }, this.#picture, body, close);
    this.element.dataset.state = 'reading';
  }

  /** Whether the work on it has not begun, or has to be done again. */
  get isOpen(): boolean {
    return ['ready', 'failed', 'cancelled', 'done'].includes(this.element.dataset.state ?? '');
  }

  describe(description: Description, picture: Uint8Array<ArrayBuffer>): void {
    const texts = this.#texts;
    this.description = description;
    if (picture.length > 0) {
      this.#picture.src = URL.createObjectURL(new Blob([picture], { type: 'image/png' }));
      this.#picture.hidden = false;
    }
    this.#title.textContent = description.title ?? this.file.name;
    const now = description.packed
      ? `${description.format}, ${texts.blocksOf} ${bytes(description.blockSize)}, ${bytes(description.fileSize)}`
      : description.format;
    const facts = [description.console ?? texts.unknownDisc, description.id, `${texts.isNow}: ${now}`];
    const size = `${texts.size}: ${bytes(description.imageSize)}`;
    const lines = [this.file.name, ...facts.filter((fact) => fact !== null), size];
    this.#facts.replaceChildren(
      make('p', {}, lines.join(' · ')),
      ...(description.isDisc ? [readers(description.readers, texts)] : []),
    );
    const found = problems(description, texts);
    this.#problems.replaceChildren(...found.map((problem) => make('li', {}, problem)));
    this.#problems.hidden = found.length === 0;
    this.#set('ready', '');
  }

  wait(): void {
    this.#set('waiting', this.#texts.waiting);
    this.#bar.hidden = false;
    this.#bar.value = 0;
    this.#began = 0;
  }

  progress(done: number, total: number, proving: boolean, checks: boolean): void {
    const now = performance.now();
    if (this.#began === 0) {
      this.#began = now;
      this.#beganAt = done;
    }
    this.#bar.value = total === 0 ? 1 : done / total;
    const texts = this.#texts;
    const what = checks ? texts.checking : proving ? texts.proving : texts.writing;
    const seconds = (now - this.#began) / 1000;
    if (seconds < 0.5) {
      this.#set('working', `${what}…`);
      return;
    }
    const rate = (done - this.#beganAt) / seconds;
    const left = Math.ceil((total - done) / rate);
    const time = left < 90 ? texts.seconds(left) : texts.minutes(Math.round(left / 60));
    this.#set('working', `${what}: ${texts.rate((rate / 1e6).toFixed(0), time)}`);
  }

  done(done: Done): void {
    const texts = this.#texts;
    const { digests, written, file, name, unsafe } = done;
    const size = written?.size ?? digests.len;
    const wrote = written !== undefined || file !== undefined;
    const percent = Math.round((100 * size) / digests.len);
    const lines = [make('strong', {}, `${texts.done}. `), wrote ? texts.doneFile(name, bytes(size), percent) : texts.doneCheck];
    this.#state.replaceChildren(
      ...lines,
      make('br'),
      make('code', {}, `CRC32 ${digests.crc32}`),
      ' ',
      make('code', {}, `SHA-1 ${digests.sha1}`),
    );
    if (unsafe > 0 && !wrote) {
      this.#problems.append(make('li', {}, texts.unsafe(unsafe)));
      this.#problems.hidden = false;
    }
    if (file) {
      const link = make('a', { class: 'save', href: URL.createObjectURL(file), download: name }, `${texts.download} ${name}`);
      this.#state.append(make('br'), link);
    } else if (wrote) {
      this.#state.append(' ', texts.savedIn);
    }
    this.element.dataset.state = 'done';
    this.#bar.hidden = true;
  }

  fail(reason: string): void {
    this.#state.replaceChildren(make('strong', {}, `${this.#texts.failed}: `), reason);
    this.element.dataset.state = 'failed';
    this.#bar.hidden = true;
  }

  cancel(): void {
    this.#set('cancelled', this.#texts.cancelled);
    this.#bar.hidden = true;
  }

  #set(state: string, text: string): void {
    this.element.dataset.state = state;
    this.#state.textContent = text;
  }
}

function problems(description: Description, texts: Texts): string[] {
  const found: string[] = [];
  if (description.unreadable) {
    found.push(description.unreadable);
  } else if (description.rawCd) {
    found.push(texts.problem.rawCd);
  } else if (!description.isDisc) {
    found.push(texts.problem.noDisc);
  }
  if (description.other) {
    found.push(texts.problem.other(description.other));
  }
  if (!description.wholeSectors && !description.rawCd) {
    found.push(texts.problem.oddSize);
  }
  if (description.partlyUnreadable && !description.unreadable) {
    found.push(texts.problem.partlyUnreadable);
  }
  return found;
}

/** Names in short, with the reasons below. */
function readers(all: ReaderVerdict[], texts: Texts): HTMLDetailsElement {
  const able = all.filter(([, verdict]) => verdict === 'yes' || verdict === 'caution').map(([name]) => name);
  const short = able.length === 0 ? texts.readersNone : able.slice(0, 3).join(', ') + (able.length > 3 ? ` +${able.length - 3}` : '');
  const words = { yes: texts.readersYes, caution: texts.readersCaution, maybe: texts.readersMaybe, no: texts.readersNo };
  const own = (why: string) => why.replaceAll(texts.programsCheck, texts.ownCheck);
  const rows = all.map(([name, verdict, why]) =>
    make('li', { class: verdict }, `${name}: ${words[verdict]}${why ? ` (${own(why)})` : ''}`),
  );
  return make('details', {}, make('summary', {}, `${texts.readers}: ${short}`), make('ul', {}, ...rows));
}
