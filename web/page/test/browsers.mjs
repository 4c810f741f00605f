// Starts the browsers of this machine.

import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import puppeteer from 'puppeteer-core';

function given(variable) {
  const value = process.env[variable];
  if (!value) {
    throw new Error(`${variable} is not set: these tests are run by cargo xtask test`);
  }
  return value;
}

/** The page as a folder for a web server. */
export const FOLDER = given('CISOR_PAGE_FOLDER');
/** The page that is tested. */
export const PAGE = given('CISOR_PAGE');
/** Where discs and results are. */
export const WORK = given('CISOR_PAGE_WORK');
/** The program that judges. */
export const CISOR = given('CISOR_BIN');

const CHROMIUM_FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export const BROWSERS = ['chrome', 'firefox'];

const PATHS = { chrome: '/usr/bin/chromium', firefox: '/usr/bin/firefox-esr' };

export async function launch(browser, downloads) {
  mkdirSync(downloads, { recursive: true });
  if (browser === 'chrome') {
    return puppeteer.launch({
      executablePath: PATHS.chrome,
      args: CHROMIUM_FLAGS,
      downloadBehavior: { policy: 'allow', downloadPath: downloads },
      protocolTimeout: 600_000,
    });
  }
  return puppeteer.launch({
    browser: 'firefox',
    executablePath: PATHS.firefox,
    protocolTimeout: 600_000,
    extraPrefsFirefox: {
      'browser.download.dir': downloads,
      'browser.download.folderList': 2,
      'browser.download.useDownloadDir': true,
      'browser.download.always_ask_before_handling_new_types': false,
      'browser.helperApps.neverAsk.saveToDisk': 'application/octet-stream',
    },
  });
}

const TYPES = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript',
  png: 'image/png',
  svg: 'image/svg+xml',
  webmanifest: 'application/manifest+json',
};

/** Serves files, for what browsers do not allow pages from files. `find` tells which file a path stands for. */
export async function serve(find = (path) => (path === '/' ? PAGE : undefined)) {
  const asked = [];
  const server = createServer((request, response) => {
    asked.push(request.url);
    const file = find(request.url);
    if (file && existsSync(file)) {
      response.setHeader('Content-Type', TYPES[file.split('.').at(-1)]);
      response.end(readFileSync(file));
    } else {
      response.statusCode = 404;
      response.end();
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  return { url: `http://localhost:${server.address().port}/`, asked, close };
}

/** Makes the page's workers begin with more code, which may break something that their browser has. */
export async function spoil(page, code) {
  await page.evaluateOnNewDocument((code) => {
    const make = URL.createObjectURL.bind(URL);
    URL.createObjectURL = (blob) =>
      make(blob.type === 'text/javascript' ? new Blob([code, ';\n', blob], { type: blob.type }) : blob);
  }, code);
}

/** Opens the page and waits until it takes files. Fails on errors that the page does not show. */
export async function open(browser, url, prepare = () => undefined) {
  const page = await browser.newPage();
  await prepare(page);
  page.on('pageerror', (error) => {
    throw error;
  });
  await page.goto(url);
  await page.waitForSelector('html[data-ready]', { timeout: 120_000 });
  return page;
}

/** Checks that a page fits a window of this width, once it has been laid out for it. */
export async function fits(page, width, what) {
  const isIn = (width) => window.innerWidth === width && document.documentElement.scrollWidth <= width;
  await page.waitForFunction(isIn, { timeout: 60_000 }, width).catch(async (error) => {
    const [inner, all] = await page.evaluate(() => [window.innerWidth, document.documentElement.scrollWidth]);
    assert.fail(`${what} is ${all} pixels wide in a window of ${inner} that should have ${width}: ${error.message}`);
  });
}

/** Hands over files and waits until each has been looked at. */
export async function pick(page, ...files) {
  await pickAs(page, files.length, ...files);
}

/** Hands over files that make this many cards. */
export async function pickAs(page, count, ...files) {
  const before = await page.$$eval('.card', (cards) => cards.length);
  const input = await page.$('#files');
  await input.uploadFile(...files);
  await page.waitForFunction(
    (count) =>
      document.querySelectorAll('.card').length === count && !document.querySelector('.card[data-state="reading"]'),
    { timeout: 300_000 },
    before + count,
  );
}

/** Hands over DATs and waits until they have been read. */
export async function pickDats(page, shown, ...files) {
  await (await page.$('#files')).uploadFile(...files);
  await page.waitForFunction(
    (shown) => {
      const lines = [...document.querySelectorAll('#dats li')];
      return lines.length === shown && lines.every((line) => line.dataset.state !== 'reading');
    },
    { timeout: 120_000 },
    shown,
  );
  return page.$$eval('#dats li', (lines) => lines.map((line) => ({ state: line.dataset.state, text: line.textContent })));
}

/** What the cards say about DATs. */
export const verdicts = (page) =>
  page.$$eval('.dat', (lines) => lines.map((line) => [line.hidden ? null : line.dataset.verdict, line.textContent]));

/** The names in the page's private file system. */
export function privateFiles(page) {
  return page.evaluate(async () => {
    const names = [];
    for await (const name of (await navigator.storage.getDirectory()).keys()) {
      names.push(name);
    }
    return names;
  });
}

export async function choose(page, purpose) {
  await page.click(`input[name="purpose"][value="${purpose}"]`);
}

/** The states and texts of all cards. */
export function cards(page) {
  return page.$$eval('.card', (cards) =>
    cards.map((card) => ({ state: card.dataset.state, text: card.textContent, title: card.querySelector('h3').textContent })),
  );
}

/** Starts the work and waits until every card has an end. */
export async function run(page) {
  const before = await page.$eval('#start', (button) => button.dataset.runs);
  await page.click('#start');
  await page.waitForFunction((runs) => document.getElementById('start').dataset.runs !== runs, { timeout: 600_000 }, before);
  return cards(page);
}

/** Saves the result of the first card and returns the path of the file. */
export async function download(page, downloads, name) {
  const path = join(downloads, name);
  rmSync(path, { force: true });
  await page.$eval('.save', (link) => link.click());
  for (let tries = 0; tries < 1200; tries += 1) {
    const unfinished = existsSync(downloads) && readdirSync(downloads).some((file) => /\.(part|crdownload)$/.test(file));
    if (existsSync(path) && !unfinished) {
      return path;
    }
    await sleep(100);
  }
  throw new Error(`${name} was not downloaded`);
}

/** Takes away the ways of writing that a browser has, so that the page falls back to another. */
export async function without(page, ...names) {
  await page.evaluate((names) => {
    if (names.includes('folder')) {
      delete window.showDirectoryPicker;
      window.showDirectoryPicker = undefined;
    }
    if (names.includes('private')) {
      StorageManager.prototype.getDirectory = () => Promise.reject(new DOMException('not here', 'SecurityError'));
    }
  }, names);
}
