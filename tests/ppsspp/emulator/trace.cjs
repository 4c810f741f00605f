// Records where the emulator reads the disc image: what a console's program requests from the disc, in order.
'use strict';

const SECTOR = 2048;

/**
 * Records every read of a file from now on.
 *
 * @returns {{list: [number, number][]}} first sector and number of sectors of each; grows
 */
function trace(FS, file) {
  const list = [];
  const read = FS.read;
  FS.read = (stream, buffer, offset, length, position) => {
    if (stream.path === file) {
      const at = position ?? stream.position;
      const first = Math.floor(at / SECTOR);
      list.push([first, Math.ceil((at + length) / SECTOR) - first]);
    }
    return read(stream, buffer, offset, length, position);
  };
  return { list };
}

module.exports = { trace };
