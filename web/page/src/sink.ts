// Three ways in which a browser lets a page write a file. Nothing has its final name before `close`.

import type { Target } from './messages';

export interface Sink {
  /** Takes bytes that may be others as soon as this returns, even before it has ended. */
  write(at: number, bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  /** Ends writing; returns the file as it can be read back. */
  close(): Promise<File>;
  /** Removes what was written. */
  discard(): Promise<void>;
}

/** Beginning of the names in the private file system. */
export const PRIVATE_PREFIX = 'cisor-';

/** Opens a file for writing, and refuses to replace one. */
export async function openSink(target: Target, name: string): Promise<Sink> {
  switch (target.kind) {
    case 'folder':
      return folderSink(target.folder, name);
    case 'private':
      return privateSink(name);
    case 'memory':
      return memorySink(name);
  }
}

/** The user's folder. The browser writes beside the file and puts it into place when it is closed. */
async function folderSink(folder: FileSystemDirectoryHandle, name: string): Promise<Sink> {
  const there = await folder.getFileHandle(name).then(
    () => true,
    (error: unknown) => !(error instanceof DOMException && error.name === 'NotFoundError'),
  );
  if (there) {
    throw new Error(`the folder already has ${name}, and nothing is ever replaced`);
  }
  const handle = await folder.getFileHandle(name, { create: true });
  const stream = await handle.createWritable();
  let len = 0;
  return {
    async write(position, bytes) {
      const data = bytes.slice();
      if (position > len) {
        await stream.truncate(position);
      }
      await stream.write({ type: 'write', position, data });
      len = Math.max(len, position + data.length);
    },
    async close() {
      await stream.close();
      return handle.getFile();
    },
    async discard() {
      await stream.abort().catch(() => undefined);
      await folder.removeEntry(name).catch(() => undefined);
    },
  };
}

/** The page's own storage on the disk, from where the finished file is downloaded. */
async function privateSink(name: string): Promise<Sink> {
  const folder = await navigator.storage.getDirectory();
  const own = `${PRIVATE_PREFIX}${crypto.getRandomValues(new Uint32Array(2)).join('-')}-${name}`;
  const handle = await folder.getFileHandle(own, { create: true });
  const access = await handle.createSyncAccessHandle();
  return {
    async write(at, bytes) {
      const written = access.write(bytes, { at });
      if (written !== bytes.length) {
        throw new DOMException('the browser gives this page no more space', 'QuotaExceededError');
      }
    },
    async close() {
      access.flush();
      access.close();
      return handle.getFile();
    },
    async discard() {
      access.close();
      await folder.removeEntry(own).catch(() => undefined);
    },
  };
}

/** Memory, or wherever the browser keeps large blobs. */
function memorySink(name: string): Sink {
  // Header and index come last, and belong in front of everything else.
  let front = new Uint8Array(0);
  let parts: Blob[] = [];
  let end = 0;
  return {
    async write(at, bytes) {
      if (end === 0 && at > 0) {
        front = new Uint8Array(at);
        end = at;
      }
      if (at === end) {
        parts.push(new Blob([bytes]));
        end += bytes.length;
      } else if (at + bytes.length <= front.length) {
        front.set(bytes, at);
      } else {
        throw new Error('a part was written out of order');
      }
    },
    async close() {
      return new File([front, ...parts], name);
    },
    async discard() {
      parts = [];
    },
  };
}
