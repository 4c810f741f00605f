// Draws the page's icon: a disc cut into blocks.

/** Colours of the ground and of the disc. */
const GROUND = [0x1d, 0x5f, 0x8a];
const DISC = [0xfb, 0xfa, 0xf7];
/** In parts of the icon's side. The disc keeps to the middle, so that the icon may be cut to a circle. */
const RADIUS = 0.34;
const HOLE = 0.09;
const SLIT = 0.022;
/** Distances of the slits from the middle. */
const SLITS = [-0.17, 0.17];
/** Shades between the two colours, as many as 4 bits give. */
const SHADES = 16;
/** Points of a pixel's side at which the picture is looked at. */
const POINTS = 4;

export function iconSvg() {
  const colour = (rgb) => `#${rgb.map((part) => part.toString(16).padStart(2, '0')).join('')}`;
  const slits = SLITS.map((at) => `<path d="M0 ${500 + 1000 * at}H1000"/>`).join('');
  const middle = 1000 * ((RADIUS + HOLE) / 2);
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1000 1000"><rect width="1000" height="1000" fill="${colour(GROUND)}"/>` +
    `<circle cx="500" cy="500" r="${middle}" fill="none" stroke="${colour(DISC)}" stroke-width="${Math.round(1000 * (RADIUS - HOLE))}"/>` +
    `<g stroke="${colour(GROUND)}" stroke-width="${2000 * SLIT}">${slits}</g></svg>\n`
  );
}

/** A PNG of this many pixels on each side. Its data is not compressed, so no version of zlib changes its bytes. */
export function iconPng(side) {
  const isDisc = (x, y) => {
    const from = Math.hypot(x, y);
    return from < RADIUS && from > HOLE && SLITS.every((slit) => Math.abs(y - slit) > SLIT);
  };
  const shade = (column, row) => {
    let hits = 0;
    for (let point = 0; point < POINTS * POINTS; point += 1) {
      const x = (column + ((point % POINTS) + 0.5) / POINTS) / side - 0.5;
      const y = (row + (Math.floor(point / POINTS) + 0.5) / POINTS) / side - 0.5;
      hits += isDisc(x, y) ? 1 : 0;
    }
    return Math.min(SHADES - 1, Math.floor((hits * SHADES) / (POINTS * POINTS)));
  };
  const stride = 1 + side / 2;
  const rows = Buffer.alloc(stride * side);
  for (let row = 0; row < side; row += 1) {
    for (let pair = 0; pair < side / 2; pair += 1) {
      rows[row * stride + 1 + pair] = (shade(2 * pair, row) << 4) | shade(2 * pair + 1, row);
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(side, 0);
  header.writeUInt32BE(side, 4);
  // 4 bits of a palette.
  header.set([4, 3, 0, 0, 0], 8);
  const palette = [...Array(SHADES).keys()].flatMap((number) =>
    GROUND.map((ground, part) => Math.round(ground + ((DISC[part] - ground) * number) / (SHADES - 1))),
  );
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const chunks = [chunk('IHDR', header), chunk('PLTE', Buffer.from(palette)), chunk('IDAT', stored(rows)), chunk('IEND', Buffer.alloc(0))];
  return Buffer.concat([signature, ...chunks]);
}

/** A zlib stream of stored blocks (RFC 1950, RFC 1951 3.2.4). */
function stored(data) {
  const MOST = 0xffff;
  const parts = [Buffer.from([0x78, 0x01])];
  for (let at = 0; at < data.length; at += MOST) {
    const block = data.subarray(at, at + MOST);
    const head = Buffer.alloc(5);
    head[0] = at + MOST >= data.length ? 1 : 0;
    head.writeUInt16LE(block.length, 1);
    head.writeUInt16LE(block.length ^ 0xffff, 3);
    parts.push(head, block);
  }
  let [a, b] = [1, 0];
  for (const byte of data) {
    a = (a + byte) % 65521;
    b = (b + a) % 65521;
  }
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(((b << 16) | a) >>> 0);
  return Buffer.concat([...parts, sum]);
}

/** A part of a PNG. */
export function chunk(kind, data) {
  const bytes = Buffer.alloc(12 + data.length);
  bytes.writeUInt32BE(data.length, 0);
  bytes.write(kind, 4, 'latin1');
  data.copy(bytes, 8);
  bytes.writeUInt32BE(crc32(bytes.subarray(4, 8 + data.length)), 8 + data.length);
  return bytes;
}

/** The checksum of PNG, gzip and ZIP. */
export function crc32(bytes) {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) {
      crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
    }
  }
  return ~crc >>> 0;
}
