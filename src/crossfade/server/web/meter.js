/** The level of a microphone as it was in the last seconds, and what it tells about the device. */

const BAR_PX = 3;
const GAP_PX = 2;
/** The height of a bar, as the ear has it: half as loud looks half as high. */
const SILENT_DB = -50;
const CURVE = 1.8;

/** A device that gives nothing but zeros for so long is muted or the wrong one. */
const MUTE_MS = 2000;
const CLIPPED = 0.999;

export class Meter {
  #canvas;
  /** @type {number[]} 0 to 1, newest last. */
  #levels = [];
  #zeroMs = 0;
  #clippedMs = 0;
  #isDrawing = false;

  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.#canvas = canvas;
  }

  clear() {
    this.#levels = [];
    this.#zeroMs = 0;
    this.#clippedMs = 0;
    this.#draw();
  }

  /**
   * @param {number} peak Of the newest audio, 0 to 1.
   * @param {number} ms How long that is.
   */
  add(peak, ms) {
    const db = 20 * Math.log10(Math.max(peak, 1e-6));
    this.#levels.push(Math.max(0, Math.min(1, 1 - db / SILENT_DB)) ** CURVE);
    this.#levels.splice(0, this.#levels.length - 1000);
    this.#zeroMs = peak === 0 ? this.#zeroMs + ms : 0;
    this.#clippedMs = peak >= CLIPPED ? this.#clippedMs + ms : Math.max(0, this.#clippedMs - ms / 10);
    if (!this.#isDrawing) requestAnimationFrame(() => this.#draw());
    this.#isDrawing = true;
  }

  /** @returns {string} What is wrong with the sound and what to do, if something is. */
  get advice() {
    if (this.#zeroMs >= MUTE_MS) {
      return "No signal: see whether the microphone is muted, or choose another.";
    }
    return this.#clippedMs >= 200 ? "Too loud: go further away, or turn the microphone down." : "";
  }

  #draw() {
    this.#isDrawing = false;
    const { clientWidth: width, clientHeight: height } = this.#canvas;
    const scale = devicePixelRatio;
    this.#canvas.width = width * scale;
    this.#canvas.height = height * scale;
    const pen = this.#canvas.getContext("2d");
    if (pen === null) return;
    pen.scale(scale, scale);
    pen.fillStyle = getComputedStyle(this.#canvas).color;
    const n = Math.floor(width / (BAR_PX + GAP_PX));
    const levels = this.#levels.slice(-n);
    for (const [i, level] of levels.entries()) {
      const bar = Math.max(BAR_PX, level * height);
      const x = width - (levels.length - i) * (BAR_PX + GAP_PX);
      pen.beginPath();
      pen.roundRect(x, (height - bar) / 2, BAR_PX, bar, BAR_PX / 2);
      pen.fill();
    }
  }
}
