// Drives the page as people do, in every browser of this machine. The program is the judge.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync, existsSync, copyFileSync, mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { BROWSERS, PAGE, WORK, cards, choose, download, launch, open, pick, run, serve, without } from './browsers.mjs';
import { cisor, hostile, make, sha1, sha256, sparse } from './discs.mjs';

const discs = make();
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Checks a file for a PSP: intact, and no block that could hang one. */
function judge(path, image) {
  const about = cisor('verify', path);
  assert.equal(about.hashes.sha1, sha1(image));
  const { lint, readers } = cisor('info', '--blocks', path);
  assert.ok(lint.streams > 0);
  assert.equal(lint.failed, 0);
  assert.deepEqual(readers.filter(({ key, verdict }) => verdict === 'refuses' && key !== 'patches'), []);
}

for (const name of BROWSERS) {
  describe(name, () => {
    const downloads = join(WORK, name);
    const kept = (file) => join(WORK, `${name}-${file}`);
    let browser;
    let server;

    before(async () => {
      browser = await launch(name, downloads);
      server = await serve();
    });
    after(async () => {
      server?.close();
      await browser?.close();
    });

    /** Converts one file and returns the path of the result. */
    async function convert(page, source, purpose, result) {
      await pick(page, source);
      await choose(page, purpose);
      const [card] = await run(page);
      assert.equal(card.state, 'done', card.text);
      return { path: await download(page, downloads, result), text: card.text };
    }

    test('from a double click, a PSP disc becomes a CSO and an ISO again', async () => {
      const page = await open(browser, pathToFileURL(PAGE).href);
      await without(page, 'folder');
      const packed = await convert(page, discs.psp, 'psp', 'runner.cso');
      assert.ok(packed.text.includes('Sector Runner') && packed.text.includes('ULUS-10041'), packed.text);
      assert.ok(packed.text.includes(sha1(discs.psp)), packed.text);
      copyFileSync(packed.path, kept('runner.cso'));
      judge(kept('runner.cso'), discs.psp);
      await page.close();

      const again = await open(browser, pathToFileURL(PAGE).href);
      await without(again, 'folder');
      const back = await convert(again, kept('runner.cso'), 'iso', `${name}-runner.iso`);
      assert.equal(sha256(back.path), sha256(discs.psp));
      await again.close();
    });

    test('two runs and two ways of writing give the same bytes', async () => {
      const files = [];
      for (const missing of [['folder'], ['folder', 'private']]) {
        const page = await open(browser, server.url);
        await without(page, ...missing);
        const { path } = await convert(page, discs.psp, 'psp', 'runner.cso');
        files.push(sha256(path));
        await page.close();
      }
      assert.deepEqual(files, [sha256(kept('runner.cso')), sha256(kept('runner.cso'))]);
    });

    test('a ZSO is the one that the program writes', async () => {
      const page = await open(browser, server.url);
      await without(page, 'folder');
      const { path } = await convert(page, discs.ps2, 'opl', 'castle.zso');
      const own = join(WORK, `${name}-own.zso`);
      if (!existsSync(own)) {
        cisor('compress', discs.ps2, '--for', 'opl', '-o', own);
      }
      assert.equal(sha256(path), sha256(own));
      await page.close();
    });

    test('a folder gets its files, and nothing in it is replaced', async () => {
      const page = await open(browser, server.url);
      await page.evaluate(async () => {
        // The dialog cannot be answered here; a folder of the private file system behaves alike.
        const root = await navigator.storage.getDirectory();
        const folder = await root.getDirectoryHandle('chosen', { create: true });
        window.showDirectoryPicker = () => Promise.resolve(folder);
      });
      await pick(page, discs.psp);
      await choose(page, 'psp');
      const [first] = await run(page);
      assert.equal(first.state, 'done', first.text);
      const written = await page.evaluate(async () => {
        const folder = await window.showDirectoryPicker();
        const file = await (await folder.getFileHandle('runner.cso')).getFile();
        const digest = await crypto.subtle.digest('SHA-256', await file.arrayBuffer());
        return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
      });
      assert.equal(written, sha256(kept('runner.cso')));
      const [second] = await run(page);
      assert.equal(second.state, 'failed');
      assert.ok(second.text.includes('already has runner.cso'), second.text);
      await page.close();
    });

    test('cancelling leaves nothing, and the page goes on', async () => {
      const big = sparse('big.iso', 400 << 20);
      const page = await open(browser, server.url);
      await without(page, 'folder');
      await pick(page, big);
      await choose(page, 'ppsspp');
      await page.click('#start');
      await page.waitForSelector('.card[data-state="working"]');
      await page.click('#pause');
      const paused = await page.$eval('#pause', (button) => button.textContent);
      assert.equal(paused, 'Continue');
      await page.click('#cancel');
      await page.waitForSelector('.card[data-state="cancelled"]', { timeout: 20_000 });
      const left = await page.evaluate(async () => {
        const names = [];
        for await (const name of (await navigator.storage.getDirectory()).keys()) {
          names.push(name);
        }
        return names;
      });
      assert.deepEqual(left.filter((entry) => entry.includes('big')), []);
      await page.click('#clear');
      await pick(page, discs.ps2);
      await choose(page, 'check');
      const [card] = await run(page);
      assert.equal(card.state, 'done', card.text);
      assert.ok(card.text.includes(sha1(discs.ps2)), card.text);
      await page.close();
    });

    test('hostile files are named, and a good one after them still works', async () => {
      const files = hostile(kept('runner.cso'));
      const page = await open(browser, server.url);
      await without(page, 'folder');
      await pick(page, ...Object.values(files), kept('runner.cso'));
      const first = await cards(page);
      await choose(page, 'check');
      const last = await run(page);
      const of = (path) => last.find((card) => card.text.includes(basename(path)));
      for (const kind of ['short', 'cut', 'scrambled', 'index', 'huge', 'gamecube']) {
        assert.equal(of(files[kind]).state, 'failed', `${kind}: ${of(files[kind]).text}`);
        assert.ok(!/unreachable|panicked/.test(of(files[kind]).text), of(files[kind]).text);
      }
      assert.ok(of(files.noise).text.includes('does not look like a disc'), first[6].text);
      assert.equal(last.at(-1).state, 'done', last.at(-1).text);
      await page.close();
    });

    test('a disc of the other console is refused', async () => {
      const page = await open(browser, server.url);
      await without(page, 'folder');
      await pick(page, discs.ps2);
      await choose(page, 'psp');
      const [card] = await run(page);
      assert.equal(card.state, 'failed');
      assert.match(card.text, /PS2/);
      await page.close();
    });

    test('axe finds nothing, and the page fits three widths in light and dark', async () => {
      const page = await open(browser, server.url);
      await without(page, 'folder');
      await pick(page, kept('runner.cso'), discs.ps2, join(WORK, 'cut.cso'));
      await choose(page, 'check');
      await run(page);
      await page.evaluate(() => document.querySelectorAll('.card details')[0].setAttribute('open', ''));
      const pictures = join(WORK, 'pictures');
      mkdirSync(pictures, { recursive: true });
      for (const scheme of ['light', 'dark']) {
        if (name === 'chrome') {
          await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
        }
        for (const width of [360, 768, 1280]) {
          await page.setViewport({ width, height: 800 });
          const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
          assert.ok(over <= 0, `${over} pixels too wide at ${width}`);
          writeFileSync(join(pictures, `${name}-${scheme}-${width}.png`), await page.screenshot({ fullPage: true }));
        }
        await page.evaluate(axe);
        const found = await page.evaluate(async () => (await window.axe.run()).violations);
        assert.deepEqual(found.map(({ id, nodes }) => [id, nodes.map((node) => node.html)]), []);
      }
      await page.close();
    });

    test('the keyboard alone is enough', async () => {
      const page = await open(browser, server.url);
      await without(page, 'folder');
      await pick(page, discs.ps2);
      await page.focus('#files');
      const names = [];
      for (let press = 0; press < 5; press += 1) {
        names.push(await page.evaluate(() => document.activeElement.id || document.activeElement.getAttribute('name')));
        await page.keyboard.press('Tab');
      }
      assert.deepEqual(names.slice(0, 3), ['files', 'purpose', 'start']);
      await page.focus('input[name="purpose"][value="check"]');
      await page.keyboard.press(' ');
      await page.focus('#start');
      await page.keyboard.press('Enter');
      await page.waitForSelector('.card[data-state="done"]', { timeout: 20_000 });
      await page.close();
    });
  });
}

test('the page asks for nothing and is small', () => {
  const html = readFileSync(PAGE, 'utf8');
  assert.ok(html.length <= 1_500_000, `${html.length} bytes`);
  assert.ok(html.includes("default-src 'none'"));
  assert.ok(!/\b(?:src|href)\s*=\s*["']?https?:/i.test(html));
});
