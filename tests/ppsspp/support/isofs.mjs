// How the console's disc file system requests a piece of a file from the device. The rules are those of
// Sony's own; the device must find out from these parameters which bytes are meant.

import { SECTOR } from './disc.mjs';

/** Device commands. */
export const COMMAND = {
  mayMount: 0x01e3_8034,
  sectorSize: 0x01e2_80a9,
  lastSector: 0x01f2_0003,
  currentSector: 0x01f2_0002,
  volume: 0x01e2_8035,
  read: 0x01e3_80c0,
  readUser: 0x01f2_00a1,
  readUserCached: 0x01f2_00a2,
  discType: 0x01f2_0001,
};

/**
 * The parameters of a read, 36 bytes.
 *
 * @param {number} lba first sector of the file
 * @param {number} position in the file, in bytes
 * @param {number} size how many bytes, at least one
 * @param {boolean} aligned whether the buffer is aligned to a cache line
 * @param {number} kind 0 for data, 3 for directories
 */
export function readParameters(lba, position, size, aligned, kind = 0) {
  const before = position % SECTOR;
  const sectors = Math.ceil((before + size) / SECTOR);
  let start = 0;
  let centre = 0;
  let last = 0;
  if (before === 0 && size <= SECTOR) {
    last = size;
  } else if (before === 0) {
    const rest = size % SECTOR;
    start = aligned ? 0 : SECTOR;
    last = rest || (aligned ? 0 : SECTOR);
    centre = size - start - last;
  } else if (before + size <= SECTOR) {
    start = before;
  } else {
    start = SECTOR - before;
    const rest = size - start;
    const tail = rest % SECTOR;
    if (rest < SECTOR || (rest === SECTOR && position < SECTOR)) last = rest;
    else [centre, last] = [rest - tail, tail];
  }
  const words = [0, kind, lba + Math.floor(position / SECTOR), sectors, size, centre, start, last, 0];
  const bytes = Buffer.alloc(36);
  words.forEach((word, number) => bytes.writeUInt32LE(word, number * 4));
  return bytes;
}

/** Numbers from a seed, the same every time. */
export function dice(seed) {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}
