/** What was heard, kept to be heard again. */
import { RATE_HZ } from "./recording.js";

/** An hour and a half: 170 MB. What comes later has words, but no sound. */
const LONGEST_SAMPLES = 90 * 60 * RATE_HZ;

export class Tape {
  /** @type {Int16Array[]} */
  #pieces = [];
  #nSamples = 0;
  #nKept = 0;
  /** @type {AudioContext | null} */
  #context = null;
  /** @type {AudioBufferSourceNode | null} */
  #playing = null;

  get lengthMs() {
    return (this.#nSamples / RATE_HZ) * 1000;
  }

  /** @param {Int16Array} samples */
  add(samples) {
    this.#nSamples += samples.length;
    if (this.#nSamples > LONGEST_SAMPLES && this.#pieces.length) return;
    this.#pieces.push(samples);
    this.#nKept += samples.length;
  }

  clear() {
    this.stop();
    this.#pieces = [];
    this.#nSamples = 0;
    this.#nKept = 0;
  }

  /**
   * Play a stretch; whatever still plays stops.
   *
   * @param {number} startMs
   * @param {number} endMs
   * @param {() => void} [onEnd] It is over, or was stopped.
   */
  play(startMs, endMs, onEnd = () => {}) {
    this.stop();
    const first = Math.min(Math.round((startMs / 1000) * RATE_HZ), this.#nKept);
    const samples = this.#copy(first, Math.min(Math.round((endMs / 1000) * RATE_HZ), this.#nKept));
    if (!samples.length) {
      onEnd();
      return;
    }
    this.#context ??= new AudioContext();
    void this.#context.resume();
    const buffer = this.#context.createBuffer(1, samples.length, RATE_HZ);
    buffer.copyToChannel(samples, 0);
    const source = this.#context.createBufferSource();
    source.buffer = buffer;
    source.onended = onEnd;
    source.connect(this.#context.destination);
    source.start();
    this.#playing = source;
  }

  stop() {
    this.#playing?.stop();
    this.#playing = null;
  }

  /**
   * @param {number} first
   * @param {number} end
   * @returns {Float32Array<ArrayBuffer>}
   */
  #copy(first, end) {
    const copy = new Float32Array(Math.max(0, end - first));
    let position = 0;
    for (const piece of this.#pieces) {
      const from = Math.max(first - position, 0);
      const to = Math.min(end - position, piece.length);
      for (let i = from; i < to; i += 1) copy[position + i - first] = piece[i] / 32768;
      position += piece.length;
      if (position >= end) break;
    }
    return copy;
  }
}
