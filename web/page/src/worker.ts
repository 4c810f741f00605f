// The script of all workers: the first message says what each is.

import { work } from './hand';
import { Leader } from './leader';
import type { FromLeader, ToLeader } from './messages';

type First = { module: WebAssembly.Module; port?: MessagePort };

self.onmessage = ({ data }: MessageEvent<First>) => {
  if (data.port) {
    work(data.module, data.port);
    return;
  }
  const say = (message: FromLeader) => (self as unknown as Worker).postMessage(message);
  const leader = new Leader(data.module, say);
  self.onmessage = ({ data }: MessageEvent<ToLeader>) => void leader.take(data);
  say({ ready: leader.profiles() });
};
