// The worker that leads: it hands parts to the others, hashes, writes, and proves what was written.

import { Dats } from './dats';
import { Engine, fileReader, type Digests, type Part, type Profile, type Written } from './engine';
import type { Done, Failure, FromLeader, How, Purpose, Result, Target, ToLeader, Work } from './messages';
import { openSink, type Sink } from './sink';

/**
 * Bytes of an image that are handed to a worker at once; a multiple of every block size. Browsers read more quickly in
 * large pieces, but every worker has some of them in memory.
 */
const partFor = (workers: number) => (workers > 4 ? 2 : 8) << 20;
/** Bytes of a track that are hashed at once. */
const TRACK_PART = 8 << 20;
/** Parts that each worker has in hand, so that it never waits. */
const PARTS_EACH = 2;

/** Extensions of the formats that are written. */
const EXTENSIONS: Record<string, string> = { CSO: 'cso', 'CSO v2': 'cso', ZSO: 'zso', DAX: 'dax', JSO: 'jso' };

class Cancelled extends Error {}

function kindOf(error: unknown): Failure {
  if (error instanceof Cancelled) {
    return 'cancelled';
  }
  return error instanceof DOMException && error.name === 'QuotaExceededError' ? 'full' : 'other';
}

/** A worker that packs; it answers in the order in which it is asked. */
class Hand {
  #port: MessagePort;
  /** Memory of its results, which it gets back. */
  readonly spares: ArrayBuffer[] = [];
  #waiting: { take: (result: Result) => void; fail: (error: Error) => void }[] = [];

  constructor(port: MessagePort) {
    this.#port = port;
    port.onmessage = ({ data }: MessageEvent<Result>) => {
      const asked = this.#waiting.shift();
      if ('error' in data) {
        asked?.fail(new Error(data.error));
      } else {
        asked?.take(data);
      }
    };
  }

  ask(work: Work, moved: Transferable[] = []): Promise<Result> {
    const answer = new Promise<Result>((take, fail) => this.#waiting.push({ take, fail }));
    const spares = 'spares' in work ? work.spares : [];
    this.#port.postMessage(work, [...moved, ...spares]);
    return answer;
  }
}

export class Leader {
  #engine: Engine;
  #hands: Hand[] = [];
  #dats: Dats;
  #say: (message: FromLeader) => void;
  #cancelled = false;
  #resume: (() => void) | undefined;
  #paused: Promise<void> | undefined;

  constructor(module: WebAssembly.Module, say: (message: FromLeader) => void) {
    this.#engine = new Engine(module);
    this.#dats = new Dats(module);
    this.#say = say;
  }

  profiles(): Profile[] {
    return this.#engine.profiles();
  }

  async take(message: ToLeader): Promise<void> {
    if ('hand' in message) {
      if (this.#hands.length === 0) {
        this.#engine.warmUp();
      }
      this.#hands.push(new Hand(message.hand));
    } else if ('pause' in message) {
      this.#pause(message.pause);
    } else if ('cancel' in message) {
      this.#cancelled = true;
      this.#pause(false);
    } else if ('describe' in message) {
      const { describe, number } = message;
      await this.#guard(number, async () => {
        this.#engine.open(describe, fileReader(describe));
        const described = this.#engine.describe();
        this.#say({ described, picture: this.#engine.picture(), number });
      });
    } else if ('dats' in message) {
      this.#say({ read: this.#dats.read(message.dats), number: message.number });
    } else if ('judge' in message) {
      const { judge, number } = message;
      await this.#guard(number, async () => this.#say({ judged: this.#dats.judge(judge), number }));
    } else if ('run' in message) {
      const { run, number, purpose, target } = message;
      this.#cancelled = false;
      await this.#guard(number, async () => {
        const done = await this.#run(run, number, purpose, target);
        this.#say({ done, number });
      });
    }
  }

  async #guard(number: number, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      const failed = error instanceof Error ? error.message : String(error);
      this.#say({ failed, kind: kindOf(error), number });
    }
  }

  #pause(on: boolean): void {
    if (on && !this.#paused) {
      this.#paused = new Promise((resolve) => (this.#resume = resolve));
    } else if (!on) {
      this.#resume?.();
      this.#paused = undefined;
    }
  }

  async #run(files: File[], number: number, purpose: Purpose, target: Target): Promise<Done> {
    const engine = this.#engine;
    engine.open(files, fileReader(files));
    const { imageSize, packed, wholeSectors, forward, sourceSha1 } = engine.describe();
    const checkSource = ({ sha1 }: Digests) => {
      engine.checkSource();
      if (sourceSha1 !== null && sha1 !== sourceSha1) {
        throw new Error(`the content has the SHA-1 ${sha1}, and its container says ${sourceSha1}`);
      }
    };
    const called = files[0]?.name ?? '';
    if (!wholeSectors && purpose !== 'check') {
      throw new Error(`the image has ${imageSize} bytes, which is not a whole number of 2048-byte sectors`);
    }
    if (purpose === 'check') {
      await this.#openEverywhere(files);
      const { digests, unsafe } = await this.#readAll(number, imageSize, packed, forward, 0, imageSize);
      checkSource(digests);
      return { digests, tracks: await this.#tracks(files, number), unsafe, name: called };
    }
    const total = 2 * imageSize;
    const packs = purpose !== 'iso';
    const stem = called.replace(/\.[^.]*$/, '') || called;
    let name = `${stem}.iso`;
    let firmwareSafe = false;
    if (packs) {
      const planned = engine.plan(purpose);
      name = `${stem}.${EXTENSIONS[planned.format]}`;
      firmwareSafe = planned.firmwareSafe;
      this.#say({ planned, number });
      engine.begin();
    }
    await this.#openEverywhere(files, packs ? purpose : undefined);
    const sink = await openSink(target, name);
    try {
      const { source, written } = await this.#write(number, imageSize, total, packs, forward, sink);
      checkSource(source);
      const result = await sink.close();
      // In Firefox other workers wait for ever for the end of a file that this one has in memory.
      const own = target.kind === 'memory';
      if (own) {
        engine.open([result], fileReader([result]));
      } else {
        await this.#openEverywhere([result]);
      }
      const { digests, unsafe } = await this.#readAll(number, imageSize, packs, own, imageSize, total);
      if (digests.sha1 !== source.sha1 || digests.crc32 !== source.crc32 || digests.len !== source.len) {
        throw new Error('what was written does not unpack to what was read: the file was removed');
      }
      if (unsafe > 0 && firmwareSafe) {
        throw new Error(`${unsafe} blocks are not safe for a PSP: the file was removed`);
      }
      const tracks = await this.#tracks(files, number);
      return { digests, tracks, unsafe, written, name, file: target.kind === 'folder' ? undefined : result };
    } catch (error) {
      await sink.discard();
      throw error;
    }
  }

  async #openEverywhere(open: File[], purpose?: string): Promise<void> {
    await Promise.all(this.#hands.map((hand) => hand.ask({ open, purpose })));
  }

  /** Packs or unpacks all of the image into the sink, and hashes it. */
  async #write(
    number: number,
    imageSize: number,
    total: number,
    packs: boolean,
    forward: boolean,
    sink: Sink,
  ): Promise<{ source: Digests; written: Written | undefined }> {
    const engine = this.#engine;
    const drain = async () => {
      for (let write = engine.nextWrite(); write; write = engine.nextWrite()) {
        await sink.write(write.at, write.bytes);
      }
    };
    engine.digests();
    await this.#parts(imageSize, packs ? 'pack' : 'decode', forward, async (at, part) => {
      engine.hash(part.image, part.crc32);
      if (part.packed) {
        engine.add(part.packed);
        await drain();
      } else {
        await sink.write(at, part.image);
      }
      this.#say({ progress: at + part.len, total, proving: false, number });
    });
    const written = packs ? engine.finish() : undefined;
    await drain();
    return { source: engine.digests(), written };
  }

  /** Hashes what DATs list of a CD, which is more than its image. Empty if it is not a CD. */
  async #tracks(files: File[], number: number): Promise<Digests[]> {
    const engine = this.#engine;
    engine.open(files, fileReader(files));
    const lens = engine.trackLens();
    const total = lens.reduce((sum, len) => sum + len, 0);
    const tracks: Digests[] = [];
    let before = 0;
    for (const [track, len] of lens.entries()) {
      engine.digests();
      for (let at = 0; at < len; at += TRACK_PART) {
        // Lets messages in, to pause or cancel.
        await new Promise((resolve) => setTimeout(resolve));
        await this.#mayGoOn();
        engine.hashTrack(track, at, Math.min(TRACK_PART, len - at));
        this.#say({ progress: before + Math.min(at + TRACK_PART, len), total, proving: true, number });
      }
      tracks.push(engine.digests());
      before += len;
    }
    return tracks;
  }

  /** Waits while it has been paused. */
  async #mayGoOn(): Promise<void> {
    await this.#paused;
    if (this.#cancelled) {
      throw new Cancelled('cancelled');
    }
  }

  /** Decodes all of the open file: its digests, and how many blocks could hang a PSP. */
  async #readAll(
    number: number,
    imageSize: number,
    packed: boolean,
    forward: boolean,
    before: number,
    total: number,
  ): Promise<{ digests: Digests; unsafe: number }> {
    this.#engine.digests();
    let unsafe = 0;
    await this.#parts(imageSize, packed ? 'check' : 'decode', forward, async (at, part) => {
      this.#engine.hash(part.image, part.crc32);
      unsafe += part.unsafe;
      this.#say({ progress: before + at + part.len, total, proving: true, number });
    });
    return { digests: this.#engine.digests(), unsafe };
  }

  /** Reads a part of a file that can only be read forward, which is done once and therefore here. */
  async #ahead(hand: Hand, part: number, len: number, how: How): Promise<Result> {
    if (how === 'check') {
      return this.#engine.check(part, len);
    }
    const decoded = this.#engine.decode(part, len);
    if (how === 'decode') {
      return decoded;
    }
    const { image, crc32 } = decoded;
    return hand.ask({ part, image, crc32, spares: hand.spares.splice(0) }, [image.buffer]);
  }

  /** Gives all parts to the hands, and their results back in order. */
  async #parts(
    size: number,
    how: How,
    forward: boolean,
    take: (at: number, part: Part & { len: number }) => Promise<void>,
  ): Promise<void> {
    const whole = partFor(this.#hands.length);
    const asked: { at: number; len: number; hand: Hand; answer: Promise<Result> }[] = [];
    let next = 0;
    let turn = 0;
    try {
      while (next < size || asked.length > 0) {
        await this.#mayGoOn();
        while (next < size && asked.length < PARTS_EACH * this.#hands.length) {
          const len = Math.min(whole, size - next);
          const hand = this.#hands[turn++ % this.#hands.length]!;
          const answer = forward ? this.#ahead(hand, next, len, how) : hand.ask({ part: next, len, how, spares: hand.spares.splice(0) });
          // An error is noticed when it is this part's turn, and until then it would count as nobody's.
          answer.catch(() => undefined);
          asked.push({ at: next, len, hand, answer });
          next += len;
        }
        const { at, len, hand, answer } = asked.shift()!;
        const result = await answer;
        if ('image' in result) {
          await take(at, { ...result, len });
          // The worker that made it can use the memory again.
          if (forward) {
            this.#engine.reuse(result.image.buffer);
          } else {
            hand.spares.push(result.image.buffer);
          }
          if (result.packed) {
            hand.spares.push(result.packed.buffer);
          }
        }
      }
    } finally {
      // What is still on its way must not be taken for an answer of the next file.
      await Promise.allSettled(asked.map(({ answer }) => answer));
    }
  }
}
