// Which way of writing there is in this browser.

import { bytes } from './dom';
import type { Target } from './messages';
import { PRIVATE_PREFIX } from './sink';
import type { Texts } from './texts';

/** The largest result that is kept in memory. */
const MEMORY_LIMIT = 1 << 30;

/** Asks for a folder where the browser has such a thing; must be called while a click is handled. */
export async function chooseTarget(): Promise<Target> {
  if (window.showDirectoryPicker) {
    return { kind: 'folder', folder: await window.showDirectoryPicker({ id: 'cisor', mode: 'readwrite' }) };
  }
  try {
    await navigator.storage.getDirectory();
    return { kind: 'private' };
  } catch {
    return { kind: 'memory' };
  }
}

/** Why a file of at most this size cannot be written there; `undefined` if it can. */
export async function refusal(target: Target, worst: number, texts: Texts): Promise<string | undefined> {
  if (target.kind === 'private') {
    const { quota = 0, usage = 0 } = await navigator.storage.estimate();
    if (quota - usage < worst) {
      return texts.tooLittleSpace(bytes(worst), bytes(Math.max(0, quota - usage)));
    }
  } else if (target.kind === 'memory' && worst > MEMORY_LIMIT) {
    return texts.tooLargeForMemory(bytes(MEMORY_LIMIT));
  }
  return undefined;
}

/** Removes what an earlier visit left in the private file system, unless another tab is using it. */
export async function cleanUp(): Promise<void> {
  const name = 'cisor';
  try {
    await navigator.locks.request(name, { ifAvailable: true }, async (lock) => {
      if (lock) {
        const folder = await navigator.storage.getDirectory();
        for await (const entry of (folder as unknown as { keys(): AsyncIterable<string> }).keys()) {
          if (entry.startsWith(PRIVATE_PREFIX)) {
            await folder.removeEntry(entry).catch(() => undefined);
          }
        }
      }
    });
    // Held for as long as the page is open.
    void navigator.locks.request(name, { mode: 'shared' }, () => new Promise(() => undefined));
  } catch {
    // No such storage here, so there is nothing in it.
  }
}
