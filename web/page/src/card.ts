// The card of one disc: what it is, how far the work is, how it ended.

import { bytes, make } from './dom';
import type { Dropped } from './dropped';
import type { Description, Digests, Known, ReaderVerdict, Verdict } from './engine';
import type { Done, Failure } from './messages';
import type { Texts } from './texts';

/** Sectors of a CD that are a second of audio. */
const SECTORS_A_SECOND = 75;

let cards = 0;

type State = 'reading' | 'ready' | 'waiting' | 'working' | 'done' | 'failed' | 'cancelled';

export class Card {
  readonly element: HTMLLIElement;
  readonly file: File;
  readonly folder: string;
  /** The files beside it that it consists of, too. */
  parts: File[] = [];
  description: Description | undefined;
  #texts: Texts;
  #picture: HTMLImageElement;
  #title: HTMLHeadingElement;
  #facts: HTMLElement;
  #problems: HTMLUListElement;
  #state: HTMLParagraphElement;
  #dat: HTMLParagraphElement;
  #bar: HTMLProgressElement;
  #close: HTMLButtonElement;
  /** What the line below the disc says, in the language of the moment. */
  #line: (texts: Texts) => (Node | string)[] = (texts) => [texts.reading];
  #unsafe = 0;
  /** Of the image or, of a CD, of its tracks. */
  #digests: Digests[] | undefined;
  #hasTracks = false;
  #verdict: Verdict | undefined;
  #began = 0;
  #beganAt = 0;

  constructor({ file, folder }: Dropped, texts: Texts, remove: () => void) {
    this.file = file;
    this.folder = folder;
    this.#texts = texts;
    const id = `disc-${(cards += 1)}`;
    this.#picture = make('img', { hidden: true, width: '144', height: '80' });
    this.#title = make('h3', { id }, file.name);
    this.#facts = make('div', { class: 'facts' });
    this.#problems = make('ul', { class: 'problems', hidden: true });
    this.#dat = make('p', { class: 'dat', hidden: true });
    this.#state = make('p', { class: 'state' });
    this.#bar = make('progress', { max: '1', value: '0', hidden: true, 'aria-labelledby': id });
    this.#close = make('button', { type: 'button', class: 'remove' }, '×');
    this.#close.addEventListener('click', remove);
    const parts = [this.#title, this.#facts, this.#problems, this.#bar, this.#state, this.#dat];
    const body = make('div', { class: 'body' }, ...parts);
    this.element = make('li', { class: 'card', 'aria-labelledby': id }, this.#picture, body, this.#close);
    this.#set('reading', this.#line);
    this.retell(texts);
  }

  get state(): State {
    return this.element.dataset.state as State;
  }

  /** Whether the work on it has not begun, or has to be done again. */
  get isOpen(): boolean {
    return ['ready', 'failed', 'cancelled', 'done'].includes(this.state);
  }

  /** Whether it is a CUE sheet, which needs the files beside it. */
  get isSheet(): boolean {
    return /\.cue$/i.test(this.file.name);
  }

  /** Says everything in another language. */
  retell(texts: Texts): void {
    this.#texts = texts;
    this.#picture.alt = texts.icon;
    this.#problems.ariaLabel = texts.problems;
    this.#close.ariaLabel = `${texts.remove}: ${this.file.name}`;
    this.#tellFacts();
    this.#tellVerdict();
    this.#state.replaceChildren(...this.#line(texts));
  }

  /** What DATs can be asked about it, once its digests are known. */
  get known(): Known | undefined {
    return this.#digests && { name: this.file.name, id: this.description?.id ?? null, digests: this.#digests };
  }

  /** Says what DATs know about it; nothing if there are none. */
  judge(verdict: Verdict | undefined): void {
    this.#verdict = verdict;
    this.#tellVerdict();
  }

  describe(description: Description, picture: Uint8Array<ArrayBuffer>): void {
    this.description = description;
    if (picture.length > 0) {
      this.#picture.src = URL.createObjectURL(new Blob([picture], { type: 'image/png' }));
      this.#picture.hidden = false;
    }
    this.#tellFacts();
    this.#set('ready', () => []);
  }

  wait(): void {
    this.#unsafe = 0;
    this.#digests = this.#verdict = undefined;
    this.#tellFacts();
    this.#tellVerdict();
    this.#set('waiting', (texts) => [texts.waiting]);
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
    const what = (texts: Texts) => (checks ? texts.checking : proving ? texts.proving : texts.writing);
    const seconds = (now - this.#began) / 1000;
    if (seconds < 0.5) {
      this.#set('working', (texts) => [`${what(texts)}…`]);
      return;
    }
    const rate = (done - this.#beganAt) / seconds;
    const left = Math.ceil((total - done) / rate);
    const time = (texts: Texts) => (left < 90 ? texts.seconds(left) : texts.minutes(Math.round(left / 60)));
    this.#set('working', (texts) => [`${what(texts)}: ${texts.rate((rate / 1e6).toFixed(0), time(texts))}`]);
  }

  done({ digests, tracks, written, file, name, unsafe }: Done): void {
    const size = written?.size ?? digests.len;
    const wrote = written !== undefined || file !== undefined;
    const percent = Math.round((100 * size) / digests.len);
    const href = file ? URL.createObjectURL(file) : '';
    this.#unsafe = wrote ? 0 : unsafe;
    this.#hasTracks = tracks.length > 0;
    this.#digests = this.#hasTracks ? tracks : [digests];
    this.#tellFacts();
    this.#bar.hidden = true;
    this.#set('done', (texts) => {
      const how = wrote ? texts.doneFile(name, bytes(size), percent) : texts.doneCheck;
      const words = [make('strong', {}, `${texts.done}. `), how, ...(wrote && !file ? [' ', texts.savedIn] : [])];
      const sums = [make('code', {}, `CRC32 ${digests.crc32}`), ' ', make('code', {}, `SHA-1 ${digests.sha1}`)];
      const link = () => make('a', { class: 'save', href, download: name }, `${texts.download} ${name}`);
      return [...words, make('br'), ...sums, ...(file ? [make('br'), link()] : [])];
    });
  }

  /** `kind` chooses words of the page where it has some; else the reason is shown. */
  fail(reason: (texts: Texts) => string, kind: Failure = 'other'): void {
    this.#bar.hidden = true;
    if (kind === 'cancelled') {
      this.#set('cancelled', (texts) => [texts.cancelled]);
      return;
    }
    const why = (texts: Texts) => (kind === 'full' ? texts.full : reason(texts));
    this.#set('failed', (texts) => [make('strong', {}, `${texts.failed}: `), why(texts)]);
  }

  #set(state: State, line: (texts: Texts) => (Node | string)[]): void {
    this.element.dataset.state = state;
    this.#line = line;
    this.#state.replaceChildren(...line(this.#texts));
  }

  #tellVerdict(): void {
    const texts = this.#texts;
    const verdict = this.#verdict;
    this.#dat.hidden = verdict === undefined;
    if (verdict) {
      const covers = !this.description?.hasTracks || this.#hasTracks;
      this.#dat.dataset.verdict = covers ? verdict.verdict : 'tracks';
      this.#dat.textContent = `${texts.dat}: ${covers ? sentence(verdict, texts) : texts.datTracks}`;
    }
  }

  #tellFacts(): void {
    const { description } = this;
    const texts = this.#texts;
    if (!description) {
      return;
    }
    this.#title.textContent = description.title ?? this.file.name;
    const packed = `${description.format}, ${texts.blocksOf} ${bytes(description.blockSize)}`;
    const now = [
      ...(description.container === null ? [] : [description.container]),
      ...(description.packed ? [packed] : description.container === null ? [description.format] : []),
      ...(description.packed || description.container !== null ? [bytes(description.fileSize)] : []),
    ];
    const facts = [description.console ?? texts.unknownDisc, description.id, `${texts.isNow}: ${now.join(', ')}`];
    const size = `${texts.size}: ${bytes(description.imageSize)}`;
    const lines = [this.file.name, ...facts.filter((fact) => fact !== null), size];
    const isOpen = this.#facts.querySelector('details')?.open ?? false;
    this.#facts.replaceChildren(
      make('p', {}, lines.join(' · ')),
      ...(description.isDisc ? [readers(description.readers, texts, isOpen)] : []),
    );
    const found = problems(description, texts);
    if (this.#unsafe > 0) {
      found.push(texts.unsafe(this.#unsafe));
    }
    this.#problems.replaceChildren(...found.map((problem) => make('li', {}, problem)));
    this.#problems.hidden = found.length === 0;
  }
}

function sentence(verdict: Verdict, texts: Texts): string {
  switch (verdict.verdict) {
    case 'match':
      return texts.datMatch(verdict.game, verdict.dat);
    case 'wrong': {
      const what = verdict.what === 'size' ? texts.size : verdict.what;
      return texts.datWrong(verdict.game, what, verdict.expected, verdict.got);
    }
    case 'md5':
      return texts.datMd5;
    case 'unknown':
      return texts.datUnknown;
  }
}

function problems(description: Description, texts: Texts): string[] {
  const found: string[] = [];
  if (description.unreadable) {
    found.push(description.unreadable);
  } else if (!description.isDisc) {
    found.push(texts.problem.noDisc);
  }
  if (description.other) {
    found.push(texts.problem.other(description.other));
  }
  if (!description.wholeSectors) {
    found.push(texts.problem.oddSize);
  }
  if (description.partlyUnreadable && !description.unreadable) {
    found.push(texts.problem.partlyUnreadable);
  }
  if (description.lostTracks.length > 0) {
    found.push(texts.problem.lost(description.lostTracks.map((track) => trackName(track, texts)).join(', ')));
  }
  return found;
}

function trackName([number, kind, sectors]: Description['lostTracks'][number], texts: Texts): string {
  const seconds = Math.floor(sectors / SECTORS_A_SECOND);
  const time = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
  return kind === 'AUDIO' ? texts.audioTrack(number, time) : texts.track(number, kind);
}

/** Names in short, with the reasons below. */
function readers(all: ReaderVerdict[], texts: Texts, open: boolean): HTMLDetailsElement {
  const able = all.filter(([, verdict]) => verdict === 'yes' || verdict === 'caution').map(([name]) => name);
  const short = able.length === 0 ? texts.readersNone : able.slice(0, 3).join(', ') + (able.length > 3 ? ` +${able.length - 3}` : '');
  const words = { yes: texts.readersYes, caution: texts.readersCaution, maybe: texts.readersMaybe, no: texts.readersNo };
  const own = (why: string) => why.replaceAll(texts.programsCheck, texts.ownCheck);
  const rows = all.map(([name, verdict, why]) =>
    make('li', { class: verdict }, `${name}: ${words[verdict]}${why ? ` (${own(why)})` : ''}`),
  );
  return make('details', { open }, make('summary', {}, `${texts.readers}: ${short}`), make('ul', {}, ...rows));
}
