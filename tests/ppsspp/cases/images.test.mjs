// Which images PPSSPP accepts: everything that `cisor compress --for ppsspp` writes, and of other images
// those for which `cisor info` says so.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { before, describe, test } from 'node:test';

import { boot, setting } from '../emulator/console.mjs';
import { compress, verdictOf } from '../support/cisor.mjs';
import { makeDisc } from '../support/disc.mjs';

let disc;

before(() => {
  disc = makeDisc({ name: 'images', program: fs.readFileSync(setting('CISOR_MOCK')), kib: 256 });
});

/** Boots an image whose program only reports that it is running. Returns whether it did. */
async function boots(name, image) {
  const run = await boot({
    name: `images-${name}`,
    program: { from: image },
    // An empty script, with only its end.
    card: [{ to: 'PSP/GAME/MOCK/script.bin', text: Buffer.alloc(64) }],
    until: { stdout: 'mock: done' },
    seconds: 30,
  });
  assert.notEqual(run.end, 'late', 'neither did it boot nor was it refused');
  return run.end === 'done';
}

describe('images in PPSSPP', () => {
  test('a plain image boots', async () => {
    assert.ok(await boots('iso', disc.iso));
  });

  for (const size of ['2K', '16K', '32K']) {
    test(`a CSO with blocks of ${size} boots`, async () => {
      const image = compress(disc.iso, `images-${size}.cso`, '--for', 'ppsspp', '-b', size);
      assert.notEqual(verdictOf(image, 'ppsspp').verdict, 'refuses');
      assert.ok(await boots(size, image));
    });
  }

  for (const format of ['zso', 'dax', 'jso']) {
    test(`${format.toUpperCase()} does not boot, and cisor info says so`, async () => {
      const image = compress(disc.iso, `images.${format}`, '--to', format);
      const { verdict: said, reason } = verdictOf(image, 'ppsspp');
      assert.equal(said, 'refuses');
      assert.ok(reason.length > 0);
      assert.ok(!(await boots(format, image)));
    });
  }
});
