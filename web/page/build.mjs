// Puts the page into one file: node build.mjs ENGINE.wasm LICENCES.txt OUTPUT.html
//
// Nothing in the result depends on the time, the machine or the folder.

import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';

const [wasm, licences, output] = process.argv.slice(2);
const source = (name) => fileURLToPath(new URL(`src/${name}`, import.meta.url));

/** Bundles a script. */
function bundle(name) {
  const result = buildSync({
    entryPoints: [source(name)],
    bundle: true,
    format: 'iife',
    target: 'es2022',
    minify: true,
    charset: 'ascii',
    legalComments: 'none',
    write: false,
    define: { WASM_ELEMENT: '"wasm"', WORKER_ELEMENT: '"worker"' },
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
const hash = (text) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
const escaped = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

// `default-src 'none'` also forbids every connection.
const policy = [
  "default-src 'none'",
  `script-src ${hash(script)} 'wasm-unsafe-eval'`,
  `style-src ${hash(css)}`,
  'worker-src blob:',
  'img-src blob: data:',
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

const parts = {
  CSP: policy,
  STYLE: css,
  SCRIPT: script,
  WORKER: bundle('worker.ts'),
  WASM: readFileSync(wasm).toString('base64'),
  LICENCES: escaped(readFileSync(licences, 'utf8')),
};
const html = readFileSync(source('index.html'), 'utf8').replace(/@([A-Z]+)@/g, (_, name) => parts[name]);
writeFileSync(output, html);
