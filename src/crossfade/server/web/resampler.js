/**
 * From any sample rate to another, as a stream: how the input is cut changes no sample.
 *
 * A sinc filter under a Kaiser window, one set of taps for each phase that the two rates have.
 */

/** Zero crossings of the sinc on either side; with the window's shape, 80 dB against aliases. */
const CROSSINGS = 24;
const KAISER_BETA = 8;
/** The filter begins to fall here, as a part of the lower rate's half, and is down at its end. */
const ROLL_OFF = 0.9;

export class Resampler {
  #phases;
  #step;
  #reach;
  /** @type {Float32Array[]} */
  #taps;
  /** Input that is still needed. The first sample has the position `#start`. */
  #kept = new Float32Array(0);
  #start;
  /** Of the next output sample: whole input samples, and phases after that. */
  #position = 0;
  #phase = 0;
  #nIn = 0;

  /**
   * @param {number} inputHz
   * @param {number} outputHz
   */
  constructor(inputHz, outputHz) {
    const common = greatestCommonDivisor(inputHz, outputHz);
    this.#phases = outputHz / common;
    this.#step = inputHz / common;
    const scale = Math.min(1, outputHz / inputHz) * (inputHz === outputHz ? 1 : ROLL_OFF);
    this.#reach = inputHz === outputHz ? 1 : Math.ceil(CROSSINGS / scale);
    this.#taps = Array.from({ length: this.#phases }, (_, phase) =>
      tapsOf(phase / this.#phases, scale, this.#reach),
    );
    this.#start = -this.#reach;
    this.#kept = new Float32Array(this.#reach); // silence before the beginning
  }

  /**
   * @param {Float32Array} samples
   * @returns {Float32Array} What is certain with them.
   */
  push(samples) {
    const joined = new Float32Array(this.#kept.length + samples.length);
    joined.set(this.#kept);
    joined.set(samples, this.#kept.length);
    this.#kept = joined;
    this.#nIn += samples.length;
    return this.#produce(this.#nIn - this.#reach);
  }

  /** @returns {Float32Array} The rest. */
  flush() {
    return this.push(new Float32Array(this.#reach));
  }

  /**
   * @param {number} end Output is made for input positions before this one.
   * @returns {Float32Array}
   */
  #produce(end) {
    const ahead = (end - this.#position) * this.#phases - this.#phase;
    const output = new Float32Array(Math.max(0, Math.ceil(ahead / this.#step)));
    for (let i = 0; i < output.length; i += 1) {
      const taps = this.#taps[this.#phase];
      const first = this.#position - this.#reach + 1 - this.#start;
      let sum = 0;
      for (let k = 0; k < taps.length; k += 1) sum += taps[k] * this.#kept[first + k];
      output[i] = sum;
      const phase = this.#phase + this.#step;
      this.#position += Math.floor(phase / this.#phases);
      this.#phase = phase % this.#phases;
    }
    this.#forget(this.#position - this.#reach);
    return output;
  }

  /** @param {number} before Input before this position is needed no more. */
  #forget(before) {
    const n = Math.min(before - this.#start, this.#kept.length);
    if (n <= 0) return;
    this.#kept = this.#kept.slice(n);
    this.#start += n;
  }
}

/**
 * @param {number} fraction How far behind an input sample the output sample lies, 0 to 1.
 * @param {number} scale Pass band as a part of the input's.
 * @param {number} reach Input samples on either side.
 * @returns {Float32Array} Length `2 * reach`, for the inputs from `1 - reach` to `reach`.
 */
function tapsOf(fraction, scale, reach) {
  if (reach === 1) return Float32Array.of(1, 0);
  const taps = new Float64Array(2 * reach);
  let sum = 0;
  for (let k = 0; k < taps.length; k += 1) {
    const distance = k + 1 - reach - fraction;
    taps[k] = sinc(distance * scale) * kaiser(distance / reach);
    sum += taps[k];
  }
  return Float32Array.from(taps, (tap) => tap / sum);
}

/** @param {number} x */
const sinc = (x) => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));

/** @param {number} x -1 to 1 */
const kaiser = (x) => besselI0(KAISER_BETA * Math.sqrt(Math.max(0, 1 - x * x)));

/** @param {number} x The zeroth modified Bessel function, by its series. */
function besselI0(x) {
  let sum = 1;
  let term = 1;
  for (let n = 1; term > sum * 1e-12; n += 1) {
    term *= (x / (2 * n)) ** 2;
    sum += term;
  }
  return sum;
}

/**
 * @param {number} a
 * @param {number} b
 * @returns {number}
 */
const greatestCommonDivisor = (a, b) => (b === 0 ? a : greatestCommonDivisor(b, a % b));
