// A disc of the size of a DVD, with an eye on the browser's memory. Not part of the usual run: cargo xtask web --dvd

import assert from 'node:assert/strict';
import { closeSync, openSync, readFileSync, readdirSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { BROWSERS, WORK, choose, cards, launch, open, pick, serve, without } from './browsers.mjs';
import { make, sparse } from './discs.mjs';

/** Bytes of a DVD with one layer. */
const DVD = 2_298_496 * 2048;
/** The most that the browser may take besides what it takes anyway. */
const MOST = 400e6;

/** Memory of a process and all that it started, each shared page counted in parts. */
function memory(root) {
  const parents = new Map();
  for (const entry of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const stat = readFileSync(`/proc/${entry}/stat`, 'latin1');
      parents.set(Number(entry), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
    } catch {
      // It has ended.
    }
  }
  const isOurs = (pid) => pid === root || (parents.has(pid) && parents.get(pid) > 1 && isOurs(parents.get(pid)));
  let bytes = 0;
  for (const pid of parents.keys()) {
    if (isOurs(pid)) {
      try {
        const pss = /^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1'));
        bytes += 1024 * Number(pss?.[1] ?? 0);
      } catch {
        // It has ended.
      }
    }
  }
  return bytes;
}

for (const name of BROWSERS) {
  describe(name, () => {
    test('a DVD is packed without much memory', { timeout: 1_800_000 }, async () => {
      const disc = readFileSync(make().ps2);
      const path = sparse(`${name}-dvd.iso`, DVD);
      const file = openSync(path, 'r+');
      writeSync(file, disc, 0, disc.length, 0);
      closeSync(file);
      const browser = await launch(name, join(WORK, name));
      const server = await serve();
      try {
        const page = await open(browser, server.url);
        await without(page, 'folder');
        await pick(page, path);
        await choose(page, 'opl');
        const before = memory(browser.process().pid);
        let most = before;
        await page.click('#start');
        for (;;) {
          await new Promise((resolve) => setTimeout(resolve, 500));
          most = Math.max(most, memory(browser.process().pid));
          const [card] = await cards(page);
          if (!['waiting', 'working'].includes(card.state)) {
            assert.equal(card.state, 'done', card.text);
            break;
          }
        }
        const mb = (bytes) => Math.round(bytes / 1e6);
        console.log(`${name}: ${mb(before)} MB before, at most ${mb(most)} MB`);
        assert.ok(most - before < MOST, `${mb(most - before)} MB more`);
      } finally {
        server.close();
        await browser.close();
      }
    });
  });
}
