// Every English text of the page. A translation is another object of this shape; languages.ts lists them. What the
// engine says (errors, and why a reader refuses a file) is the program's, and English in every language.

export const english = {
  language: 'en',
  languageName: 'English',
  chooseLanguage: 'Language',
  title: 'Cisor: PSP and PS2 discs made smaller',
  heading: 'Make the images of your PSP and PS2 discs smaller',
  intro:
    'This page packs the images of your own discs into files that consoles and emulators play without unpacking them, ' +
    'and gives the images back bit for bit. Everything happens on this device: the page has no way to send anything.',
  figureBlocks:
    'A CSO or ZSO file cuts the disc into blocks and packs each one on its own, so a game can be played straight from it.',
  figureCrash:
    'Some valid streams are reported to hang a PSP. Each block for a PSP is checked for what they have in common, ' +
    'unpacked again and compared before it is written.',
  figureBlocksAlt: 'Six blocks of a disc become six shorter blocks after an index in a file.',
  figureCrashAlt: 'A packed block passes the check and is unpacked again; another one is stored unpacked instead.',
  pick: 'Choose disc images or DATs',
  drop: 'or drop files or folders here',
  purposeLegend: 'For',
  purposes: {
    psp: ['PSP', 'CSO that every custom firmware reads'],
    opl: ['PS2 (Open PS2 Loader)', 'ZSO'],
    ppsspp: ['PPSSPP', 'CSO with larger blocks'],
    pcsx2: ['PCSX2', 'CSO with larger blocks'],
    iso: ['Back to ISO', 'the disc as it was'],
    check: ['Check only', 'writes nothing'],
    other: ['Another reader or format', 'for those who know what they need'],
  },
  otherLabel: 'Reader and format',
  levelLabel: 'Level',
  levels: { 1: 'fast', 6: 'normal', 9: 'small, slow', best: 'smallest, very slow' },
  sizeLabel: 'Block size',
  usual: 'usual',
  profiles: {
    adrenaline: 'Adrenaline (PS Vita)',
    ark: 'ARK-4 and ARK-5',
    cisor: 'Cisor’s own PSP driver',
    any: 'No particular reader',
  },
  track: (number: number, kind: string) => `track ${number} (${kind})`,
  audioTrack: (number: number, time: string) => `track ${number} (audio, ${time})`,
  waitingForParts: 'Add the files that this sheet names, too.',
  start: 'Start',
  pause: 'Pause',
  resume: 'Continue',
  cancel: 'Cancel',
  clear: 'Clear the list',
  remove: 'Remove from the list',
  discs: 'Discs',
  overall: 'All files',
  download: 'Save',
  reading: 'Looking at the file…',
  waiting: 'Waiting',
  writing: 'Writing',
  proving: 'Reading back and comparing',
  checking: 'Checking',
  paused: 'Paused',
  cancelled: 'Cancelled. Nothing was kept.',
  unknownDisc: 'Unknown disc',
  icon: 'Picture of the game',
  isNow: 'Now',
  size: 'Size',
  id: 'Disc ID',
  blocksOf: 'blocks of',
  readers: 'Who can read it',
  readersNone: 'None of the known readers',
  readersYes: 'reads it',
  readersCaution: 'reads it, but',
  readersMaybe: 'not known',
  readersNo: 'does not',
  problems: 'Problems',
  problem: {
    noDisc: 'This does not look like a disc image.',
    lost: (tracks: string) =>
      `This is a CD with more than its data track. What is written will not hold: ${tracks}. Without audio tracks a game has no music.`,
    oddSize: 'The size is not a multiple of 2048 bytes, so the end may be missing.',
    partlyUnreadable: 'A part of the file that names the disc cannot be read.',
    other: (kind: string) => `This is not a game but: ${kind}.`,
  },
  alreadyIso: 'This is a plain image already. There is nothing to unpack.',
  done: 'Done',
  doneFile: (name: string, size: string, percent: number) =>
    `${name}: ${size}, ${percent} % of the image. It was read back, unpacked and compared with the disc.`,
  doneCheck: 'All of it can be read.',
  unsafe: (count: number) =>
    `${count} ${count === 1 ? 'block is' : 'blocks are'} packed in a way that is reported to hang PSPs. Pack the disc for PSP again.`,
  savedIn: 'It is in the folder that you chose.',
  // The program's own words for a check that this page has, too.
  programsCheck: 'which `cisor info --blocks` tells',
  ownCheck: 'which “Check only” tells',
  dat: 'DAT',
  dats: 'DATs',
  games: (count: number) => `${count} ${count === 1 ? 'game' : 'games'}`,
  datLeftOut: (count: number) =>
    `${count} ${count === 1 ? 'entry has' : 'entries have'} no size or no checksum and cannot be compared with anything.`,
  datMatch: (game: string, dat: string) => `this is “${game}”${dat === '' ? '' : ` (${dat})`}, bit for bit.`,
  datWrong: (game: string, what: string, expected: string, got: string) =>
    `known but wrong. By its name or disc ID this should be “${game}”, but something differs (${what}: the DAT has ${expected}, this disc ${got}).`,
  datUnknown: 'unknown. No DAT lists this disc.',
  datMd5: 'not compared. The DAT has only an MD5 for discs of this size, which this page does not compute. Use the program cisor.',
  datTracks: 'not compared, because the CHD holds subcode, too.',
  failed: 'Not done',
  rate: (rate: string, left: string) => `${rate} MB/s, ${left} left`,
  seconds: (count: number) => `${count} s`,
  minutes: (count: number) => `${count} min`,
  total: (done: number, all: number) => `${done} of ${all} files`,
  full: 'The browser or the disk has no space left for the file. What was written of it was removed.',
  tooLittleSpace: (needed: string, free: string) =>
    `The file may need ${needed}, and the browser gives this page ${free}. Free some space, or use the program cisor.`,
  tooLargeForMemory: (limit: string) =>
    `This browser can only keep the result in memory, and this page stops at ${limit}. Use Chrome or Edge on a computer, or the program cisor.`,
  unsupported:
    'This browser lacks what the page needs (WebAssembly and workers). Use a current browser, or the program cisor.',
  footer: 'Cisor is free software under the MIT or Apache-2.0 licence. Nobody has tried its files on a real PSP or PS2 yet.',
  licences: 'Licences of the libraries in this page',
};

export type Texts = typeof english;
