// The texts in German.

import type { Texts } from './texts';

export const german: Texts = {
  language: 'de',
  languageName: 'Deutsch',
  chooseLanguage: 'Sprache',
  title: 'Cisor: PSP- und PS2-Discs verkleinern',
  heading: 'Abbilder von PSP- und PS2-Discs verkleinern',
  intro:
    'Diese Seite packt die Abbilder deiner eigenen Discs in Dateien, die Konsolen und Emulatoren ohne Entpacken ' +
    'abspielen, und stellt die Abbilder Bit für Bit wieder her. Alles geschieht auf diesem Gerät: Die Seite hat keine ' +
    'Möglichkeit, etwas zu senden.',
  figureBlocks:
    'Eine CSO- oder ZSO-Datei zerlegt die Disc in Blöcke und packt jeden für sich. So lässt sich ein Spiel direkt ' +
    'aus ihr starten.',
  figureCrash:
    'Manche gültigen Datenströme sollen eine PSP zum Hängen bringen. Jeder Block für eine PSP wird auf ihre ' +
    'gemeinsamen Merkmale geprüft, wieder entpackt und verglichen, bevor er geschrieben wird.',
  figureBlocksAlt: 'Aus sechs Blöcken einer Disc werden in einer Datei sechs kürzere Blöcke, vor denen ein Index steht.',
  figureCrashAlt:
    'Ein gepackter Block besteht die Prüfung und wird wieder entpackt; ein anderer wird stattdessen ungepackt gespeichert.',
  pick: 'Disc-Abbilder oder DATs auswählen',
  drop: 'oder Dateien oder Ordner hier ablegen',
  purposeLegend: 'Für',
  purposes: {
    psp: ['PSP', 'CSO, die jede Custom Firmware liest'],
    opl: ['PS2 (Open PS2 Loader)', 'ZSO'],
    ppsspp: ['PPSSPP', 'CSO mit größeren Blöcken'],
    pcsx2: ['PCSX2', 'CSO mit größeren Blöcken'],
    iso: ['Zurück zu ISO', 'die Disc, wie sie war'],
    check: ['Nur prüfen', 'schreibt nichts'],
    other: ['Anderer Leser oder anderes Format', 'wenn du weißt, was du brauchst'],
  },
  otherLabel: 'Leser und Format',
  levelLabel: 'Stufe',
  levels: { 1: 'schnell', 6: 'normal', 9: 'klein, langsam', best: 'am kleinsten, sehr langsam' },
  sizeLabel: 'Blockgröße',
  usual: 'üblich',
  profiles: {
    adrenaline: 'Adrenaline (PS Vita)',
    ark: 'ARK-4 und ARK-5',
    cisor: 'Cisors eigener PSP-Treiber',
    any: 'Kein bestimmter Leser',
  },
  track: (number, kind) => `Spur ${number} (${kind})`,
  audioTrack: (number, time) => `Spur ${number} (Audio, ${time})`,
  waitingForParts: 'Füge auch die Dateien hinzu, die dieses Sheet nennt.',
  start: 'Start',
  pause: 'Pause',
  resume: 'Fortsetzen',
  cancel: 'Abbrechen',
  clear: 'Liste leeren',
  remove: 'Aus der Liste entfernen',
  discs: 'Discs',
  overall: 'Alle Dateien',
  download: 'Speichern:',
  reading: 'Die Datei wird untersucht …',
  waiting: 'Wartet',
  writing: 'Schreiben',
  proving: 'Zurücklesen und Vergleichen',
  checking: 'Prüfen',
  paused: 'Angehalten',
  cancelled: 'Abgebrochen. Nichts wurde behalten.',
  unknownDisc: 'Unbekannte Disc',
  icon: 'Bild des Spiels',
  isNow: 'Jetzt',
  size: 'Größe',
  id: 'Disc-ID',
  blocksOf: 'Blöcke von',
  readers: 'Wer es lesen kann',
  readersNone: 'Keiner der bekannten Leser',
  readersYes: 'liest es',
  readersCaution: 'liest es, aber',
  readersMaybe: 'nicht bekannt',
  readersNo: 'liest es nicht',
  problems: 'Probleme',
  problem: {
    noDisc: 'Das sieht nicht wie ein Disc-Abbild aus.',
    lost: (tracks) =>
      `Diese CD hat mehr als ihre Datenspur. In der neuen Datei fehlen: ${tracks}. Ohne Audiospuren hat ein Spiel keine Musik.`,
    oddSize: 'Die Größe ist kein Vielfaches von 2048 Byte; womöglich fehlt das Ende.',
    partlyUnreadable: 'Ein Teil der Datei, der die Disc benennt, ist nicht lesbar.',
    other: (kind) => `Das ist kein Spiel, sondern: ${kind}.`,
  },
  alreadyIso: 'Das ist schon ein ungepacktes Abbild. Es gibt nichts zu entpacken.',
  done: 'Fertig',
  doneFile: (name, size, percent) =>
    `${name}: ${size}, ${percent} % des Abbilds. Die Datei wurde zurückgelesen, entpackt und mit der Disc verglichen.`,
  doneCheck: 'Alles ist lesbar.',
  unsafe: (count) =>
    `${count} ${count === 1 ? 'Block ist' : 'Blöcke sind'} auf eine Art gepackt, die PSPs zum Hängen bringen soll. Packe die Disc neu für die PSP.`,
  savedIn: 'Sie liegt in dem Ordner, den du gewählt hast.',
  programsCheck: 'which `cisor info --blocks` tells',
  ownCheck: 'which “Nur prüfen” tells',
  dat: 'DAT',
  dats: 'DATs',
  games: (count) => `${count} ${count === 1 ? 'Spiel' : 'Spiele'}`,
  datLeftOut: (count) =>
    `${count} ${count === 1 ? 'Eintrag hat' : 'Einträge haben'} keine Größe oder keine Prüfsumme; damit lässt sich nichts vergleichen.`,
  datMatch: (game, dat) => `das ist „${game}“${dat === '' ? '' : ` (${dat})`}, Bit für Bit.`,
  datWrong: (game, what, expected, got) =>
    `bekannt, aber falsch. Dem Namen oder der Disc-ID nach sollte das „${game}“ sein, aber etwas weicht ab (${what}: laut DAT ${expected}, bei dieser Disc ${got}).`,
  datUnknown: 'unbekannt. Kein DAT führt diese Disc auf.',
  datMd5: 'nicht verglichen. Das DAT hat für Discs dieser Größe nur eine MD5, die diese Seite nicht berechnet. Nimm das Programm cisor.',
  datTracks: 'nicht verglichen, weil die CHD auch Subcode enthält.',
  failed: 'Nicht erledigt',
  rate: (rate, left) => `${rate} MB/s, noch ${left}`,
  seconds: (count) => `${count} s`,
  minutes: (count) => `${count} min`,
  total: (done, all) => `${done} von ${all} Dateien`,
  full: 'Der Browser oder das Laufwerk hat keinen Platz mehr für die Datei. Was davon geschrieben war, wurde entfernt.',
  tooLittleSpace: (needed, free) =>
    `Die Datei kann ${needed} brauchen, und der Browser gibt dieser Seite ${free}. Schaffe Platz, oder nimm das Programm cisor.`,
  tooLargeForMemory: (limit) =>
    `Dieser Browser kann das Ergebnis nur im Speicher halten, und diese Seite geht dabei nur bis ${limit}. Nimm Chrome oder Edge auf einem Computer, oder das Programm cisor.`,
  unsupported:
    'Diesem Browser fehlt, was die Seite braucht (WebAssembly und Worker). Nimm einen aktuellen Browser, oder das Programm cisor.',
  footer:
    'Cisor ist freie Software unter der MIT- oder der Apache-2.0-Lizenz. Noch niemand hat seine Dateien auf einer echten PSP oder PS2 ausprobiert.',
  licences: 'Lizenzen der Bibliotheken in dieser Seite',
};
