/**
 * How far words are behind the voice: from a word's end in the audio to its first appearance.
 *
 * @import {Word} from "./model.js"
 */

/** The median of so many words: one late word moves it little, a slow server soon. */
const WINDOW = 15;

export class Lag {
  #heardMs = 0;
  #heardAt = 0;
  #seenMs = 0;
  /** @type {number[]} */
  #recent = [];

  /**
   * Note that audio came from the microphone.
   *
   * @param {number} throughMs Of the session, with this audio.
   * @param {number} now Milliseconds of any steady clock.
   */
  heard(throughMs, now) {
    this.#heardMs = throughMs;
    this.#heardAt = now;
  }

  /**
   * Note that words are on the screen.
   *
   * @param {readonly Word[]} words
   * @param {number} now
   */
  seen(words, now) {
    for (const { endMs } of words) {
      if (endMs <= this.#seenMs) continue;
      this.#seenMs = endMs;
      this.#recent.push(Math.max(0, this.#heardMs + (now - this.#heardAt) - endMs));
    }
    this.#recent.splice(0, this.#recent.length - WINDOW);
  }

  /** @returns {number | null} In milliseconds; `null` before the first word. */
  get median() {
    const sorted = this.#recent.toSorted((a, b) => a - b);
    return sorted.length ? sorted[sorted.length >> 1] : null;
  }
}
