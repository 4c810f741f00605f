// The screens of the console's program, as they appear in video memory, for people to look at: PNG files in
// the output.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { before, describe, test } from 'node:test';

import { setting } from '../emulator/console.mjs';
import { runApp } from '../support/app.mjs';
import { compress } from '../support/cisor.mjs';
import { makeDisc } from '../support/disc.mjs';
import { colors, fromBmp, fromVideoMemory, isCutOff, png } from '../support/picture.mjs';

const SCREENS = ['menu', 'images', 'dump', 'driver', 'report', 'about'];

let disc;

before(() => {
  const program = fs.readFileSync(path.join(setting('CISOR_PSP'), 'cisor-app.prx'));
  disc = makeDisc({ name: 'screens', program, kib: 512, id: 'CISO00003' });
});

/** Saves a picture of the screen and checks that it is not empty. */
function keep(picture, name) {
  const folder = path.join(setting('CISOR_OUTPUT'), 'screens');
  fs.mkdirSync(folder, { recursive: true });
  fs.writeFileSync(path.join(folder, `${name}.png`), png(picture));
  assert.ok(colors(picture) > 3, `${name}: hardly anything is on the screen`);
  assert.ok(!isCutOff(picture), `${name}: something runs off the right edge`);
}

describe('screens', () => {
  test('every screen is drawn, and the last one is what video memory holds', async () => {
    const image = compress(disc.iso, 'screens.cso', '--for', 'psp');
    const damaged = Buffer.from(fs.readFileSync(image));
    damaged.fill(0, 300_000, 302_000);
    const shots = SCREENS.flatMap((name) => [`screen ${name}`, `screenshot ms0:/SHOTS/${name}.bmp`]);
    const work = [
      'shot-at 50 ms0:/SHOTS/checking.bmp',
      'check ms0:/ISO/GAME.CSO',
      'screenshot ms0:/SHOTS/checked.bmp',
      'check ms0:/ISO/DAMAGED.CSO',
      'screenshot ms0:/SHOTS/damaged.bmp',
      'shot-at 50 ms0:/SHOTS/dumping.bmp',
      'dump cso ms0:/ISO/',
      'screenshot ms0:/SHOTS/dumped.bmp',
      'shot-at 30 ms0:/SHOTS/measuring.bmp',
      'speed ms0:/ISO/GAME.CSO',
      'screenshot ms0:/SHOTS/speed.bmp',
      'report',
      'screenshot ms0:/SHOTS/reported.bmp',
    ];
    const run = await runApp({
      name: 'app-screens',
      program: { from: disc.iso },
      card: [
        { to: 'ISO/GAME.CSO', from: image },
        { to: 'ISO/DAMAGED.CSO', text: damaged },
        { to: 'ISO/GAME.ZSO', from: compress(disc.iso, 'screens.zso', '--to', 'zso', '-b', '2K') },
        { to: 'SHOTS/README', text: 'a folder' },
        { to: 'SEPLUGINS/PLUGINS.TXT', text: 'umd, ms0:/SEPLUGINS/cisor.prx, on\n' },
        {
          to: 'SEPLUGINS/cisor.log',
          text: 'Cisor 0.1.0: ms0:/ISO/GAME.CSO\nstepping aside: the firmware has no image driver\n',
        },
        { to: 'SEPLUGINS/cisor.prx', from: path.join(setting('CISOR_PSP'), 'cisor.prx') },
      ],
      // Without `exit`: the last screen stays.
      commands: [...work, ...shots],
      seconds: 180,
    });
    const names = [...SCREENS, 'checking', 'checked', 'damaged', 'dumping', 'dumped', 'measuring', 'speed', 'reported'];
    for (const name of names) {
      const shot = run.file(`SHOTS/${name}.bmp`);
      assert.ok(
        shot,
        `there is no picture ${name}: ${JSON.stringify(run.results.filter(({ status }) => status && status !== 'ok'))}`,
      );
      keep(fromBmp(shot), name);
    }
    const last = fromVideoMemory(fs.readFileSync(path.join(run.output, 'screen.raw')));
    assert.ok(
      last.equals(fromBmp(run.file(`SHOTS/${SCREENS.at(-1)}.bmp`))),
      "video memory differs from the program's own picture of it",
    );
  });
});
