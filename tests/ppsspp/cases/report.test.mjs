// The report of the console's program on PPSSPP: its contents, and what happens to it on cards that fail.

import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { before, describe, test } from 'node:test';

import { setting } from '../emulator/console.mjs';
import { FOLDER, runApp } from '../support/app.mjs';
import { compress } from '../support/cisor.mjs';
import { makeDisc } from '../support/disc.mjs';
import { crc32 } from '../support/picture.mjs';

const REPORT = 'cisor-report.txt';
const LOG = [
  'Cisor 0.1.0: ms0:/ISO/B.CSO: serving cso, block size 2048, sectors 466, KiB of kernel memory left 812',
  '  reads: 5; KiB: 10; reads from the card: 2; KiB from the card: 9; reads without the card: 3; retries: 0',
  'Cisor 0.1.0: ms0:/ISO/A.CSO',
  'stepping aside: the firmware has no image driver',
  '',
].join('\n');

let image;

before(() => {
  const program = fs.readFileSync(path.join(setting('CISOR_PSP'), 'cisor-app.prx'));
  const disc = makeDisc({ name: 'report', program, kib: 512, id: 'CISO00004' });
  image = compress(disc.iso, 'report.cso', '--for', 'psp');
});

/** What a report says about a file. */
function facts(file) {
  const bytes = fs.readFileSync(file);
  const crc = crc32(bytes).toString(16).padStart(8, '0');
  return `${bytes.length} bytes, CRC32 ${crc}, SHA-1 ${crypto.createHash('sha1').update(bytes).digest('hex')}`;
}

/** A typical user's card. */
const card = () => [
  { to: 'ISO/A.CSO', from: image },
  { to: 'SEPLUGINS/PLUGINS.TXT', text: 'umd, ms0:/SEPLUGINS/cisor.prx, on\n' },
  { to: 'SEPLUGINS/cisor.prx', from: path.join(setting('CISOR_PSP'), 'cisor.prx') },
  { to: 'SEPLUGINS/cisor.ini', text: 'log = on\n' },
  { to: 'SEPLUGINS/cisor.log', text: LOG },
];

describe('report', () => {
  test('a report is written with every field, in place of an earlier one', async () => {
    const run = await runApp({
      name: 'report',
      card: [...card(), { to: REPORT, text: 'an earlier report\n' }],
      commands: ['report', 'exit'],
      seconds: 120,
    });
    const [result] = run.of('report');
    assert.equal(result.status, 'ok', JSON.stringify(result));
    assert.deepEqual([result.output, result.image], [`ms0:/${REPORT}`, 'ms0:/ISO/A.CSO']);
    const text = run.file(REPORT).toString();
    assert.equal(result.size, text.length);
    const values = new Map(
      text
        .split('\n')
        .filter((line) => !line.startsWith(' ') && line.includes(': '))
        .map((line) => [line.slice(0, line.indexOf(': ')), line.slice(line.indexOf(': ') + 2)]),
    );
    const has = (name, pattern) => assert.match(values.get(name) ?? `there is no ${name}`, pattern, name);
    // PPSSPP claims to be firmware 6.60, reports the free memory, and has none of a custom firmware's
    // functions.
    has('Firmware', /^6\.60 \(0x06060010\)$/);
    has('Free memory, partition 2 (beside this program)', /^\d+ KiB, \d+ KiB in one piece$/);
    has('Model', /^(PSP-|generation |unknown: )/);
    has('Custom firmware', /^ARK-4 or ARK-5, by its files/);
    for (const name of [
      'sctrlSEGetVersion',
      'sctrlHENGetVersion',
      'sctrlHENGetMinorVersion',
      'Application type of this program',
      'Key configuration of this program',
      'Started from',
      'Free memory, partition 1 (kernel)',
      'Free memory, partitions 4, 5, 8, 9, 11',
    ]) {
      has(name, /^unknown: /);
    }
    has('Free on ms0', /^\d+\.\d GB$/);
    has('Line', /^umd, ms0:\/SEPLUGINS\/cisor\.prx, on$/);
    has('Stepped aside', /^the firmware has no image driver$/);
    has('What to do', /Inferno/);
    has('Counters in the log', /^none$/);
    has('Now', /^not loaded$/);
    for (const [to, from] of [
      ['ms0:/SEPLUGINS/cisor.prx', 'cisor.prx'],
      [`ms0:/${FOLDER}/EBOOT.PBP`, 'EBOOT.PBP'],
    ]) {
      assert.equal(values.get(to), facts(path.join(setting('CISOR_PSP'), from)), to);
    }
    for (const section of ['Console', 'Driver', 'Files', 'Speed', 'ms0:/SEPLUGINS/cisor.log']) {
      assert.ok(text.includes(`\n[${section}]\n`), section);
    }
    assert.equal(text.match(/^ {4}(sequential|random) +\d+ KiB +[\d.]+ MB\/s$/gm).length, 8, text);
    assert.deepEqual(
      run.files().filter((name) => !name.includes('/')),
      [REPORT],
      'something stayed beside it',
    );
  });

  for (const [name, faults, kinds] of [
    ['full', { cardFullAfter: 1500 }, ['card_full', 'write']],
    ['read-only', { cardReadOnly: true }, ['read_only', 'open', 'write']],
  ]) {
    test(`no half report is left on a card that is ${name}`, async () => {
      const run = await runApp({
        name: `report-${name}`,
        card: card(),
        commands: ['report', 'exit'],
        faults,
        // The results cannot be written to the card either.
        until: { stdout: '"event":"end"' },
        seconds: 120,
      });
      const [result] = run.of('report');
      assert.equal(result.status, 'failed', JSON.stringify(result));
      assert.ok(kinds.includes(result.error.kind), JSON.stringify(result.error));
      assert.deepEqual(
        run.files().filter((file) => file.startsWith('cisor-report')),
        [],
      );
    });
  }
});
