/**
 * What is shown about a session besides its words: time, lag or speed, level, progress.
 *
 * @import {Word} from "./model.js"
 */
import { byId } from "./elements.js";
import { shortClock } from "./formats.js";
import { Lag } from "./lag.js";
import { Meter } from "./meter.js";

export class Figures {
  #clock = byId("clock", HTMLElement);
  #figure = byId("lag-figure", HTMLDivElement);
  #name = byId("lag-name", HTMLElement);
  #value = byId("lag", HTMLElement);
  #progress = byId("progress", HTMLProgressElement);
  #canvas = byId("meter", HTMLCanvasElement);
  #advice = byId("advice", HTMLParagraphElement);
  #meter = new Meter(this.#canvas);
  #lag = new Lag();
  #heardMs = 0;
  #seenMs = 0;
  /** Of a file that is heard as fast as possible; 0: of no such file. */
  #lengthMs = 0;
  #startedAt = 0;
  #isLive = false;

  /**
   * @param {{lengthMs: number, isLive: boolean}} options `lengthMs` is that of a file that is not
   *   heard in real time, else 0; `isLive` is for microphones.
   */
  begin({ lengthMs, isLive }) {
    this.#isLive = isLive;
    this.#lag = new Lag();
    this.#heardMs = 0;
    this.#seenMs = 0;
    this.#lengthMs = lengthMs;
    this.#startedAt = performance.now();
    this.#meter.clear();
    this.#figure.hidden = true;
    this.#name.textContent = lengthMs ? "Speed" : "Lag";
    this.#canvas.hidden = lengthMs > 0;
    this.#progress.hidden = lengthMs === 0;
    this.#progress.value = 0;
  }

  /** The session is over. */
  end() {
    this.#progress.hidden = true;
    this.#canvas.hidden = false;
    this.#meter.clear();
    this.#say("");
  }

  /**
   * @param {number} ms How much audio was sent.
   * @param {number} peak Of its samples, 0 to 1.
   */
  heard(ms, peak) {
    this.#heardMs += ms;
    this.#lag.heard(this.#heardMs, performance.now());
    if (this.#lengthMs) return;
    this.#meter.add(peak, ms);
    if (this.#isLive) this.#say(this.#meter.advice);
  }

  /** @param {readonly Word[]} words On the clock of the session. */
  seen(words) {
    this.#lag.seen(words, performance.now());
    this.#seenMs = Math.max(this.#seenMs, words.at(-1)?.endMs ?? 0);
    const figure = this.#lengthMs ? this.#speed() : this.#lag.median;
    if (figure === null || !this.#seenMs) return;
    this.#figure.hidden = false;
    this.#value.textContent = this.#lengthMs
      ? `${figure.toFixed(1)}×`
      : `${(figure / 1000).toFixed(1)} s`;
    if (this.#lengthMs) this.#progress.value = Math.min(1, this.#seenMs / this.#lengthMs);
  }

  /** @param {number} ms The length of what was heard, earlier sessions included. */
  showTime(ms) {
    this.#clock.textContent = shortClock(ms);
  }

  #speed() {
    return this.#seenMs / Math.max(1, performance.now() - this.#startedAt);
  }

  /** @param {string} advice Read out when it changes. */
  #say(advice) {
    if (this.#advice.textContent !== advice) this.#advice.textContent = advice;
  }
}
