// Every language says everything that English says, with the same numbers and names in it.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { buildSync } from 'esbuild';
import { WORK } from './browsers.mjs';

let languages;

before(async () => {
  const outfile = join(WORK, 'languages.mjs');
  const entry = new URL('../src/languages.ts', import.meta.url).pathname;
  buildSync({ entryPoints: [entry], bundle: true, format: 'esm', outfile });
  languages = await import(outfile);
});

/** All texts by the path of their keys. Functions are called with marks, which the text then has to contain. */
function flat(value, path = '') {
  if (typeof value === 'function') {
    const marks = Array.from({ length: value.length }, (_, number) => `<${number}>`);
    return { [path]: value(...marks).match(/<\d>/g)?.toSorted().join('') ?? '' };
  }
  if (typeof value === 'object') {
    return Object.assign({}, ...Object.entries(value).map(([key, inner]) => flat(inner, `${path}.${key}`)));
  }
  return { [path]: typeof value };
}

/** All strings, however deep. */
function strings(value) {
  return typeof value === 'string' ? [value] : typeof value === 'object' ? Object.values(value).flatMap(strings) : [];
}

test('every language has every key, and the same placeholders in it', () => {
  const [english, ...others] = languages.LANGUAGES;
  assert.ok(others.length >= 3);
  for (const other of others) {
    assert.deepEqual(flat(other), flat(english), other.language);
  }
});

test('no text is empty, and few are still English', () => {
  const [english, ...others] = languages.LANGUAGES;
  const original = strings(english);
  for (const other of others) {
    const translated = strings(other);
    assert.deepEqual(translated.filter((text) => text.trim() === ''), []);
    // Names of programs and formats stay.
    const same = translated.filter((text, number) => text === original[number] && text.length > 25);
    assert.deepEqual(same.filter((text) => !text.includes('cisor info')), [], other.language);
  }
});

test('a visitor gets the first known language of the browser, or else English', () => {
  const of = (...tags) => languages.preferred(tags).language;
  assert.equal(of('de-AT', 'en'), 'de');
  assert.equal(of('fr-FR', 'es-419', 'en'), 'es');
  assert.equal(of('JA'), 'ja');
  assert.equal(of('pt-BR'), 'en');
  assert.equal(of('', 'en-GB', 'de'), 'en');
  assert.equal(of(), 'en');
});
