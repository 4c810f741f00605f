// What the page and its workers say to each other.

import type { DatFile, Description, Digests, Known, Part, Plan, Profile, Verdict, Written } from './engine';

/**
 * What is to be done with a disc: a profile of the program, perhaps with a format, a level and a block size
 * (`ark:ZSO:9:4096`), or `iso` or `check`.
 */
export type Purpose = string;

/** Where a file is written. */
export type Target =
  | { kind: 'folder'; folder: FileSystemDirectoryHandle }
  | { kind: 'private' }
  | { kind: 'memory' };

/** To any worker, first of all. */
export interface Start {
  module: WebAssembly.Module;
}

/** To the worker that leads. */
export type ToLeader =
  | Start
  | { hand: MessagePort }
  | { describe: File[]; number: number }
  | { dats: File[]; number: number }
  | { judge: Known; number: number }
  | { run: File[]; number: number; purpose: Purpose; target: Target }
  | { pause: boolean }
  | { cancel: true };

/** From the worker that leads. */
export type FromLeader =
  | { ready: Profile[] }
  | { described: Description; picture: Uint8Array<ArrayBuffer>; number: number }
  | { read: DatResult[]; number: number }
  | { judged: Verdict; number: number }
  | { planned: Plan; number: number }
  | { progress: number; total: number; proving: boolean; number: number }
  | { done: Done; number: number }
  | { failed: string; kind: Failure; number: number };

/** What became of a file that was taken for a DAT. */
export type DatResult = DatFile | { failed: string };

/** Why a file was not done, where the page has words of its own for it. */
export type Failure = 'cancelled' | 'full' | 'other';

/** How a file ended. */
export interface Done {
  digests: Digests;
  /** Of what DATs list of a CD: its tracks or its files. */
  tracks: Digests[];
  /** Deflate streams that the PSP's firmware is not known to read. */
  unsafe: number;
  written?: Written;
  /** For the download, where the page could not write into a folder. */
  file?: File | Blob;
  name: string;
}

/** To a worker that packs. */
export type Work =
  | { open: File[]; purpose?: string }
  | { part: number; len: number; how: How; spares: ArrayBuffer[] }
  | { part: number; image: Uint8Array<ArrayBuffer>; crc32: number; spares: ArrayBuffer[] };

/** What is to be done with a part. */
export type How = 'pack' | 'decode' | 'check';

/** From a worker that packs. */
export type Result =
  | { opened: true }
  | Part
  | { error: string };
