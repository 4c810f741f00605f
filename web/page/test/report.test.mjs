// Looks at the report of `cisor library` as people do, in Chromium.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { CISOR, WORK, fits, launch } from './browsers.mjs';

const ROWS = 2000;
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const report = join(WORK, 'report.html');
mkdirSync(WORK, { recursive: true });
rmSync(report, { force: true });
execFileSync(CISOR, ['library', 'report', '-q', '--db', process.env.CISOR_LIBRARY, '-o', report]);

test('the report is small and asks for nothing', () => {
  const html = readFileSync(report, 'utf8');
  assert.ok(Buffer.byteLength(html) < 2_000_000, `${Buffer.byteLength(html)} bytes`);
  assert.ok(html.includes("default-src 'none'"));
  assert.ok(!/\b(?:src|href)\s*=/i.test(html));
});

for (const name of ['chrome']) {
  describe(name, () => {
    let browser;
    let page;
    const faults = [];

    before(async () => {
      browser = await launch(name, join(WORK, name));
      page = await browser.newPage();
      page.on('pageerror', (error) => faults.push(error.message));
      page.on('console', (message) => faults.push(message.text()));
      await page.goto(pathToFileURL(report).href);
    });
    after(() => browser?.close());

    const shown = () => page.$eval('#count', (output) => output.textContent);
    const first = (column) => page.$eval('.images tbody', (body, column) => [...body.rows].find((row) => !row.hidden).cells[column].textContent, column);

    test('problems come before the table, and all rows are there', async () => {
      const headings = await page.$$eval('h2', (all) => all.map((heading) => heading.textContent));
      assert.deepEqual(headings, ['Problems', 'Space that could be saved', 'Sizes', 'All images']);
      assert.equal(await shown(), `${ROWS} of ${ROWS} shown`);
      assert.match(await page.$eval('summary', (summary) => summary.textContent), /^Damaged: \d+$/);
      const scripts = await page.$$eval('script, img, iframe', (all) => all.length);
      assert.equal(scripts, 1);
    });

    test('search and choice narrow the table', async () => {
      await page.type('#search', 'game 17');
      const some = Number((await shown()).split(' ')[0]);
      assert.ok(some > 0 && some < ROWS, `${some}`);
      await page.select('#show', 'missing');
      assert.ok(Number((await shown()).split(' ')[0]) < some);
      await page.select('#show', '');
      await page.$eval('#search', (input) => {
        input.value = '';
        input.dispatchEvent(new Event('input'));
      });
      assert.equal(await shown(), `${ROWS} of ${ROWS} shown`);
    });

    test('the keyboard alone sorts, and says so', async () => {
      const button = (await page.$$('.images thead button'))[5];
      await button.focus();
      await page.keyboard.press('Enter');
      const state = () => page.$$eval('.images thead th', (cells) => cells.map((cell) => cell.getAttribute('aria-sort')));
      assert.deepEqual(await state(), [null, null, null, null, null, 'ascending', null, null, null]);
      const sizes = () => page.$$eval('.images tbody tr', (rows) => rows.map((row) => Number(row.cells[5].dataset.v)));
      assert.deepEqual(await sizes(), [...(await sizes())].sort((a, b) => a - b));
      await page.keyboard.press(' ');
      assert.equal((await state())[5], 'descending');
      assert.deepEqual(await sizes(), [...(await sizes())].sort((a, b) => b - a));
      const names = (await page.$$('.images thead button'))[0];
      await names.focus();
      await page.keyboard.press('Enter');
      assert.match(await first(0), / 0 \(Europe\)/);
    });

    test('the report fits in light and dark', async () => {
      const pictures = join(WORK, 'pictures');
      mkdirSync(pictures, { recursive: true });
      for (const scheme of ['light', 'dark']) {
        await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
        for (const width of [360, 1280]) {
          await page.setViewport({ width, height: 900 });
          await fits(page, width, 'the report');
          await page.evaluate(() => window.scrollTo(0, 0));
          writeFileSync(join(pictures, `report-${name}-${scheme}-${width}.png`), await page.screenshot());
        }
      }
    });

    test('axe finds nothing in light and dark, and no script fails', async () => {
      for (const scheme of ['light', 'dark']) {
        await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
        // All rows are alike: with 30 of them axe takes a second instead of a minute.
        await page.$$eval('.images tbody tr', (rows) => rows.forEach((row, place) => (row.hidden = place >= 30)));
        // The page allows no other scripts, and a debugger is not the page.
        await page.evaluate(axe);
        const found = await page.evaluate(async () => (await window.axe.run()).violations);
        assert.deepEqual(found.map(({ id, nodes }) => [id, nodes.slice(0, 3).map((node) => node.html)]), []);
      }
      assert.deepEqual(faults, []);
    });
  });
}
