/**
 * Runs beside the browser's audio thread: a microphone's samples, at the rate that the device has,
 * to frames of 16-bit mono at 16 kHz.
 */
import { Resampler } from "./resampler.js";

const RATE_HZ = 16_000;
/** 50 ms: the shortest frame that every dialect takes. */
const FRAME_SAMPLES = 800;

/**
 * Its messages: `{pcm, peak, isLast}`. Any message to it asks for the last frame, which may be short.
 */
class Capture extends AudioWorkletProcessor {
  #resampler = new Resampler(sampleRate, RATE_HZ);
  #frame = new Int16Array(FRAME_SAMPLES);
  #filled = 0;
  #peak = 0;
  #isOver = false;

  constructor() {
    super();
    this.port.onmessage = () => this.#end();
  }

  /**
   * @param {Float32Array[][]} inputs
   * @returns {boolean} Whether there is more to come.
   */
  process([channels]) {
    // A source that is not connected yet has no channels at all.
    if (!this.#isOver && channels?.length) this.#take(this.#resampler.push(mixed(channels)));
    return !this.#isOver;
  }

  #end() {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#take(this.#resampler.flush());
    this.#post(true);
  }

  /** @param {Float32Array} samples */
  #take(samples) {
    for (const sample of samples) {
      this.#peak = Math.max(this.#peak, Math.abs(sample));
      this.#frame[this.#filled] = Math.max(-32768, Math.min(32767, Math.round(sample * 32768)));
      this.#filled += 1;
      if (this.#filled === FRAME_SAMPLES) this.#post(false);
    }
  }

  /** @param {boolean} isLast */
  #post(isLast) {
    const pcm = this.#frame.slice(0, this.#filled).buffer;
    this.port.postMessage({ pcm, peak: this.#peak, isLast }, [pcm]);
    this.#filled = 0;
    this.#peak = 0;
  }
}

/**
 * @param {Float32Array[]} channels
 * @returns {Float32Array} Their mean. With one channel, that itself.
 */
function mixed(channels) {
  if (channels.length === 1) return channels[0];
  return channels[0].map((_, i) => {
    let sum = 0;
    for (const channel of channels) sum += channel[i];
    return sum / channels.length;
  });
}

registerProcessor("capture", Capture);
