// Calls the converter's code in WebAssembly. Every worker has an instance of its own.

interface Exports {
  memory: WebAssembly.Memory;
  buffer(len: number): number;
  out_at(): number;
  out_len(): number;
  image_at(): number;
  image_len(): number;
  open(): number;
  description(): number;
  picture(): number;
  check_source(): number;
  profiles(): number;
  plan(): number;
  decode(at: number, len: number): number;
  check(at: number, len: number): number;
  pack(at: number, len: number): number;
  pack_given(at: number): number;
  begin(): number;
  add(): number;
  finish(): number;
  next_write(): number;
  crc32(): number;
  hash(): void;
  hash_known(crc32: number): void;
  tracks(): number;
  hash_track(track: number, at: number, len: number): number;
  digests(): number;
  add_dat(len: number): number;
  judge(): number;
}

/** A part of the image, and what was found out about it. */
export interface Part {
  image: Uint8Array<ArrayBuffer>;
  packed?: Uint8Array<ArrayBuffer>;
  /** Deflate streams that the PSP's firmware is not known to read. */
  unsafe: number;
  crc32: number;
}

/** What one reader makes of a file: its name, `yes`, `caution`, `maybe` or `no`, and why. */
export type ReaderVerdict = [name: string, verdict: 'yes' | 'caution' | 'maybe' | 'no', why: string];

/** What a file is. */
export interface Description {
  format: string;
  packed: boolean;
  blockSize: number;
  imageSize: number;
  /** Of all files that it consists of. */
  fileSize: number;
  /** What the image is in: a CHD, a CUE sheet, an archive. */
  container: string | null;
  /** Whether it can only be read from its beginning to its end. */
  forward: boolean;
  /** SHA-1 that the image has according to its container. */
  sourceSha1: string | null;
  /** Whether it is a CD, whose tracks DATs list one by one. */
  hasTracks: boolean;
  /** Names of the files that a CUE sheet names. */
  parts: string[];
  /** What an image of the data track does not hold. */
  lostTracks: [number: number, kind: string, sectors: number][];
  console: 'PSP' | 'PS2' | null;
  other: string | null;
  id: string | null;
  title: string | null;
  profile: string | null;
  isDisc: boolean;
  wholeSectors: boolean;
  partlyUnreadable: boolean;
  unreadable: string | null;
  readers: ReaderVerdict[];
}

/** How a file will be written. */
export interface Plan {
  format: string;
  blockSize: number;
  worstCase: number;
  notes: string[];
  /** Whether every stream has to be one that the PSP's firmware is known to read. */
  firmwareSafe: boolean;
}

/** A profile of the program, and the formats that it writes with their block sizes, the usual ones first. */
export interface Profile {
  name: string;
  formats: [format: string, blockSizes: number[]][];
}

/** What was written. */
export interface Written {
  size: number;
  stored: number;
  deflate: number;
  lz4: number;
}

/** Digests of an image. */
export interface Digests {
  crc32: string;
  sha1: string;
  len: number;
}

/** The DATs in a file, or why it is something else. */
export type DatFile = { names: string[]; games: number; leftOut: number } | { other: string };

/** A disc whose digests are known: those of the image or, of a CD, of each track. */
export interface Known {
  name: string;
  id: string | null;
  digests: Digests[];
}

/** What DATs say about a disc. `md5`: only an MD5 would tell. */
export type Verdict =
  | { verdict: 'match'; game: string; dat: string }
  | { verdict: 'wrong'; game: string; dat: string; what: string; expected: string; got: string }
  | { verdict: 'md5' | 'unknown' };

/** The engine said no, or stopped; the message says why. */
export class EngineError extends Error {}

/** Synchronous access to the bytes of files, by their number; true when all of them were there. */
export type ReadFile = (file: number, offset: number, into: Uint8Array) => boolean;

/** An instance of the engine, and a new one after it has stopped. */
export class Engine {
  #module: WebAssembly.Module;
  /** Memory of earlier results that nobody needs any more: browsers are slow to collect what is thrown away. */
  #spares: ArrayBuffer[] = [];
  #read: ReadFile = () => false;
  #exports: Exports | undefined;
  #panic = '';

  constructor(module: WebAssembly.Module) {
    this.#module = module;
  }

  /** Opens the first file. The others are those beside it, which it may name. */
  open(files: { name: string; size: number }[], read: ReadFile): void {
    this.#read = read;
    this.#put(new TextEncoder().encode(files.map(({ name, size }) => `${size}\0${name}\0`).join('')));
    this.#call((engine) => engine.open());
  }

  /** Compares what was read with the checksum of the archive that it was in. */
  checkSource(): void {
    this.#call((engine) => engine.check_source());
  }

  profiles(): Profile[] {
    return this.#json<{ profiles: Profile[] }>((engine) => engine.profiles()).profiles;
  }

  describe(): Description {
    return this.#json((engine) => engine.description());
  }

  picture(): Uint8Array<ArrayBuffer> {
    this.#call((engine) => engine.picture());
    return this.#out();
  }

  plan(profile: string): Plan {
    this.#put(new TextEncoder().encode(profile));
    return this.#json((engine) => engine.plan());
  }

  decode(at: number, len: number): Part {
    this.#call((engine) => engine.decode(at, len));
    return this.#part(0);
  }

  /** Decodes a part and looks at how it is packed. */
  check(at: number, len: number): Part {
    const { unsafe } = this.#json<{ unsafe: number }>((engine) => engine.check(at, len));
    return this.#part(unsafe);
  }

  pack(at: number, len: number): Part {
    this.#call((engine) => engine.pack(at, len));
    return { packed: this.#out(), ...this.#part(0) };
  }

  /** Packs a part of the image that was decoded elsewhere. */
  packGiven(at: number, image: Uint8Array): Uint8Array<ArrayBuffer> {
    this.#put(image);
    this.#call((engine) => engine.pack_given(at));
    return this.#out();
  }

  begin(): void {
    this.#call((engine) => engine.begin());
  }

  add(packed: Uint8Array): void {
    this.#put(packed);
    this.#call((engine) => engine.add());
  }

  finish(): Written {
    return this.#json((engine) => engine.finish());
  }

  /** Takes back the memory of results, for later ones. */
  reuse(...spares: ArrayBuffer[]): void {
    this.#spares.push(...spares.slice(0, MOST_SPARES - this.#spares.length));
  }

  /** The next bytes to write, and where. They stay until the engine is called again. */
  nextWrite(): { at: number; bytes: Uint8Array<ArrayBuffer> } | undefined {
    let at = -1;
    this.#call((engine) => {
      at = engine.next_write();
      return 0;
    });
    return at < 0 ? undefined : { at, bytes: this.#outView() };
  }

  /**
   * Hashes a little. Browsers compile a function for speed only once it has run, and that for SHA-1 takes long enough to
   * be noticed in the first file.
   */
  warmUp(): void {
    this.hash(new Uint8Array(WARM_UP));
    this.digests();
  }

  /** Hashes bytes, whose CRC32 may be known. */
  hash(bytes: Uint8Array, crc32?: number): void {
    this.#put(bytes);
    this.#call((engine) => {
      if (crc32 === undefined) {
        engine.hash();
      } else {
        engine.hash_known(crc32);
      }
      return 0;
    });
  }

  digests(): Digests {
    return this.#json((engine) => engine.digests());
  }

  /** The lengths of what DATs list of a CD: its tracks or its files. Empty if it is not a CD. */
  trackLens(): number[] {
    return this.#json<{ lens: number[] }>((engine) => engine.tracks()).lens;
  }

  /** Hashes a part of such a track. */
  hashTrack(track: number, at: number, len: number): void {
    this.#call((engine) => engine.hash_track(track, at, len));
  }

  /** Adds the DATs in a file. */
  addDat(size: number, read: ReadFile): DatFile {
    this.#read = read;
    return this.#json((engine) => engine.add_dat(size));
  }

  /** Compares a disc with the DATs. */
  judge({ name, id, digests }: Known): Verdict {
    const parts = digests.flatMap(({ len, crc32, sha1 }) => [len, crc32, sha1]);
    this.#put(new TextEncoder().encode([name, id ?? '', ...parts].join('\0')));
    return this.#json((engine) => engine.judge());
  }

  /** The part of the image that was decoded or packed last. */
  #part(unsafe: number): Part {
    let crc32 = 0;
    this.#call((engine) => {
      crc32 = engine.crc32() >>> 0;
      return 0;
    });
    return { image: this.#image(), unsafe, crc32 };
  }

  #json<T>(work: (engine: Exports) => number): T {
    this.#call(work);
    return JSON.parse(new TextDecoder().decode(this.#out())) as T;
  }

  #put(bytes: Uint8Array): void {
    this.#call((engine) => {
      const at = engine.buffer(bytes.length);
      new Uint8Array(engine.memory.buffer, at, bytes.length).set(bytes);
      return 0;
    });
  }

  /** Runs an export. One that stops takes its instance with it: the next call gets a fresh one. */
  #call(work: (engine: Exports) => number): void {
    const engine = (this.#exports ??= this.#instance());
    let result: number;
    try {
      this.#panic = '';
      result = work(engine);
    } catch (error) {
      this.#exports = undefined;
      throw new EngineError(this.#panic || String(error));
    }
    if (result !== 0) {
      throw new EngineError(new TextDecoder().decode(this.#out()));
    }
  }

  #instance(): Exports {
    const view = (at: number, len: number) =>
      new Uint8Array((instance.exports as unknown as Exports).memory.buffer, at, len);
    const instance = new WebAssembly.Instance(this.#module, {
      page: {
        read_file: (file: number, offset: number, at: number, len: number) =>
          this.#read(file, offset, view(at, len)) ? 0 : 1,
        panicked: (at: number, len: number) => {
          this.#panic = new TextDecoder().decode(view(at, len));
        },
      },
    });
    return instance.exports as unknown as Exports;
  }

  #out(): Uint8Array<ArrayBuffer> {
    return this.#copy(this.#outView());
  }

  #outView(): Uint8Array<ArrayBuffer> {
    const engine = (this.#exports ??= this.#instance());
    return new Uint8Array(engine.memory.buffer as ArrayBuffer, engine.out_at(), engine.out_len());
  }

  #image(): Uint8Array<ArrayBuffer> {
    const engine = (this.#exports ??= this.#instance());
    return this.#copy(new Uint8Array(engine.memory.buffer as ArrayBuffer, engine.image_at(), engine.image_len()));
  }

  /** Copies something out of the engine's memory, into a spare where one is large enough. */
  #copy(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
    const place = bytes.length < LEAST_SPARE ? -1 : this.#spares.findIndex(({ byteLength }) => byteLength >= bytes.length);
    const [spare] = place < 0 ? [] : this.#spares.splice(place, 1);
    // Lengths in steps, so that the next result fits as well.
    const len = bytes.length < LEAST_SPARE ? bytes.length : Math.ceil(bytes.length / LEAST_SPARE) * LEAST_SPARE;
    const copy = new Uint8Array(spare ?? new ArrayBuffer(len), 0, bytes.length);
    copy.set(bytes);
    return copy;
  }
}

/** Smaller results are not worth keeping the memory of. */
const LEAST_SPARE = 256 << 10;
const MOST_SPARES = 8;
/** Bytes that make browsers compile SHA-1 for speed. */
const WARM_UP = 512 << 10;

/** The fewest bytes that are read at once, if a file has as many. */
const LEAST_READ = 64 << 10;

/** Reads files in a worker, piece by piece. */
export function fileReader(files: File[]): ReadFile {
  const reader = new FileReaderSync();
  return (number, offset, into) => {
    const file = files[number];
    if (!file) {
      return false;
    }
    // Firefox never ends reading a few bytes at the end of a result that is in memory: it is given more to read.
    const start = Math.max(0, Math.min(offset, file.size - LEAST_READ));
    const end = Math.max(offset + into.length, Math.min(start + LEAST_READ, file.size));
    try {
      const bytes = new Uint8Array(reader.readAsArrayBuffer(file.slice(start, end)));
      if (bytes.length !== end - start) {
        return false;
      }
      into.set(bytes.subarray(offset - start, offset - start + into.length));
      return true;
    } catch {
      return false;
    }
  };
}
