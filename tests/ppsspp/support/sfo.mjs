// PARAM.SFO, the description of a program for the console, and EBOOT.PBP, the file that contains a program.

const TEXT = 0x0204;
const NUMBER = 0x0404;

/**
 * Makes a PARAM.SFO.
 *
 * @param {Record<string, string | number>} values by name
 * @returns {Buffer}
 */
export function sfo(values) {
  // The console expects names in alphabetical order.
  const entries = Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1));
  const index = Buffer.alloc(16 * entries.length);
  const names = [];
  const data = [];
  let nameOffset = 0;
  let dataOffset = 0;
  for (const [number, [name, value]] of entries.entries()) {
    const bytes = typeof value === 'number' ? Buffer.alloc(4) : Buffer.from(`${value}\0`);
    if (typeof value === 'number') bytes.writeUInt32LE(value);
    const room = Buffer.alloc(Math.ceil(bytes.length / 4) * 4);
    bytes.copy(room);
    const at = 16 * number;
    index.writeUInt16LE(nameOffset, at);
    index.writeUInt16LE(typeof value === 'number' ? NUMBER : TEXT, at + 2);
    index.writeUInt32LE(bytes.length, at + 4);
    index.writeUInt32LE(room.length, at + 8);
    index.writeUInt32LE(dataOffset, at + 12);
    names.push(Buffer.from(`${name}\0`));
    data.push(room);
    nameOffset += name.length + 1;
    dataOffset += room.length;
  }
  const nameTable = Buffer.alloc(Math.ceil(nameOffset / 4) * 4);
  Buffer.concat(names).copy(nameTable);
  const header = Buffer.alloc(20);
  header.write('\0PSF', 'latin1');
  header.writeUInt32LE(0x0101, 4);
  header.writeUInt32LE(header.length + index.length, 8);
  header.writeUInt32LE(header.length + index.length + nameTable.length, 12);
  header.writeUInt32LE(entries.length, 16);
  return Buffer.concat([header, index, nameTable, ...data]);
}

/**
 * Puts a module into an EBOOT.PBP without pictures and sound.
 *
 * @param {Buffer} module
 * @param {string} title
 * @returns {Buffer}
 */
export function pbp(module, title) {
  const description = sfo({
    CATEGORY: 'MG',
    DISC_ID: 'UCJS10041',
    DISC_VERSION: '1.00',
    MEMSIZE: 1,
    REGION: 32768,
    TITLE: title,
  });
  const header = Buffer.alloc(0x28);
  header.write('\0PBP', 'latin1');
  header.writeUInt32LE(0x0001_0000, 4);
  header.writeUInt32LE(header.length, 8);
  // All the parts between the description and the module are empty.
  for (let at = 12; at < header.length; at += 4) header.writeUInt32LE(header.length + description.length, at);
  header.writeUInt32LE(header.length + description.length + module.length, 0x24);
  return Buffer.concat([header, description, module]);
}
