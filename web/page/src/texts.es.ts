// The texts in Spanish.

import type { Texts } from './texts';

export const spanish: Texts = {
  language: 'es',
  languageName: 'Español',
  chooseLanguage: 'Idioma',
  title: 'Cisor: discos de PSP y PS2 más pequeños',
  heading: 'Reduce el tamaño de las imágenes de tus discos de PSP y PS2',
  intro:
    'Esta página comprime las imágenes de tus propios discos en archivos que las consolas y los emuladores leen sin ' +
    'descomprimirlos antes, y recupera las imágenes bit a bit. Todo ocurre en este dispositivo: la página no tiene ' +
    'forma de enviar nada.',
  figureBlocks:
    'Un archivo CSO o ZSO divide el disco en bloques y comprime cada uno por separado, así que se puede jugar directamente desde él.',
  figureCrash:
    'Hay informes de que algunos flujos válidos cuelgan la PSP. Antes de escribirse, cada bloque para PSP se comprueba en ' +
    'busca de lo que esos flujos tienen en común, se descomprime de nuevo y se compara.',
  figureBlocksAlt: 'Seis bloques de un disco se convierten en seis bloques más cortos, precedidos por un índice, dentro de un archivo.',
  figureCrashAlt: 'Un bloque comprimido supera la comprobación y se descomprime de nuevo; otro se guarda sin comprimir.',
  pick: 'Elegir imágenes de disco o DAT',
  drop: 'o suelta aquí archivos o carpetas',
  purposeLegend: 'Para',
  purposes: {
    psp: ['PSP', 'CSO que lee cualquier custom firmware'],
    opl: ['PS2 (Open PS2 Loader)', 'ZSO'],
    ppsspp: ['PPSSPP', 'CSO con bloques más grandes'],
    pcsx2: ['PCSX2', 'CSO con bloques más grandes'],
    iso: ['Volver a ISO', 'el disco tal como era'],
    check: ['Solo comprobar', 'no escribe nada'],
    other: ['Otro lector o formato', 'para quien sabe lo que necesita'],
  },
  otherLabel: 'Lector y formato',
  levelLabel: 'Nivel',
  levels: { 1: 'rápido', 6: 'normal', 9: 'pequeño, lento', best: 'el más pequeño, muy lento' },
  sizeLabel: 'Tamaño de bloque',
  usual: 'habitual',
  profiles: {
    adrenaline: 'Adrenaline (PS Vita)',
    ark: 'ARK-4 y ARK-5',
    cisor: 'El controlador de PSP de Cisor',
    any: 'Ningún lector en particular',
  },
  track: (number, kind) => `pista ${number} (${kind})`,
  audioTrack: (number, time) => `pista ${number} (audio, ${time})`,
  waitingForParts: 'Añade también los archivos que nombra esta hoja CUE.',
  start: 'Empezar',
  pause: 'Pausa',
  resume: 'Continuar',
  cancel: 'Cancelar',
  clear: 'Vaciar la lista',
  remove: 'Quitar de la lista',
  discs: 'Discos',
  overall: 'Todos los archivos',
  download: 'Guardar',
  reading: 'Examinando el archivo…',
  waiting: 'En espera',
  writing: 'Escribiendo',
  proving: 'Releyendo y comparando',
  checking: 'Comprobando',
  paused: 'En pausa',
  cancelled: 'Cancelado. No se ha conservado nada.',
  unknownDisc: 'Disco desconocido',
  icon: 'Imagen del juego',
  isNow: 'Ahora',
  size: 'Tamaño',
  id: 'ID del disco',
  blocksOf: 'bloques de',
  readers: 'Quién puede leerlo',
  readersNone: 'Ninguno de los lectores conocidos',
  readersYes: 'lo lee',
  readersCaution: 'lo lee, pero',
  readersMaybe: 'no se sabe',
  readersNo: 'no lo lee',
  problems: 'Problemas',
  problem: {
    noDisc: 'Esto no parece una imagen de disco.',
    lost: (tracks) =>
      `Este CD tiene algo más que su pista de datos. El archivo nuevo no contendrá: ${tracks}. Sin pistas de audio, un juego no tiene música.`,
    oddSize: 'El tamaño no es múltiplo de 2048 bytes, así que puede faltar el final.',
    partlyUnreadable: 'No se puede leer una parte del archivo que identifica el disco.',
    other: (kind) => `Esto no es un juego, sino: ${kind}.`,
  },
  alreadyIso: 'Ya es una imagen sin comprimir. No hay nada que descomprimir.',
  done: 'Hecho',
  doneFile: (name, size, percent) =>
    `${name}: ${size}, ${percent} % de la imagen. El archivo se ha releído, descomprimido y comparado con el disco.`,
  doneCheck: 'Todo se puede leer.',
  unsafe: (count) =>
    `${count} ${count === 1 ? 'bloque está comprimido' : 'bloques están comprimidos'} de una forma que, según informes, cuelga las PSP. Vuelve a comprimir el disco para PSP.`,
  savedIn: 'Está en la carpeta que elegiste.',
  programsCheck: 'which `cisor info --blocks` tells',
  ownCheck: 'which “Solo comprobar” tells',
  dat: 'DAT',
  dats: 'Archivos DAT',
  games: (count) => `${count} ${count === 1 ? 'juego' : 'juegos'}`,
  datLeftOut: (count) =>
    `${count} ${count === 1 ? 'entrada no tiene' : 'entradas no tienen'} tamaño o suma de comprobación y no se ${count === 1 ? 'puede' : 'pueden'} comparar con nada.`,
  datMatch: (game, dat) => `es «${game}»${dat === '' ? '' : ` (${dat})`}, bit a bit.`,
  datWrong: (game, what, expected, got) =>
    `conocido, pero incorrecto. Por su nombre o ID debería ser «${game}», pero algo difiere (${what}: el DAT indica ${expected}; este disco, ${got}).`,
  datUnknown: 'desconocido. Este disco no figura en ningún DAT.',
  datMd5: 'no comparado. Para discos de este tamaño el DAT solo tiene un MD5, que esta página no calcula. Usa el programa cisor.',
  datTracks: 'no comparado, porque el CHD contiene también subcódigo.',
  failed: 'No se ha hecho',
  rate: (rate, left) => `${rate} MB/s, quedan ${left}`,
  seconds: (count) => `${count} s`,
  minutes: (count) => `${count} min`,
  total: (done, all) => `${done} de ${all} archivos`,
  full: 'El navegador o la unidad no tiene más espacio para el archivo. Lo que se había escrito de él se ha eliminado.',
  tooLittleSpace: (needed, free) =>
    `El archivo puede necesitar ${needed}, y el navegador da a esta página ${free}. Libera espacio o usa el programa cisor.`,
  tooLargeForMemory: (limit) =>
    `Este navegador solo puede guardar el resultado en memoria, y esta página se detiene en ${limit}. Usa Chrome o Edge en un ordenador, o el programa cisor.`,
  unsupported:
    'A este navegador le falta lo que la página necesita (WebAssembly y workers). Usa un navegador actual o el programa cisor.',
  footer:
    'Cisor es software libre bajo la licencia MIT o Apache-2.0. Nadie ha probado todavía sus archivos en una PSP o PS2 real.',
  licences: 'Licencias de las bibliotecas de esta página',
};
