/**
 * A file as 16-bit mono at 16 kHz. The browser decodes it, and resamples while it does.
 *
 * @import {Sink} from "./model.js"
 */
import { unreadableFile } from "./problems.js";

export const RATE_HZ = 16_000;

/** Every dialect takes frames of 100 ms. */
const FRAME_MS = 100;
const FRAME_SAMPLES = (RATE_HZ * FRAME_MS) / 1000;

export class Recording {
  /**
   * @param {Int16Array<ArrayBuffer>} samples
   * @param {{inRealTime: boolean}} options Otherwise as fast as the server hears it.
   */
  constructor(samples, { inRealTime }) {
    this.samples = samples;
    this.inRealTime = inRealTime;
  }

  get lengthMs() {
    return (this.samples.length / RATE_HZ) * 1000;
  }

  /**
   * @param {File} file
   * @param {{inRealTime: boolean}} options
   * @returns {Promise<Recording>}
   * @throws {import("./problems.js").Problem}
   */
  static async open(file, options) {
    try {
      const context = new OfflineAudioContext(1, 1, RATE_HZ);
      const decoded = await context.decodeAudioData(await file.arrayBuffer());
      return new Recording(mono(decoded), options);
    } catch {
      throw unreadableFile(file.name);
    }
  }

  /**
   * Give frames until the end, or until told to stop.
   *
   * @param {Sink} sink
   * @param {AbortSignal} signal
   * @returns {Promise<null>}
   */
  async play(sink, signal) {
    const start = performance.now();
    for (let i = 0; i * FRAME_SAMPLES < this.samples.length && !signal.aborted; i += 1) {
      const frame = this.samples.slice(i * FRAME_SAMPLES, (i + 1) * FRAME_SAMPLES);
      // A frame is there when its last sample was played.
      if (this.inRealTime) await until(start + (i + 1) * FRAME_MS, signal);
      else await sink.room();
      if (!signal.aborted) sink.take(frame.buffer, peakOf(frame));
    }
    return null;
  }

  close() {}
}

/**
 * @param {Int16Array} samples
 * @returns {number} 0 to 1.
 */
const peakOf = (samples) => samples.reduce((peak, one) => Math.max(peak, Math.abs(one)), 0) / 32768;

/**
 * @param {number} at On the clock of `performance.now`.
 * @param {AbortSignal} signal
 */
async function until(at, signal) {
  const ms = at - performance.now();
  if (ms <= 0) return;
  await new Promise((/** @type {(value: void) => void} */ resolve) => {
    const wake = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", wake);
      resolve();
    };
    const timer = setTimeout(wake, ms);
    signal.addEventListener("abort", wake);
  });
}

/**
 * @param {AudioBuffer} buffer
 * @returns {Int16Array<ArrayBuffer>}
 */
function mono(buffer) {
  const channels = Array.from({ length: buffer.numberOfChannels }, (_, i) =>
    buffer.getChannelData(i),
  );
  const samples = new Int16Array(buffer.length);
  for (let i = 0; i < samples.length; i += 1) {
    let sum = 0;
    for (const channel of channels) sum += channel[i];
    const sample = Math.round((sum / channels.length) * 32768);
    samples[i] = Math.max(-32768, Math.min(32767, sample));
  }
  return samples;
}
