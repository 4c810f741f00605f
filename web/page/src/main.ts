// The page: takes files, shows a card for each, and has the work done one file at a time.

import { Card } from './card';
import { Crew } from './crew';
import { byId, make } from './dom';
import { droppedFiles } from './dropped';
import type { Purpose } from './messages';
import { chooseTarget, cleanUp, refusal } from './target';
import { english, type Texts } from './texts';

const texts: Texts = english;

/** Filled in by the build. */
declare const WASM_ELEMENT: string;
declare const WORKER_ELEMENT: string;

const EXTENSIONS: Record<Purpose, string> = { psp: 'cso', opl: 'zso', ppsspp: 'cso', pcsx2: 'cso', iso: 'iso', check: '' };

class Page {
  #cards: Card[] = [];
  #list = byId<HTMLUListElement>('list');
  #start = byId<HTMLButtonElement>('start');
  #pause = byId<HTMLButtonElement>('pause');
  #cancel = byId<HTMLButtonElement>('cancel');
  #clear = byId<HTMLButtonElement>('clear');
  #total = byId<HTMLProgressElement>('total');
  #news = byId('news');
  #scout: Crew;
  #crew: Crew | undefined;
  #newCrew: () => Crew;
  #chosen = false;
  #working = false;
  #cancelled = false;
  #paused = false;
  /** How often the work was done, for those who wait for its end. */
  #runs = 0;

  constructor(scout: Crew, newCrew: () => Crew) {
    this.#scout = scout;
    this.#newCrew = newCrew;
    const input = byId<HTMLInputElement>('files');
    input.addEventListener('change', () => {
      this.#add([...(input.files ?? [])]);
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
    byId('purposes').addEventListener('change', () => (this.#chosen = true));
    this.#start.addEventListener('click', () => void this.#run());
    this.#cancel.addEventListener('click', () => {
      this.#cancelled = true;
      this.#crew?.cancel();
    });
    this.#pause.addEventListener('click', () => {
      this.#paused = !this.#paused;
      this.#crew?.pause(this.#paused);
      this.#pause.textContent = this.#paused ? texts.resume : texts.pause;
      this.#say(this.#paused ? texts.paused : texts.resume);
    });
    this.#clear.addEventListener('click', () => {
      this.#cards = [];
      this.#show();
    });
    window.addEventListener('beforeunload', (event) => {
      if (this.#working) {
        event.preventDefault();
      }
    });
    this.#show();
  }

  #add(files: File[]): void {
    for (const file of files) {
      const card: Card = new Card(file, texts, () => {
        if (!this.#working) {
          this.#cards = this.#cards.filter((other) => other !== card);
          this.#show();
        }
      });
      this.#cards.push(card);
      this.#scout.describe(file, {
        described: (description, picture) => {
          card.describe(description, picture);
          if (!this.#chosen) {
            this.#choose(description.packed ? 'iso' : description.profile === 'opl' ? 'opl' : 'psp');
          }
          this.#show();
        },
        failed: (reason) => {
          card.fail(reason);
          this.#show();
        },
      });
    }
    this.#show();
  }

  #choose(purpose: Purpose): void {
    const radio = document.querySelector<HTMLInputElement>(`input[name="purpose"][value="${purpose}"]`);
    if (radio) {
      radio.checked = true;
    }
    this.#chosen = true;
  }

  #purpose(): Purpose {
    const radio = document.querySelector<HTMLInputElement>('input[name="purpose"]:checked');
    return (radio?.value ?? 'check') as Purpose;
  }

  #show(): void {
    this.#list.replaceChildren(...this.#cards.map((card) => card.element));
    byId('discs').hidden = this.#cards.length === 0;
    this.#list.ariaBusy = String(this.#working);
    this.#start.disabled = this.#working || !this.#cards.some((card) => card.isOpen && card.description);
    this.#clear.disabled = this.#working;
    this.#pause.hidden = this.#cancel.hidden = byId('overall').hidden = !this.#working;
    for (const radio of document.querySelectorAll<HTMLInputElement>('input[name="purpose"]')) {
      radio.disabled = this.#working;
    }
  }

  #say(text: string): void {
    this.#news.textContent = text;
  }

  async #run(): Promise<void> {
    const purpose = this.#purpose();
    const cards = this.#cards.filter((card) => card.isOpen && card.description);
    const target = purpose === 'check' ? { kind: 'memory' as const } : await chooseTarget().catch(() => undefined);
    if (!target) {
      // The dialog was closed.
      return;
    }
    this.#crew ??= this.#newCrew();
    this.#working = true;
    this.#cancelled = this.#paused = false;
    this.#pause.textContent = texts.pause;
    cards.forEach((card) => card.wait());
    this.#show();
    this.#cancel.focus();
    const awake = await navigator.wakeLock?.request('screen').catch(() => undefined);
    let finished = 0;
    for (const card of cards) {
      if (this.#cancelled) {
        card.cancel();
        continue;
      }
      this.#total.value = finished / cards.length;
      this.#say(`${card.file.name}: ${purpose === 'check' ? texts.checking : texts.writing}`);
      const state = await this.#convert(this.#crew, card, purpose, target, (share) => {
        this.#total.value = (finished + share) / cards.length;
      });
      finished += 1;
      byId('count').textContent = texts.total(finished, cards.length);
      this.#say(`${card.file.name}: ${state}`);
    }
    await awake?.release().catch(() => undefined);
    this.#working = false;
    this.#show();
    this.#start.dataset.runs = String((this.#runs += 1));
    this.#start.focus();
  }

  /** Does one file; returns how it ended in a word. */
  async #convert(
    crew: Crew,
    card: Card,
    purpose: Purpose,
    target: Awaited<ReturnType<typeof chooseTarget>>,
    share: (done: number) => void,
  ): Promise<string> {
    const description = card.description!;
    const reason =
      purpose === 'iso' && !description.packed
        ? texts.alreadyIso
        : purpose === 'check'
          ? undefined
          : await refusal(target, description.imageSize, texts);
    if (reason) {
      card.fail(reason);
      return texts.failed;
    }
    const stem = card.file.name.replace(/\.[^.]*$/, '') || card.file.name;
    return new Promise((resolve) => {
      crew.run(card.file, purpose, `${stem}.${EXTENSIONS[purpose]}`, target, {
        progress: (done, total, proving) => {
          card.progress(done, total, proving, purpose === 'check');
          share(total === 0 ? 1 : done / total);
        },
        done: (done) => {
          card.done(done);
          resolve(texts.done);
        },
        failed: (reason, cancelled) => {
          if (cancelled) {
            card.cancel();
          } else {
            card.fail(reason);
          }
          resolve(cancelled ? texts.cancelled : texts.failed);
        },
      });
    });
  }
}

/** Puts the texts into the page that the build made. */
function write(): void {
  document.documentElement.lang = texts.language;
  document.title = texts.title;
  for (const element of document.querySelectorAll<HTMLElement>('[data-text]')) {
    const text = texts[element.dataset.text as keyof Texts];
    if (typeof text === 'string') {
      element.textContent = text;
    }
  }
  const purposes = Object.entries(texts.purposes).map(([value, [name, what]]) =>
    make('label', {}, make('input', { type: 'radio', name: 'purpose', value, checked: value === 'psp' }), ` ${name}`, make('small', {}, what!)),
  );
  byId('purposes').append(...purposes);
}

async function begin(): Promise<void> {
  write();
  if (typeof WebAssembly === 'undefined' || typeof Worker === 'undefined') {
    byId('unsupported').hidden = false;
    return;
  }
  const packed = byId(WASM_ELEMENT).textContent ?? '';
  const module = await WebAssembly.compile(Uint8Array.from(atob(packed.trim()), (c) => c.charCodeAt(0)));
  const code = byId(WORKER_ELEMENT).textContent ?? '';
  const script = URL.createObjectURL(new Blob([code], { type: 'text/javascript' }));
  void cleanUp();
  const hands = navigator.hardwareConcurrency || 2;
  new Page(new Crew(script, module, 0), () => new Crew(script, module, hands));
  document.documentElement.dataset.ready = 'true';
}

void begin().catch((error: unknown) => {
  const place = byId('unsupported');
  place.hidden = false;
  place.append(` ${String(error)}`);
});
