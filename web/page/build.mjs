// Puts the page into one file, and into a folder for a web server, from which it can be installed:
//
//   node build.mjs ENGINE.wasm LICENCES.txt OUTPUT.html FOLDER
//
// Nothing in the result depends on the time, the machine or the folder.

import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import { deflateSync } from 'fflate';
import { iconPng, iconSvg } from './icon.mjs';

const [wasm, licences, output, folder] = process.argv.slice(2);
const source = (name) => fileURLToPath(new URL(`src/${name}`, import.meta.url));

/** Bundles a script. */
function bundle(name, define = { WASM_ELEMENT: '"wasm"', WORKER_ELEMENT: '"worker"' }) {
  const result = buildSync({
    entryPoints: [source(name)],
    bundle: true,
    format: 'iife',
    target: 'es2022',
    minify: true,
    charset: 'utf8',
    legalComments: 'none',
    write: false,
    define,
  });
  const code = result.outputFiles[0].text.trim();
  if (/<\/script|<!--/i.test(code)) {
    throw new Error(`${name} would end the script element that it is put into`);
  }
  return code;
}

const style = buildSync({ entryPoints: [source('style.css')], minify: true, write: false, target: 'es2022' });
const css = style.outputFiles[0].text.trim();
const script = bundle('main.ts');
const sha256 = (data) => createHash('sha256').update(data).digest();
const hash = (text) => `'sha256-${sha256(text).toString('base64')}'`;
const escaped = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

const parts = {
  STYLE: css,
  SCRIPT: script,
  WORKER: bundle('worker.ts'),
  // fflate, because the bytes that zlib in Node.js gives depend on the processor.
  WASM: Buffer.from(deflateSync(readFileSync(wasm), { level: 9, mem: 12 })).toString('base64'),
  LICENCES: escaped(readFileSync(licences, 'utf8')),
};

/** The page with something more in its head and at its end, and with what its policy then has to allow. */
function page({ head, scripts, own }) {
  // `default-src 'none'` also forbids every connection.
  const policy = [
    "default-src 'none'",
    `script-src ${[script, ...scripts].map(hash).join(' ')} 'wasm-unsafe-eval'`,
    `style-src ${hash(css)}`,
    `worker-src blob:${own}`,
    `img-src blob: data:${own}`,
    ...(own ? ["manifest-src 'self'"] : []),
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  const tail = scripts.map((code) => `<script>${code}</script>`).join('\n');
  const all = { ...parts, CSP: policy, HEAD: head, TAIL: tail };
  return readFileSync(source('index.html'), 'utf8').replace(/@([A-Z]+)@/g, (_, name) => all[name]);
}

writeFileSync(output, page({ head: '<link rel="icon" href="data:,">', scripts: [], own: '' }));

const ICONS = { 'icon.svg': iconSvg(), 'icon-192.png': iconPng(192), 'icon-512.png': iconPng(512) };
const icon = (src, sizes) => ({ src, sizes, type: src.endsWith('svg') ? 'image/svg+xml' : 'image/png' });
const pictures = [icon('icon-192.png', '192x192'), icon('icon-512.png', '512x512')];
const manifest = {
  name: 'Cisor',
  short_name: 'Cisor',
  description: 'Makes the images of PSP and PS2 discs smaller, and gives them back bit for bit.',
  lang: 'en',
  id: './',
  start_url: './',
  scope: './',
  display: 'standalone',
  background_color: '#fbfaf7',
  theme_color: '#1d5f8a',
  icons: [
    icon('icon.svg', 'any'),
    ...pictures,
    // The motif keeps to the middle, so that it may be cut to any shape.
    ...pictures.map((picture) => ({ ...picture, purpose: 'maskable' })),
  ],
};
const installable = {
  head: [
    '<link rel="icon" href="icon.svg" type="image/svg+xml">',
    '<link rel="apple-touch-icon" href="icon-192.png">',
    '<link rel="manifest" href="manifest.webmanifest">',
    '<meta name="theme-color" content="#1d5f8a">',
  ].join('\n'),
  scripts: ["navigator.serviceWorker?.register('service-worker.js')"],
  own: " 'self'",
};
const files = {
  'index.html': page(installable),
  'manifest.webmanifest': `${JSON.stringify(manifest, null, 2)}\n`,
  ...ICONS,
};
// A new page has another name of its cache, and so replaces the old one as a whole.
const digests = Object.entries(files).map(([name, content]) => `${name} ${sha256(content).toString('hex')}\n`);
const version = sha256(digests.join('')).toString('hex').slice(0, 16);
const names = ['./', ...Object.keys(files).filter((name) => name !== 'index.html')];
files['service-worker.js'] = bundle('service-worker.ts', { VERSION: JSON.stringify(version), FILES: JSON.stringify(names) });

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
for (const [name, content] of Object.entries(files)) {
  writeFileSync(join(folder, name), content);
}
