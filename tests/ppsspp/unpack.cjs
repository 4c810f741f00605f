// Unpacks PPSSPP: node unpack.cjs FOLDER TARGET, where FOLDER is one in which `npm ci` was run.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { createRequire } = require('node:module');

const FILES = ['ppsspp_libretro.js', 'ppsspp_libretro.wasm', 'license.txt'];

async function unpack(folder, target) {
  const installed = createRequire(path.join(path.resolve(folder), 'package.json'));
  const archive = path.join(folder, 'node_modules/@emulatorjs/core-ppsspp/ppsspp-thread-wasm.data');
  const sevenZip = await installed('7z-wasm')({ print() {} });
  sevenZip.FS.writeFile('archive.7z', fs.readFileSync(archive));
  sevenZip.callMain(['x', '-y', 'archive.7z', ...FILES]);
  fs.mkdirSync(target, { recursive: true });
  for (const name of FILES) fs.writeFileSync(path.join(target, name), sevenZip.FS.readFile(name));
}

unpack(...process.argv.slice(2)).catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
