// Drives the page as people do, in every browser of this machine. The program is the judge.

import assert from 'node:assert/strict';
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import {
  BROWSERS,
  FOLDER,
  PAGE,
  WORK,
  cards,
  choose,
  download,
  fits,
  launch,
  open,
  pick,
  pickAs,
  pickDats,
  privateFiles,
  run,
  serve,
  spoil,
  verdicts,
  without,
} from './browsers.mjs';
import { badDats, cdEntry, dat, entry, writeDat } from './dats.mjs';
import { archives, cd, cisor, hostile, make, sha1, sha256, sparse } from './discs.mjs';

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
      const left = await privateFiles(page);
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

    test('a sheet and its file are one disc, and containers give their images back', async () => {
      const { sheet, bin, image } = cd();
      const folder = join(WORK, `${name}-cd`);
      mkdirSync(folder, { recursive: true });
      const at = (file) => join(folder, file);
      writeFileSync(at('game.cue'), sheet);
      writeFileSync(at('game.bin'), bin);
      writeFileSync(at('game.iso'), image);
      const chd = new URL('../../../crates/image-source/tests/golden/dvd-2048.chd', import.meta.url).pathname;
      const [deflated] = archives(discs.ps2);
      const page = await open(browser, server.url);
      await without(page, 'folder');
      await pickAs(page, 1, at('game.cue'));
      const [alone] = await cards(page);
      assert.equal(alone.state, 'failed');
      assert.match(alone.text, /game\.bin.*Add the files/);
      // The sheet is looked at again, and the file that it names has no card of its own.
      await pickAs(page, 2, at('game.bin'), chd, deflated.path);
      await choose(page, 'iso');
      const all = await run(page);
      const expected = [[at('game.iso'), /BIN\/CUE.*track 2 \(audio, 0:02\)/], [undefined, /CHD/], [discs.ps2, /ZIP: castle\.iso/]];
      for (const [number, [disc, said]] of expected.entries()) {
        const { state, text } = all[number];
        assert.equal(state, 'done', text);
        assert.match(text, said);
        assert.ok(text.includes(disc ? sha1(disc) : cisor('verify', chd).hashes.sha1), text);
      }
      assert.equal(sha1(await download(page, downloads, 'game.iso')), sha1(at('game.iso')));
      await page.close();
    });

    test('DATs name discs, before and after the work, in a ZIP or not', async () => {
      const { sheet, bin, tracks } = cd();
      const folder = join(WORK, `${name}-cd-dat`);
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, 'game.cue'), sheet);
      writeFileSync(join(folder, 'game.bin'), bin);
      const list = dat('PS2', entry('Castle (Europe)', discs.ps2), cdEntry('Two Tracks', ...tracks));
      const castle = writeDat('castle.dat', list);
      const wrong = writeDat('wrong.zip', dat('PSP', entry('Runner (USA)', discs.psp, { sha1: '00'.repeat(20), serial: 'ULUS-10041' })));
      const page = await open(browser, server.url);
      await without(page, 'folder');
      assert.equal((await pickDats(page, 1, castle))[0].text, 'DAT: PS2, 2 games.×');
      await pick(page, discs.ps2, discs.psp);
      await pickAs(page, 1, join(folder, 'game.cue'), join(folder, 'game.bin'));
      await choose(page, 'check');
      const done = await run(page);
      assert.deepEqual(done.map(({ state }) => state), ['done', 'done', 'done']);
      await page.waitForFunction(() => document.querySelectorAll('.dat:not([hidden])').length === 3);
      const first = await verdicts(page);
      assert.deepEqual(first.map(([kind]) => kind), ['match', 'unknown', 'match']);
      assert.match(first[0][1], /“Castle \(Europe\)” \(PS2\)/);
      assert.match(first[2][1], /“Two Tracks” \(PS2\)/);
      await pickDats(page, 2, wrong);
      await page.waitForSelector('.dat[data-verdict="wrong"]');
      assert.match((await verdicts(page))[1][1], /known but wrong.*“Runner \(USA\)”.*SHA-1: the DAT has 0{40}/);
      await page.select('#language', 'de');
      assert.match((await verdicts(page))[1][1], /bekannt, aber falsch.*„Runner \(USA\)“/);
      await page.setViewport({ width: 360, height: 800 });
      await fits(page, 360, 'the page with DATs');
      await page.evaluate(axe);
      assert.deepEqual((await page.evaluate(async () => (await window.axe.run()).violations)).map(({ id }) => id), []);
      await page.select('#language', 'en');
      // Without the DATs nothing is known.
      for (let left = 2; left > 0; left -= 1) {
        await page.click('#dats .remove');
        await page.waitForFunction((left) => document.querySelectorAll('#dats li').length < left, {}, left);
      }
      await page.waitForFunction(() => document.querySelectorAll('.dat:not([hidden])').length === 0);
      await page.close();
    });

    test('a DAT that is none is one red line, and the others count', async () => {
      const good = dat('PS2', entry('Castle (Europe)', discs.ps2));
      const bad = badDats(good);
      const page = await open(browser, server.url);
      await without(page, 'folder');
      const lines = await pickDats(page, bad.length + 1, ...bad.map(({ path }) => path), writeDat('good.dat', good));
      for (const { file, says } of bad) {
        const line = lines.find(({ text }) => text.startsWith(`${file}: `));
        assert.equal(line.state, 'failed', file);
        assert.match(line.text, says);
      }
      // A ZIP with neither a disc nor a DAT is a card, as before.
      const neither = writeDat('neither.zip', Buffer.from('<html/>'));
      await pick(page, discs.ps2, neither);
      assert.equal((await cards(page))[1].state, 'failed');
      await choose(page, 'check');
      await run(page);
      await page.waitForSelector('.dat[data-verdict="match"]');
      await page.close();
    });

    test('another format is chosen by its reader', async () => {
      const page = await open(browser, server.url);
      await without(page, 'folder');
      await pick(page, discs.ps2);
      await choose(page, 'other');
      await page.select('#profile', 'any:DAX');
      assert.deepEqual(await page.$$eval('#block-size option', (all) => all.map(({ textContent }) => textContent)), ['8.0 KiB (usual)']);
      const [card] = await run(page);
      assert.equal(card.state, 'done', card.text);
      const path = await download(page, downloads, 'castle.dax');
      assert.equal(cisor('verify', path).hashes.sha1, sha1(discs.ps2));
      assert.equal(cisor('info', path).format, 'dax');
      // With a level and a block size it is the program's file.
      await page.select('#profile', 'any:ZSO');
      await page.select('#level', '9');
      await page.select('#block-size', '16384');
      await run(page);
      const own = join(WORK, `${name}-own-9.zso`);
      cisor('compress', discs.ps2, '--for', 'any', '--to', 'zso', '-9', '-b', '16K', '-f', '-o', own);
      assert.equal(sha256(await download(page, downloads, 'castle.zso')), sha256(own));
      await page.close();
    });

    test('another language is spoken everywhere, and remembered', async () => {
      const page = await open(browser, server.url);
      await without(page, 'folder');
      await pick(page, discs.ps2);
      await choose(page, 'check');
      await run(page);
      await page.setViewport({ width: 360, height: 800 });
      for (const [language, start, done] of [['de', 'Start', 'Fertig'], ['es', 'Empezar', 'Hecho'], ['ja', '開始', '完了']]) {
        await page.select('#language', language);
        assert.equal(await page.$eval('html', (html) => html.lang), language);
        assert.equal(await page.$eval('#start', (button) => button.textContent), start);
        const [card] = await cards(page);
        assert.ok(card.text.includes(done), card.text);
        assert.equal(await page.$eval('input[name="purpose"]:checked', (radio) => radio.value), 'check');
        await fits(page, 360, language);
        await page.evaluate(axe);
        const found = await page.evaluate(async () => (await window.axe.run()).violations);
        assert.deepEqual(found.map(({ id }) => id), []);
        mkdirSync(join(WORK, 'pictures'), { recursive: true });
        writeFileSync(join(WORK, 'pictures', `${name}-${language}.png`), await page.screenshot({ fullPage: true }));
      }
      await page.reload();
      await page.waitForSelector('html[data-ready]');
      assert.equal(await page.$eval('#start', (button) => button.textContent), '開始');
      await page.select('#language', 'en');
      await page.close();
    });

    test('when the space ends in the middle, nothing stays and the page goes on', async () => {
      const page = await open(browser, server.url, (page) =>
        spoil(
          page,
          `const real = FileSystemSyncAccessHandle.prototype.write;
           let room = 1 << 20;
           FileSystemSyncAccessHandle.prototype.write = function (bytes, options) {
             room -= bytes.length;
             if (room < 0) throw new DOMException('full', 'QuotaExceededError');
             return real.call(this, bytes, options);
           };`,
        ),
      );
      await without(page, 'folder');
      await pick(page, discs.psp);
      await choose(page, 'psp');
      const [card] = await run(page);
      assert.equal(card.state, 'failed', card.text);
      assert.match(card.text, /no space left/);
      assert.deepEqual((await privateFiles(page)).filter((entry) => entry.includes('runner')), []);
      await choose(page, 'check');
      const [again] = await run(page);
      assert.equal(again.state, 'done', again.text);
      await page.close();
    });

    test('a file that becomes shorter or vanishes while it is read is named', async () => {
      for (const [what, spoilFile] of [['shorter', (path) => truncateSync(path, 1 << 20)], ['gone', (path) => rmSync(path)]]) {
        const path = sparse(`${name}-${what}.iso`, 400 << 20);
        const page = await open(browser, server.url);
        await without(page, 'folder');
        await pick(page, path, discs.ps2);
        await choose(page, 'check');
        const runs = await page.$eval('#start', (button) => button.dataset.runs);
        await page.click('#start');
        await page.waitForSelector('.card[data-state="working"]');
        await page.click('#pause');
        spoilFile(path);
        await page.click('#pause');
        await page.waitForFunction((runs) => document.getElementById('start').dataset.runs !== runs, { timeout: 60_000 }, runs);
        const [bad, good] = await cards(page);
        assert.equal(bad.state, 'failed', `${what}: ${bad.text}`);
        assert.match(bad.text, /changed, moved or removed/);
        assert.equal(good.state, 'done', good.text);
        await page.close();
      }
    });

    test('leaving during the work leaves nothing for the next visit', async () => {
      const big = sparse(`${name}-left.iso`, 400 << 20);
      const page = await open(browser, server.url);
      page.on('dialog', (dialog) => void dialog.accept());
      await without(page, 'folder');
      await pick(page, big);
      await choose(page, 'ppsspp');
      await page.click('#start');
      await page.waitForSelector('.card[data-state="working"]');
      assert.ok((await privateFiles(page)).some((entry) => entry.includes('left')));
      await page.reload();
      await page.close();
      const next = await open(browser, server.url);
      for (let tries = 0; tries < 200 && (await privateFiles(next)).some((entry) => entry.includes('left')); tries += 1) {
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      assert.deepEqual((await privateFiles(next)).filter((entry) => entry.includes('left')), []);
      await next.close();
    });

    test('five hundred files at once', async () => {
      const folder = join(WORK, `${name}-many`);
      mkdirSync(folder, { recursive: true });
      const small = readFileSync(discs.ps2).subarray(0, 40 << 11);
      const paths = Array.from({ length: 500 }, (_, number) => join(folder, `disc-${number}.iso`));
      paths.forEach((path) => writeFileSync(path, small));
      const page = await open(browser, server.url);
      await without(page, 'folder');
      await pick(page, ...paths);
      await choose(page, 'check');
      const all = await run(page);
      assert.deepEqual(all.filter(({ state }) => state !== 'done'), []);
      assert.equal(all.length, paths.length);
      await page.close();
    });

    test('as a folder on a server it is installed, and opens without the server', async () => {
      const own = await serve((path) => join(FOLDER, path === '/' ? 'index.html' : path));
      const page = await open(browser, own.url);
      await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
      const manifest = JSON.parse(readFileSync(join(FOLDER, 'manifest.webmanifest'), 'utf8'));
      assert.deepEqual(manifest.icons.filter(({ src }) => !existsSync(join(FOLDER, src))), []);
      own.close();
      await page.reload();
      await page.waitForSelector('html[data-ready]', { timeout: 20_000 });
      await without(page, 'folder');
      await pick(page, discs.ps2);
      await choose(page, 'check');
      const [card] = await run(page);
      assert.equal(card.state, 'done', card.text);
      const known = new Set(['/', ...readdirSync(FOLDER).map((file) => `/${file}`)]);
      assert.deepEqual(own.asked.filter((path) => !known.has(path)), []);
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
      const unbroken = join(WORK, `${'Unbroken'.repeat(25)}.cso`);
      copyFileSync(kept('runner.cso'), unbroken);
      await pick(page, unbroken, discs.ps2, join(WORK, 'cut.cso'));
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
          await fits(page, width, 'the page');
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
