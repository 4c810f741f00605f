// The browser features that PPSSPP's WebAssembly build needs, so that it runs in plain Node. Picture and
// sound are missing: the tests look at the console's memory instead.
'use strict';

const fs = require('node:fs');
const vm = require('node:vm');
const { pathToFileURL } = require('node:url');
const { Worker: Thread, parentPort } = require('node:worker_threads');

const WIDTH = 480;
const HEIGHT = 272;

/** An element of a page: it accepts any listener and any style, and ignores them. */
class Element {
  id = 'canvas';
  nodeName = 'CANVAS';
  style = { setProperty() {}, removeProperty() {} };
  width = WIDTH;
  height = HEIGHT;
  clientWidth = WIDTH;
  clientHeight = HEIGHT;

  addEventListener() {}
  removeEventListener() {}
  appendChild() {}
  setAttribute() {}
  focus() {}

  getContext() {
    return null;
  }

  getBoundingClientRect() {
    return { x: 0, y: 0, left: 0, top: 0, width: WIDTH, height: HEIGHT };
  }
}

class Observer {
  observe() {}
  unobserve() {}
  disconnect() {}
}

/**
 * The browser's kind of worker on top of Node's: a thread that loads the same script and receives messages.
 */
function workerClass(script) {
  return class Worker {
    #thread = new Thread(__filename, { argv: [script] });

    constructor() {
      this.#thread.on('message', (data) => this.onmessage?.({ data }));
      this.#thread.on('error', (error) =>
        this.onerror?.({ message: String(error), filename: script, lineno: 0 }),
      );
    }

    postMessage(data, transfer) {
      this.#thread.postMessage(data, transfer);
    }

    terminate() {
      this.#thread.terminate();
    }
  };
}

function define(globals) {
  for (const [name, value] of Object.entries(globals)) {
    // Some of these exist in newer versions of Node, where they cannot be assigned.
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  }
}

function run(script) {
  vm.runInThisContext(fs.readFileSync(script, 'utf8'), { filename: script });
}

/**
 * Makes this process look like a page and loads the emulator's script.
 *
 * @param {string} script the emulator's JavaScript file
 * @returns {{runtime: Function, canvas: object}} the function that makes an emulator, and the
 *   element it draws to
 */
function load(script) {
  const canvas = new Element();
  const document = Object.assign(new Element(), {
    currentScript: { src: pathToFileURL(script).href },
    body: new Element(),
    documentElement: new Element(),
    visibilityState: 'visible',
    hasFocus: () => true,
    querySelector: () => canvas,
    getElementById: () => canvas,
    createElement: () => new Element(),
  });
  // Each frame immediately follows the previous one: the console's time is counted in frames, not in seconds.
  const requestAnimationFrame = (draw) => setImmediate(() => draw(performance.now()));
  define({
    self: globalThis,
    document,
    window: Object.assign(new Element(), {
      document,
      devicePixelRatio: 1,
      scrollX: 0,
      scrollY: 0,
      pageXOffset: 0,
      pageYOffset: 0,
      requestAnimationFrame,
      resizeTo() {},
    }),
    screen: { width: WIDTH, height: HEIGHT },
    navigator: { userAgent: 'node', languages: ['en'], hardwareConcurrency: 2, getGamepads: () => [] },
    matchMedia: () => ({ matches: false, addEventListener() {}, addListener() {} }),
    requestAnimationFrame,
    ResizeObserver: Observer,
    MutationObserver: Observer,
    addEventListener() {},
    removeEventListener() {},
    Worker: workerClass(script),
  });
  run(script);
  return { runtime: vm.runInThisContext('EJS_Runtime'), canvas };
}

/** One of the emulator's threads: the same script, recognised as a thread by its name. */
function loadThread(script) {
  define({
    self: globalThis,
    name: 'em-pthread',
    WorkerGlobalScope: class {},
    location: { href: pathToFileURL(script).href },
    postMessage: (data, transfer) => parentPort.postMessage(data, transfer),
  });
  parentPort.on('message', (data) => globalThis.onmessage?.({ data }));
  run(script);
}

if (parentPort) {
  loadThread(process.argv[2]);
} else {
  module.exports = { load, WIDTH, HEIGHT };
}
