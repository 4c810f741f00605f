// Cards that fail: makes the emulator's own file calls fail, so that programs see what they would see on a
// console with a full card or one that somebody pulls out. Discs cannot be made to fail: PPSSPP ignores
// sectors that it cannot read.
'use strict';

/** Error numbers of WebAssembly's C library. */
const ERROR = { io: 29, noDevice: 43, noEntry: 44, noSpace: 51, readOnly: 69 };
/** Any of these in the flags of `open` means writing. */
const WRITING = 0x1 | 0x2 | 0x40 | 0x200;

/**
 * @param {object} FS the emulator's file system
 * @param {object} faults what goes wrong, all of it optional:
 *   `cardFullAfter`: the card has room for this many bytes;
 *   `cardReadOnly`: nothing can be written to it;
 *   `cardGoneAfter`: it is pulled out after this many bytes were written to it;
 *   `vanishing`: `file` on the card cannot be read or found after `after` bytes were read from it
 * @param {string} card the card's folder
 * @returns {(work: Function) => any} does something while nothing goes wrong
 */
function arrange(FS, faults, card) {
  let quiet = false;
  const fail = (error) => {
    throw new FS.ErrnoError(error);
  };
  const wrap = (name, around) => {
    const inner = FS[name].bind(FS);
    FS[name] = (...args) => (quiet ? inner(...args) : around(inner, ...args));
  };
  let toCard = 0;
  let fromVanishing = 0;
  const vanishing = faults.vanishing && `${card}/${faults.vanishing.file}`;
  const vanished = () => vanishing && fromVanishing >= faults.vanishing.after;
  const cardGone = () => toCard >= (faults.cardGoneAfter ?? Infinity);
  // The emulator also keeps its own settings there, which are unrelated to the card.
  const onCard = (path) => path?.startsWith(`${card}/`) && !path.startsWith(`${card}/PSP/SYSTEM`);

  wrap('read', (read, stream, buffer, offset, length, position) => {
    const { path } = stream;
    if (onCard(path)) {
      if (cardGone() || (path === vanishing && vanished())) fail(ERROR.io);
      if (path === vanishing) fromVanishing += length;
    }
    return read(stream, buffer, offset, length, position);
  });

  wrap('write', (write, stream, buffer, offset, length, ...rest) => {
    if (onCard(stream.path)) {
      if (cardGone()) fail(ERROR.io);
      if (faults.cardReadOnly) fail(ERROR.readOnly);
      if (toCard + length > (faults.cardFullAfter ?? Infinity)) fail(ERROR.noSpace);
      toCard += length;
    }
    return write(stream, buffer, offset, length, ...rest);
  });

  const guard = (path, writes) => {
    if (typeof path !== 'string' || !onCard(path)) return;
    if (cardGone()) fail(ERROR.noDevice);
    if (path === vanishing && vanished()) fail(ERROR.noEntry);
    if (writes && faults.cardReadOnly) fail(ERROR.readOnly);
  };
  wrap('open', (open, path, flags, ...rest) => {
    guard(path, typeof flags === 'number' && (flags & WRITING) !== 0);
    return open(path, flags, ...rest);
  });
  for (const [name, writes] of [
    ['stat', false],
    ['lstat', false],
    ['mkdir', true],
    ['unlink', true],
    ['rename', true],
    ['truncate', true],
  ]) {
    wrap(name, (call, path, ...rest) => {
      guard(path, writes);
      return call(path, ...rest);
    });
  }

  return (work) => {
    quiet = true;
    try {
      return work();
    } finally {
      quiet = false;
    }
  };
}

module.exports = { arrange };
