// The texts in Japanese.

import type { Texts } from './texts';

export const japanese: Texts = {
  language: 'ja',
  languageName: '日本語',
  chooseLanguage: '言語',
  title: 'Cisor: PSP・PS2のディスクイメージを小さく',
  heading: 'PSPとPS2のディスクイメージを小さくします',
  intro:
    'このページは、お手持ちのディスクのイメージを、ゲーム機やエミュレーターが展開せずに読めるファイルに圧縮し、' +
    '元のイメージを1ビットも違わずに復元します。処理はすべてこの端末で行われ、ページが何かを送信することはできません。',
  figureBlocks: 'CSOやZSOは、ディスクをブロックに分けて1つずつ圧縮したファイルです。そのため、ファイルから直接ゲームを遊べます。',
  figureCrash:
    '形式としては正しくても、PSPをフリーズさせると報告されている圧縮データがあります。PSP用のブロックはすべて、' +
    'それらに共通する特徴がないかを検査し、展開して元と比較してから書き込みます。',
  figureBlocksAlt: 'ディスクの6つのブロックが、ファイルの中で、インデックスに続く6つの短いブロックになる図。',
  figureCrashAlt: '検査に合格した圧縮ブロックは展開して確かめられ、合格しなかったブロックは圧縮せずに保存される図。',
  pick: 'ディスクイメージを選ぶ',
  drop: 'または、ファイルやフォルダーをここにドロップ',
  purposeLegend: '用途',
  purposes: {
    psp: ['PSP', 'すべてのカスタムファームウェアが読めるCSO'],
    opl: ['PS2（Open PS2 Loader）', 'ZSO'],
    ppsspp: ['PPSSPP', 'ブロックの大きいCSO'],
    pcsx2: ['PCSX2', 'ブロックの大きいCSO'],
    iso: ['ISOに戻す', '元のディスクのまま'],
    check: ['検査のみ', '何も書き込みません'],
    other: ['その他の用途・形式', '必要なものが分かっている方向け'],
  },
  otherLabel: '用途と形式',
  profiles: {
    adrenaline: 'Adrenaline（PS Vita）',
    ark: 'ARK-4とARK-5',
    cisor: 'Cisor独自のPSP用ドライバー',
    any: '用途を限定しない',
  },
  track: (number, kind) => `トラック${number}（${kind}）`,
  audioTrack: (number, time) => `トラック${number}（音声、${time}）`,
  waitingForParts: 'このCUEシートに書かれているファイルも追加してください。',
  start: '開始',
  pause: '一時停止',
  resume: '再開',
  cancel: 'キャンセル',
  clear: 'リストを空にする',
  remove: 'リストから外す',
  discs: 'ディスク',
  overall: 'すべてのファイル',
  download: '保存:',
  reading: 'ファイルを調べています…',
  waiting: '待機中',
  writing: '書き込み中',
  proving: '読み直して比較中',
  checking: '検査中',
  paused: '一時停止中',
  cancelled: 'キャンセルしました。何も残していません。',
  unknownDisc: '不明なディスク',
  icon: 'ゲームの画像',
  isNow: '現在',
  size: 'サイズ',
  id: 'ディスクID',
  blocksOf: 'ブロックサイズ',
  readers: '読めるもの',
  readersNone: '既知のものでは読めません',
  readersYes: '読めます',
  readersCaution: '読めますが、注意があります',
  readersMaybe: '不明',
  readersNo: '読めません',
  problems: '問題',
  problem: {
    noDisc: 'ディスクイメージではないようです。',
    lost: (tracks) =>
      `このCDには、データトラック以外のトラックもあります。作成するファイルに含まれないもの: ${tracks}。音声トラックがないと、ゲームの音楽は鳴りません。`,
    oddSize: 'サイズが2048バイトの倍数ではありません。末尾が欠けている可能性があります。',
    partlyUnreadable: 'ディスクの情報が入っている部分の一部を読めません。',
    other: (kind) => `ゲームではありません: ${kind}`,
  },
  alreadyIso: 'すでに圧縮されていないイメージです。展開するものはありません。',
  done: '完了',
  doneFile: (name, size, percent) =>
    `${name}: ${size}、イメージの${percent}%。ファイルを読み直して展開し、ディスクと比較しました。`,
  doneCheck: 'すべて読めました。',
  unsafe: (count) =>
    `${count}個のブロックが、PSPをフリーズさせると報告されている方法で圧縮されています。PSP用に圧縮し直してください。`,
  savedIn: '選んだフォルダーに入っています。',
  programsCheck: 'which `cisor info --blocks` tells',
  ownCheck: 'which “検査のみ” tells',
  failed: '失敗',
  rate: (rate, left) => `${rate} MB/s、残り${left}`,
  seconds: (count) => `${count}秒`,
  minutes: (count) => `${count}分`,
  total: (done, all) => `${all}個中${done}個のファイル`,
  full: 'ブラウザーまたはドライブに、ファイルを書く空きがなくなりました。途中まで書いた分は削除しました。',
  tooLittleSpace: (needed, free) =>
    `ファイルには最大${needed}が必要ですが、ブラウザーがこのページに使わせるのは${free}です。空きを増やすか、プログラムのcisorを使ってください。`,
  tooLargeForMemory: (limit) =>
    `このブラウザーでは結果をメモリーにしか置けず、このページの上限は${limit}です。パソコンのChromeかEdge、またはプログラムのcisorを使ってください。`,
  unsupported:
    'このブラウザーには、ページに必要な機能（WebAssemblyとWorker）がありません。新しいブラウザー、またはプログラムのcisorを使ってください。',
  footer:
    'Cisorは、MITまたはApache-2.0ライセンスのフリーソフトウェアです。実機のPSPやPS2でファイルを試した人はまだいません。',
  licences: 'このページに含まれるライブラリのライセンス',
};
