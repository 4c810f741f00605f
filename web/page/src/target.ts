// Which way of writing there is in this browser.

import { bytes } from './dom';
import type { Target } from './messages';
import { PRIVATE_PREFIX } from './sink';
import type { Texts } from './texts';

/** The largest result that is kept in memory. */
const MEMORY_LIMIT = 1 << 30;

/** Asks for a folder where the browser has such a thing; must be called while a click is handled. `cleaned` is what
 * `cleanUp` gave. */
export async function chooseTarget(cleaned: Promise<void>): Promise<Target> {
  if (window.showDirectoryPicker) {
    return { kind: 'folder', folder: await window.showDirectoryPicker({ id: 'cisor', mode: 'readwrite' }) };
  }
  try {
    await navigator.storage.getDirectory();
    // Only then is what this page writes safe from other tabs.
    await cleaned;
    return { kind: 'private' };
  } catch {
    return { kind: 'memory' };
  }
}

/** Why a file of at most this size cannot be written there; `undefined` if it can. */
export async function refusal(target: Target, worst: number): Promise<((texts: Texts) => string) | undefined> {
  if (target.kind === 'private') {
    const { quota = 0, usage = 0 } = await navigator.storage.estimate();
    if (quota - usage < worst) {
      return (texts) => texts.tooLittleSpace(bytes(worst), bytes(Math.max(0, quota - usage)));
    }
  } else if (target.kind === 'memory' && worst > MEMORY_LIMIT) {
    return (texts) => texts.tooLargeForMemory(bytes(MEMORY_LIMIT));
  }
  return undefined;
}

/** The lock that every open page shares. */
const LOCK = 'cisor';
/** How often to try, because a visit that was just left may still be ending. */
const TRIES = 30;
const MS_BETWEEN = 300;

/** Removes what an earlier visit left in the private file system, unless another tab is using it. */
export async function cleanUp(): Promise<void> {
  try {
    for (let tries = 0; tries < TRIES; tries += 1) {
      const isClean = await navigator.locks.request(LOCK, { ifAvailable: true }, (lock) => lock !== null && removeLeft());
      if (isClean) {
        break;
      }
      await new Promise((resolve) => setTimeout(resolve, MS_BETWEEN));
    }
    // Held for as long as the page is open.
    void navigator.locks.request(LOCK, { mode: 'shared' }, () => new Promise(() => undefined));
  } catch {
    // No such storage here, so there is nothing in it.
  }
}

/** Whether everything could be removed: what is being written cannot. */
async function removeLeft(): Promise<boolean> {
  const folder = await navigator.storage.getDirectory();
  let isClean = true;
  for await (const entry of (folder as unknown as { keys(): AsyncIterable<string> }).keys()) {
    if (entry.startsWith(PRIVATE_PREFIX)) {
      await folder.removeEntry(entry).catch(() => (isClean = false));
    }
  }
  return isClean;
}
