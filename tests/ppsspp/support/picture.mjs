// Pictures of the console's screen: from its video memory, from the program's screenshots, to PNG.

import zlib from 'node:zlib';

export const WIDTH = 480;
export const HEIGHT = 272;
/** A line of the screen in video memory, in pixels. */
const LINE = 512;

/**
 * The screen in video memory, with 32 bits per pixel: red, green and blue of each pixel, from the top left.
 */
export function fromVideoMemory(bytes) {
  return pixels((x, y) => {
    const at = (y * LINE + x) * 4;
    return [bytes[at], bytes[at + 1], bytes[at + 2]];
  });
}

/** The same from a BMP file with 24 bits per pixel. */
export function fromBmp(bytes) {
  const [start, width, height, depth] = [
    bytes.readUInt32LE(10),
    bytes.readInt32LE(18),
    bytes.readInt32LE(22),
    bytes.readUInt16LE(28),
  ];
  if (
    bytes.toString('latin1', 0, 2) !== 'BM' ||
    width !== WIDTH ||
    Math.abs(height) !== HEIGHT ||
    depth !== 24
  ) {
    throw new Error(`no BMP file of the screen: ${width}x${height}, ${depth} bits`);
  }
  return pixels((x, y) => {
    // Such a file begins with the bottom line, unless its height is negative.
    const at = start + ((height > 0 ? HEIGHT - 1 - y : y) * WIDTH + x) * 3;
    return [bytes[at + 2], bytes[at + 1], bytes[at]];
  });
}

function pixels(color) {
  const out = Buffer.alloc(WIDTH * HEIGHT * 3);
  for (let y = 0, at = 0; y < HEIGHT; y += 1) {
    for (let x = 0; x < WIDTH; x += 1, at += 3) out.set(color(x, y), at);
  }
  return out;
}

/** How many colours a picture has. */
export function colors(picture) {
  const found = new Set();
  for (let at = 0; at < picture.length; at += 3) found.add(picture.readUIntLE(at, 3));
  return found.size;
}

/** Whether anything touches the right edge, where there is a margin. */
export function isCutOff(picture) {
  const margin = 6;
  for (let y = 0; y < HEIGHT; y += 1) {
    const end = (y + 1) * WIDTH * 3;
    for (let x = 2; x <= margin; x += 1) {
      if (picture.readUIntLE(end - x * 3, 3) !== picture.readUIntLE(end - 3, 3)) return true;
    }
  }
  return false;
}

/** A PNG file of a picture. */
export function png(picture) {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(WIDTH, 0);
  header.writeUInt32BE(HEIGHT, 4);
  // Eight bits per channel: red, green and blue.
  header.set([8, 2], 8);
  const lines = Buffer.alloc(HEIGHT * (1 + WIDTH * 3));
  for (let y = 0; y < HEIGHT; y += 1)
    picture.copy(lines, y * (1 + WIDTH * 3) + 1, y * WIDTH * 3, (y + 1) * WIDTH * 3);
  const signature = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
  const data = zlib.deflateSync(lines, { level: 9 });
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', data),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(name, bytes) {
  const body = Buffer.concat([Buffer.from(name, 'latin1'), bytes]);
  const out = Buffer.alloc(body.length + 8);
  out.writeUInt32BE(bytes.length);
  body.copy(out, 4);
  out.writeUInt32BE(crc32(body), body.length + 4);
  return out;
}

/** The checksum of PNG and of disc catalogues. */
export function crc32(bytes) {
  let crc = 0xffff_ffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ TABLE[(crc ^ byte) & 0xff];
  return (crc ^ 0xffff_ffff) >>> 0;
}

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0xedb8_8320 : value >>> 1;
  return value;
});
