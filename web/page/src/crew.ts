// The workers of the page: one that leads, and as many hands as there are cores.

import type { Description, Known, Profile, Verdict } from './engine';
import type { DatResult, Done, Failure, FromLeader, Purpose, Target, ToLeader } from './messages';

/** Where news about a file goes. */
export interface Listener {
  described?(description: Description, picture: Uint8Array<ArrayBuffer>): void;
  read?(results: DatResult[]): void;
  judged?(verdict: Verdict): void;
  progress?(done: number, total: number, proving: boolean): void;
  done?(done: Done): void;
  failed(reason: string, kind: Failure): void;
}

/** More would only cost memory. */
const MOST_HANDS = 16;

export class Crew {
  #leader: Worker;
  #listeners = new Map<number, Listener>();
  /** The profiles of the program, when the workers have begun. */
  readonly ready: Promise<Profile[]>;
  #files = 0;

  /** `hands` is 0 for a crew that only looks at files. */
  constructor(script: string, module: WebAssembly.Module, hands: number) {
    const start = () => new Worker(script);
    this.#leader = start();
    this.ready = new Promise((resolve) => {
      this.#leader.onmessage = ({ data }: MessageEvent<FromLeader>) => {
        if ('ready' in data) {
          resolve(data.ready);
        } else {
          this.#hear(data);
        }
      };
    });
    this.#leader.onerror = (event) => this.#lost(event.message);
    this.#leader.postMessage({ module });
    for (let hand = 0; hand < Math.min(hands, MOST_HANDS); hand += 1) {
      const { port1, port2 } = new MessageChannel();
      const worker = start();
      worker.onerror = (event) => this.#lost(event.message);
      worker.postMessage({ module, port: port1 }, [port1]);
      void this.#tell({ hand: port2 }, [port2]);
    }
  }

  describe(files: File[], listener: Listener): void {
    const number = this.#listen(listener);
    void this.#tell({ describe: files, number });
  }

  /** Reads DATs, in the place of those before. */
  readDats(dats: File[], listener: Listener): void {
    void this.#tell({ dats, number: this.#listen(listener) });
  }

  /** Compares a disc with the DATs. */
  judge(judge: Known, listener: Listener): void {
    void this.#tell({ judge, number: this.#listen(listener) });
  }

  run(files: File[], purpose: Purpose, target: Target, listener: Listener): void {
    const number = this.#listen(listener);
    void this.#tell({ run: files, number, purpose, target });
  }

  pause(on: boolean): void {
    void this.#tell({ pause: on });
  }

  cancel(): void {
    void this.#tell({ cancel: true });
  }

  #listen(listener: Listener): number {
    this.#files += 1;
    this.#listeners.set(this.#files, listener);
    return this.#files;
  }

  async #tell(message: ToLeader, moved: Transferable[] = []): Promise<void> {
    await this.ready;
    this.#leader.postMessage(message, moved);
  }

  #hear(message: Exclude<FromLeader, { ready: Profile[] }>): void {
    const listener = this.#listeners.get(message.number);
    if ('described' in message) {
      listener?.described?.(message.described, message.picture);
    } else if ('read' in message) {
      listener?.read?.(message.read);
    } else if ('judged' in message) {
      listener?.judged?.(message.judged);
    } else if ('progress' in message) {
      listener?.progress?.(message.progress, message.total, message.proving);
      return;
    } else if ('done' in message) {
      listener?.done?.(message.done);
    } else if ('failed' in message) {
      listener?.failed(message.failed, message.kind);
    } else {
      return;
    }
    this.#listeners.delete(message.number);
  }

  /** A worker ended, for want of memory for example. */
  #lost(reason: string): void {
    for (const listener of this.#listeners.values()) {
      listener.failed(reason, 'other');
    }
    this.#listeners.clear();
  }
}
