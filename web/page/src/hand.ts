// A worker that decodes and packs parts of one file.

import { Engine, fileReader } from './engine';
import type { Result, Work } from './messages';

export function work(module: WebAssembly.Module, port: MessagePort): void {
  const engine = new Engine(module);
  const answer = (work: Work): Result => {
    if ('open' in work) {
      engine.open(work.open, fileReader(work.open));
      if (work.purpose !== undefined) {
        engine.plan(work.purpose);
      }
      return { opened: true };
    }
    engine.reuse(...work.spares);
    if ('image' in work) {
      const packed = engine.packGiven(work.part, work.image);
      return { image: work.image, packed, unsafe: 0, crc32: work.crc32 };
    }
    switch (work.how) {
      case 'pack':
        return engine.pack(work.part, work.len);
      case 'check':
        return engine.check(work.part, work.len);
      case 'decode':
        return engine.decode(work.part, work.len);
    }
  };
  port.onmessage = ({ data }: MessageEvent<Work>) => {
    let result: Result;
    try {
      result = answer(data);
    } catch (error) {
      result = { error: error instanceof Error ? error.message : String(error) };
    }
    const moved = 'image' in result ? [result.image.buffer, ...(result.packed ? [result.packed.buffer] : [])] : [];
    port.postMessage(result, moved);
  };
}
