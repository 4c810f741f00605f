// Measures the page in Chromium and the program side by side, and prints Markdown:
//
//   node test/speed.mjs PSP_DISC PS2_DISC
//
// The environment is that of the tests; `cargo xtask bench --page` sets it.

import { execFileSync } from 'node:child_process';
import { appendFileSync, copyFileSync, mkdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { CISOR, PAGE, WORK, choose, launch, open, pick, serve, without } from './browsers.mjs';

/** The least bytes of a disc, so that starting the workers does not count. */
const LEAST = 300e6;
/** How often each is measured; the fastest counts. */
const ROUNDS = Number(process.env.CISOR_ROUNDS ?? 3);
const OPENINGS = 10;

const [pspSource, ps2Source] = process.argv.slice(2);
mkdirSync(WORK, { recursive: true });

/** Makes a disc that begins like the first file and goes on with the second one. */
function grown(name, first, more) {
  const path = join(WORK, name);
  copyFileSync(first, path);
  const rest = readFileSync(more);
  while (statSync(path).size < LEAST) {
    appendFileSync(path, rest);
  }
  return path;
}

const psp = grown('speed-psp.iso', pspSource, pspSource);
const ps2 = grown('speed-ps2.iso', ps2Source, pspSource);
const packed = { psp: join(WORK, 'speed-psp.cso'), opl: join(WORK, 'speed-ps2.zso'), ppsspp: join(WORK, 'speed-ppsspp.cso') };

/** What is measured: the page's choice, and what the program does in its place. */
const JOBS = [
  { what: '`opl` (ZSO), the same encoder and file', disc: ps2, purpose: 'opl', args: ['--for', 'opl'], to: packed.opl },
  { what: '`psp` (CSO), zlib-rs against zlib', disc: psp, purpose: 'psp', args: ['--for', 'psp'], to: packed.psp },
  {
    what: '`ppsspp`, `-9` (CSO), the same encoder and file',
    disc: psp,
    purpose: { profile: 'ppsspp:CSO', level: '9' },
    args: ['--for', 'ppsspp', '-9'],
    to: packed.ppsspp,
  },
  { what: 'check of the ZSO', disc: packed.opl, purpose: 'check' },
  { what: 'check of the CSO', disc: packed.psp, purpose: 'check' },
];

function seconds(work) {
  const begun = performance.now();
  work();
  return (performance.now() - begun) / 1000;
}

/** The program's seconds: for packing, and for reading back what it packed. */
function program({ disc, args, to }, threads) {
  const cisor = (...args) => execFileSync(CISOR, ['--quiet', ...args, '-j', String(threads)], { stdio: 'ignore' });
  if (!args) {
    return [0, seconds(() => cisor('verify', disc))];
  }
  return [seconds(() => cisor('compress', ...args, '-f', '-o', to, disc)), seconds(() => cisor('verify', to))];
}

/** The page's seconds, as [`program`]. */
async function page(browser, url, { disc, purpose }) {
  const page = await open(browser, url);
  await without(page, 'folder');
  await pick(page, disc);
  if (typeof purpose === 'string') {
    await choose(page, purpose);
  } else {
    await choose(page, 'other');
    await page.select('#profile', purpose.profile);
    await page.select('#level', purpose.level);
  }
  const [state, text, ...times] = await page.evaluate(async (proving) => {
    const card = document.querySelector('.card');
    const begun = performance.now();
    let proved;
    const ended = new Promise((resolve) => {
      const look = () => {
        if (card.textContent.includes(proving)) {
          proved ??= performance.now();
        }
        if (['done', 'failed'].includes(card.dataset.state)) {
          resolve(performance.now());
        }
      };
      new MutationObserver(look).observe(card, { attributes: true, childList: true, subtree: true });
    });
    document.getElementById('start').click();
    const end = await ended;
    return [card.dataset.state, card.textContent, (proved ?? begun) - begun, end - (proved ?? begun)];
  }, 'Reading back');
  await page.close();
  if (state !== 'done') {
    throw new Error(text);
  }
  return times.map((time) => time / 1000);
}

/** Milliseconds from the beginning of loading until the page takes files. */
async function ready(browser, url) {
  const page = await browser.newPage();
  await page.evaluateOnNewDocument(() => {
    new MutationObserver(() => {
      if (document.documentElement?.dataset.ready) {
        window.readyAt ??= performance.now();
      }
    }).observe(document, { attributes: true, subtree: true });
  });
  await page.goto(url);
  await page.waitForFunction(() => window.readyAt !== undefined, { timeout: 60_000 });
  const at = await page.evaluate(() => window.readyAt);
  await page.close();
  return at;
}

const faster = (a, b) => (a === undefined || b[0] + b[1] < a[0] + a[1] ? b : a);
const [browser, server] = [await launch('chrome', join(WORK, 'speed')), await serve()];
try {
  const probe = await open(browser, server.url);
  const threads = await probe.evaluate(() => navigator.hardwareConcurrency);
  await probe.close();
  const best = JOBS.map(() => ({}));
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [place, job] of JOBS.entries()) {
      best[place].program = faster(best[place].program, program(job, threads));
      best[place].page = faster(best[place].page, await page(browser, server.url, job));
      process.stderr.write(`${job.what}: ${JSON.stringify(best[place])}\n`);
    }
  }
  const openings = [];
  for (let round = 0; round < OPENINGS; round += 1) {
    openings.push(await ready(browser, pathToFileURL(PAGE).href));
  }
  openings.sort((a, b) => a - b);
  const version = await browser.version();
  const mb = (path) => Math.round(statSync(path).size / 1e6);
  const cell = (time) => (time > 0 ? `${time.toFixed(2)} s` : '');
  const ratio = (page, program) => (program > 0 ? (program / page).toFixed(2) : '');
  const rows = JOBS.map(({ what }, place) => {
    const { page: [a, b], program: [c, d] } = best[place];
    return `| ${what} | ${cell(a)} | ${cell(c)} | ${ratio(a, c)} | ${cell(b)} | ${cell(d)} | ${ratio(b, d)} |`;
  });
  console.log(`${version.replace('/', ' ')} and the release build of the program, each with ${threads} threads for the blocks, in turns; the fastest of
${ROUNDS} rounds. The PSP disc has ${mb(psp)} MB and the PS2 disc ${mb(ps2)} MB: the test discs, repeated. The page comes from a server and
writes into the browser's storage. Ratios are the page's speed as a part of the program's. Reading back is \`cisor verify\`.

| Work | Packing: page | program | ratio | Reading back, checking: page | program | ratio |
|---|---:|---:|---:|---:|---:|---:|
${rows.join('\n')}

The page takes files ${Math.round(openings[OPENINGS >> 1])} ms after it was opened as a file (the median of ${OPENINGS}; the slowest ${Math.round(openings.at(-1))} ms).`);
} finally {
  server.close();
  await browser.close();
  [psp, ps2, ...Object.values(packed)].forEach((path) => rmSync(path, { force: true }));
}
