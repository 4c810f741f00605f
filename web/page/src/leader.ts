// The worker that leads: it hands parts to the others, hashes, writes, and proves what was written.

import { Engine, fileReader, type Digests, type Written } from './engine';
import type { Done, FromLeader, Purpose, Result, Target, ToLeader, Work } from './messages';
import { openSink, type Sink } from './sink';

/** Bytes of an image that are handed to a worker at once; a multiple of every block size. */
const PART = 2 << 20;
/** Parts that each worker has in hand, so that it never waits. */
const PARTS_EACH = 2;

class Cancelled extends Error {}

/** A worker that packs; it answers in the order in which it is asked. */
class Hand {
  #port: MessagePort;
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

  ask(work: Work): Promise<Result> {
    const answer = new Promise<Result>((take, fail) => this.#waiting.push({ take, fail }));
    this.#port.postMessage(work);
    return answer;
  }
}

export class Leader {
  #engine: Engine;
  #hands: Hand[] = [];
  #say: (message: FromLeader) => void;
  #cancelled = false;
  #resume: (() => void) | undefined;
  #paused: Promise<void> | undefined;

  constructor(module: WebAssembly.Module, say: (message: FromLeader) => void) {
    this.#engine = new Engine(module);
    this.#say = say;
  }

  async take(message: ToLeader): Promise<void> {
    if ('hand' in message) {
      this.#hands.push(new Hand(message.hand));
    } else if ('pause' in message) {
      this.#pause(message.pause);
    } else if ('cancel' in message) {
      this.#cancelled = true;
      this.#pause(false);
    } else if ('describe' in message) {
      const { describe, number } = message;
      await this.#guard(number, async () => {
        this.#engine.open(describe.size, fileReader(describe));
        const described = this.#engine.describe();
        this.#say({ described, picture: this.#engine.picture(), number });
      });
    } else if ('run' in message) {
      const { run, number, purpose, name, target } = message;
      this.#cancelled = false;
      await this.#guard(number, async () => {
        const done = await this.#run(run, number, purpose, name, target);
        this.#say({ done, number });
      });
    }
  }

  async #guard(number: number, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      const failed = error instanceof Error ? error.message : String(error);
      this.#say({ failed, cancelled: error instanceof Cancelled, number });
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

  async #run(file: File, number: number, purpose: Purpose, name: string, target: Target): Promise<Done> {
    const engine = this.#engine;
    engine.open(file.size, fileReader(file));
    const { imageSize, packed, wholeSectors } = engine.describe();
    if (!wholeSectors && purpose !== 'check') {
      throw new Error(`the image has ${imageSize} bytes, which is not a whole number of 2048-byte sectors`);
    }
    if (purpose === 'check') {
      await this.#openEverywhere(file);
      const { digests, unsafe } = await this.#readAll(number, imageSize, packed, 0, imageSize);
      return { digests, unsafe, name };
    }
    const total = 2 * imageSize;
    const packs = purpose !== 'iso';
    if (packs) {
      this.#say({ planned: engine.plan(purpose), number });
      engine.begin();
    }
    await this.#openEverywhere(file, packs ? purpose : undefined);
    const sink = await openSink(target, name);
    try {
      const { source, written } = await this.#write(number, imageSize, total, packs, sink);
      const result = await sink.close();
      await this.#openEverywhere(result);
      const { digests, unsafe } = await this.#readAll(number, imageSize, packs, imageSize, total);
      if (digests.sha1 !== source.sha1 || digests.crc32 !== source.crc32 || digests.len !== source.len) {
        throw new Error('what was written does not unpack to what was read: the file was removed');
      }
      if (unsafe > 0 && purpose === 'psp') {
        throw new Error(`${unsafe} blocks are not safe for a PSP: the file was removed`);
      }
      return { digests, unsafe, written, name, file: target.kind === 'folder' ? undefined : result };
    } catch (error) {
      await sink.discard();
      throw error;
    }
  }

  async #openEverywhere(open: File, purpose?: string): Promise<void> {
    await Promise.all(this.#hands.map((hand) => hand.ask({ open, purpose })));
  }

  /** Packs or unpacks all of the image into the sink, and hashes it. */
  async #write(
    number: number,
    imageSize: number,
    total: number,
    packs: boolean,
    sink: Sink,
  ): Promise<{ source: Digests; written: Written | undefined }> {
    const engine = this.#engine;
    const drain = async () => {
      for (let write = engine.nextWrite(); write; write = engine.nextWrite()) {
        await sink.write(write.at, write.bytes);
      }
    };
    engine.digests();
    await this.#parts(imageSize, packs ? 'pack' : 'decode', async (at, part) => {
      engine.hash(part.image);
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

  /** Decodes all of the open file: its digests, and how many blocks could hang a PSP. */
  async #readAll(
    number: number,
    imageSize: number,
    packed: boolean,
    before: number,
    total: number,
  ): Promise<{ digests: Digests; unsafe: number }> {
    this.#engine.digests();
    let unsafe = 0;
    await this.#parts(imageSize, packed ? 'check' : 'decode', async (at, part) => {
      this.#engine.hash(part.image);
      unsafe += part.unsafe;
      this.#say({ progress: before + at + part.len, total, proving: true, number });
    });
    return { digests: this.#engine.digests(), unsafe };
  }

  /** Gives all parts to the hands, and their results back in order. */
  async #parts(
    size: number,
    how: 'pack' | 'decode' | 'check',
    take: (
      at: number,
      part: { image: Uint8Array<ArrayBuffer>; packed?: Uint8Array<ArrayBuffer>; unsafe: number; len: number },
    ) => Promise<void>,
  ): Promise<void> {
    const asked: { at: number; len: number; answer: Promise<Result> }[] = [];
    let next = 0;
    let turn = 0;
    try {
      while (next < size || asked.length > 0) {
        await this.#paused;
        if (this.#cancelled) {
          throw new Cancelled('cancelled');
        }
        while (next < size && asked.length < PARTS_EACH * this.#hands.length) {
          const len = Math.min(PART, size - next);
          const answer = this.#hands[turn++ % this.#hands.length]!.ask({ part: next, len, how });
          // An error is noticed when it is this part's turn, and until then it would count as nobody's.
          answer.catch(() => undefined);
          asked.push({ at: next, len, answer });
          next += len;
        }
        const { at, len, answer } = asked.shift()!;
        const result = await answer;
        if ('image' in result) {
          await take(at, { ...result, len });
        }
      }
    } finally {
      // What is still on its way must not be taken for an answer of the next file.
      await Promise.allSettled(asked.map(({ answer }) => answer));
    }
  }
}
