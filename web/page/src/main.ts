// The page: takes files, shows a card for each, and has the work done one file at a time.

import { Card } from './card';
import { Crew } from './crew';
import { byId } from './dom';
import { droppedFiles, picked, type Dropped } from './dropped';
import type { Description } from './engine';
import { choosePurpose, chosenPurpose, furnish, offerLanguages, offerProfiles, showList } from './furniture';
import { remember, startingTexts } from './languages';
import { Shelf, isDat, mayBeDat } from './shelf';
import type { Purpose } from './messages';
import { chooseTarget, cleanUp, refusal } from './target';
import type { Texts } from './texts';

/** Filled in by the build. */
declare const WASM_ELEMENT: string;
declare const WORKER_ELEMENT: string;

class Page {
  #texts: Texts;
  #cards: Card[] = [];
  #list = byId<HTMLUListElement>('list');
  #start = byId<HTMLButtonElement>('start');
  #pause = byId<HTMLButtonElement>('pause');
  #cancel = byId<HTMLButtonElement>('cancel');
  #clear = byId<HTMLButtonElement>('clear');
  #total = byId<HTMLProgressElement>('total');
  #news = byId('news');
  #scout: Crew;
  #dats: Shelf;
  #crew: Crew | undefined;
  #newCrew: () => Crew;
  #cleaned = cleanUp();
  #chosen = false;
  #working = false;
  #cancelled = false;
  #paused = false;
  /** How often the work was done, for those who wait for its end. */
  #runs = 0;

  constructor(texts: Texts, scout: Crew, newCrew: () => Crew) {
    this.#texts = texts;
    this.#scout = scout;
    this.#dats = new Shelf(texts, scout, () => this.#cards.forEach((card) => this.#judge(card)));
    this.#newCrew = newCrew;
    const input = byId<HTMLInputElement>('files');
    input.addEventListener('change', () => {
      this.#add(picked(input.files ?? []));
      input.value = '';
    });
    const zone = byId('zone');
    for (const type of ['dragenter', 'dragover', 'dragleave', 'drop']) {
      document.addEventListener(type, (event) => {
        event.preventDefault();
        zone.classList.toggle('over', type === 'dragenter' || type === 'dragover');
      });
    }
    document.addEventListener('drop', (event) => void droppedFiles(event).then((files) => this.#add(files)));
    byId('purposes').addEventListener('change', () => {
      this.#chosen = true;
      showList();
    });
    this.#start.addEventListener('click', () => void this.#run());
    this.#cancel.addEventListener('click', () => {
      this.#cancelled = true;
      this.#crew?.cancel();
    });
    this.#pause.addEventListener('click', () => {
      const texts = this.#texts;
      this.#paused = !this.#paused;
      this.#crew?.pause(this.#paused);
      this.#pause.textContent = this.#paused ? texts.resume : texts.pause;
      this.#say(this.#paused ? texts.paused : texts.resume);
    });
    this.#clear.addEventListener('click', () => {
      this.#cards = [];
      this.#list.replaceChildren();
      this.#show();
    });
    window.addEventListener('beforeunload', (event) => {
      if (this.#working) {
        event.preventDefault();
      }
    });
    this.#show();
  }

  /** Says everything in another language. */
  retell(texts: Texts): void {
    this.#texts = texts;
    furnish(texts);
    this.#pause.textContent = this.#paused ? texts.resume : texts.pause;
    void this.#scout.ready.then((profiles) => offerProfiles(profiles, texts));
    this.#dats.retell(texts);
    this.#cards.forEach((card) => card.retell(texts));
    this.#news.textContent = '';
    this.#show();
  }

  #add(dropped: Dropped[]): void {
    const dats = dropped.filter(({ file }) => isDat(file));
    if (dats.length > 0) {
      this.#dats.add(dats.map(({ file }) => file));
    }
    const discs = dropped.filter(({ file }) => !isDat(file));
    const cards = discs.map((one) => {
      const card: Card = new Card(one, this.#texts, () => {
        if (!this.#working) {
          this.#remove([card]);
        }
      });
      return card;
    });
    // Sheets that lacked a file before may have it now.
    const again = this.#cards.filter((card) => card.isSheet && !card.description && card.state === 'failed');
    this.#cards.push(...cards);
    this.#list.append(...cards.map((card) => card.element));
    [...again, ...cards].forEach((card) => this.#look(card));
    this.#show();
  }

  #remove(cards: Card[]): void {
    cards.forEach((card) => card.element.remove());
    this.#cards = this.#cards.filter((card) => !cards.includes(card));
    this.#show();
  }

  /** Finds out what a file is. */
  #look(card: Card): void {
    const beside = card.isSheet ? this.#cards.filter((other) => other !== card && other.folder === card.folder) : [];
    this.#scout.describe([card.file, ...beside.map(({ file }) => file)], {
      described: (description, picture) => {
        const named = description.parts.map((part) => part.toLowerCase());
        const parts = beside.filter(({ file }) => named.includes(file.name.toLowerCase()));
        card.parts = parts.map(({ file }) => file);
        card.describe(description, picture);
        if (!this.#chosen) {
          this.#chosen = true;
          choosePurpose(suggested(description));
        }
        if (!this.#working) {
          this.#remove(parts);
        }
        this.#show();
      },
      failed: (reason) => {
        if (mayBeDat(card.file)) {
          this.#tryDat(card, reason);
          return;
        }
        card.fail((texts) => (card.isSheet ? `${reason}. ${texts.waitingForParts}` : reason));
        this.#show();
      },
    });
  }

  /** Finds out whether an archive without a disc holds a DAT. */
  #tryDat(card: Card, reason: string): void {
    this.#remove([card]);
    this.#dats.try(card.file, () => {
      this.#cards.push(card);
      this.#list.append(card.element);
      card.fail(() => reason);
      this.#show();
    });
  }

  #judge(card: Card): void {
    if (card.known) {
      this.#dats.judge(card.known, (verdict) => card.judge(verdict));
    }
  }

  #show(): void {
    byId('discs').hidden = this.#cards.length === 0;
    this.#list.ariaBusy = String(this.#working);
    this.#start.disabled = this.#working || !this.#cards.some((card) => card.isOpen && card.description);
    this.#clear.disabled = this.#working;
    this.#pause.hidden = this.#cancel.hidden = byId('overall').hidden = !this.#working;
    byId<HTMLFieldSetElement>('purposes').disabled = this.#working;
  }

  #say(text: string): void {
    this.#news.textContent = text;
  }

  async #run(): Promise<void> {
    const purpose = chosenPurpose();
    const cards = this.#cards.filter((card) => card.isOpen && card.description);
    const target = purpose === 'check' ? { kind: 'memory' as const } : await chooseTarget(this.#cleaned).catch(() => undefined);
    if (!target) {
      // The dialog was closed.
      return;
    }
    this.#crew ??= this.#newCrew();
    this.#working = true;
    this.#cancelled = this.#paused = false;
    this.#pause.textContent = this.#texts.pause;
    cards.forEach((card) => card.wait());
    this.#show();
    this.#cancel.focus();
    const awake = await navigator.wakeLock?.request('screen').catch(() => undefined);
    let finished = 0;
    for (const card of cards) {
      if (this.#cancelled) {
        card.fail(() => '', 'cancelled');
        continue;
      }
      this.#total.value = finished / cards.length;
      this.#say(`${card.file.name}: ${purpose === 'check' ? this.#texts.checking : this.#texts.writing}`);
      await this.#convert(this.#crew, card, purpose, target, (share) => {
        this.#total.value = (finished + share) / cards.length;
      });
      finished += 1;
      byId('count').textContent = this.#texts.total(finished, cards.length);
      const words: Record<string, string> = { done: this.#texts.done, cancelled: this.#texts.cancelled };
      this.#say(`${card.file.name}: ${words[card.state] ?? this.#texts.failed}`);
    }
    await awake?.release().catch(() => undefined);
    this.#working = false;
    this.#show();
    this.#start.dataset.runs = String((this.#runs += 1));
    this.#start.focus();
  }

  /** Does one file. */
  async #convert(
    crew: Crew,
    card: Card,
    purpose: Purpose,
    target: Awaited<ReturnType<typeof chooseTarget>>,
    share: (done: number) => void,
  ): Promise<void> {
    const description = card.description!;
    const reason =
      purpose === 'iso' && isPlain(description)
        ? (texts: Texts) => texts.alreadyIso
        : purpose === 'check'
          ? undefined
          : await refusal(target, description.imageSize);
    if (reason) {
      card.fail(reason);
      return;
    }
    return new Promise((resolve) => {
      crew.run([card.file, ...card.parts], purpose, target, {
        progress: (done, total, proving) => {
          card.progress(done, total, proving, purpose === 'check');
          share(total === 0 ? 1 : done / total);
        },
        done: (done) => {
          card.done(done);
          this.#judge(card);
          resolve();
        },
        failed: (reason, kind) => {
          card.fail(() => reason, kind);
          resolve();
        },
      });
    });
  }
}

/** Whether it is a plain image already. */
function isPlain({ packed, container }: Description): boolean {
  return !packed && container === null;
}

/** What people most likely want done with a disc. */
function suggested(description: Description): Purpose {
  return description.packed ? 'iso' : description.profile === 'opl' ? 'opl' : 'psp';
}

/** Unpacks what the build has packed: raw deflate in base64. */
async function unpacked(text: string): Promise<ArrayBuffer> {
  const bytes = Uint8Array.from(atob(text.trim()), (c) => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
  return new Response(stream).arrayBuffer();
}

async function begin(): Promise<void> {
  const texts = startingTexts();
  furnish(texts);
  if (['WebAssembly', 'Worker', 'DecompressionStream'].some((name) => !(name in window))) {
    byId('unsupported').hidden = false;
    offerLanguages(texts, furnish);
    return;
  }
  const module = await WebAssembly.compile(await unpacked(byId(WASM_ELEMENT).textContent ?? ''));
  const code = byId(WORKER_ELEMENT).textContent ?? '';
  const script = URL.createObjectURL(new Blob([code], { type: 'text/javascript' }));
  const hands = navigator.hardwareConcurrency || 2;
  const page = new Page(texts, new Crew(script, module, 0), () => new Crew(script, module, hands));
  offerLanguages(texts, (chosen) => {
    remember(chosen.language);
    page.retell(chosen);
  });
  page.retell(texts);
  document.documentElement.dataset.ready = 'true';
}

void begin().catch((error: unknown) => {
  const place = byId('unsupported');
  place.hidden = false;
  place.append(` ${String(error)}`);
});
