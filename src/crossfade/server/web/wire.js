/**
 * The messages of a session as they are on the wire, newest below. Audio frames and what answers each
 * of them are only counted.
 *
 * @import {WireKind} from "./session.js"
 */

/** More would make the page slow; the newest are kept. */
const MOST_LINES = 400;

/** Closer to the end than this, the reader is taken along with new messages. */
const FOLLOW_PX = 40;

/** Two lines of the panel. */
const GIST_LENGTH = 70;

export class WireView {
  #list;
  #counts;
  #nFrames = 0;
  #nBytes = 0;
  #nAcknowledged = 0;

  /**
   * @param {HTMLElement} list
   * @param {HTMLElement} counts
   */
  constructor(list, counts) {
    this.#list = list;
    this.#counts = counts;
  }

  clear() {
    this.#list.replaceChildren();
    this.#nFrames = 0;
    this.#nBytes = 0;
    this.#nAcknowledged = 0;
    this.#counts.textContent = "";
  }

  /**
   * @param {WireKind} kind
   * @param {string | number} data A text frame, or how many bytes an audio frame has.
   */
  add(kind, data) {
    if (typeof data === "number") {
      this.#nFrames += 1;
      this.#nBytes += data;
      this.#showCounts();
    } else if (kind === "acknowledged") {
      this.#nAcknowledged += 1;
      this.#showCounts();
    } else {
      this.#append(kind, kind === "note" ? data : details(JSON.parse(data)));
    }
  }

  #showCounts() {
    const acknowledged = this.#nAcknowledged ? `, ← ${this.#nAcknowledged} acknowledged` : "";
    const kilobytes = Math.round(this.#nBytes / 1000);
    this.#counts.textContent = `→ ${this.#nFrames} audio frames, ${kilobytes} kB${acknowledged}`;
  }

  /**
   * @param {WireKind} kind
   * @param {string | HTMLElement} content
   */
  #append(kind, content) {
    const line = document.createElement("li");
    line.className = kind;
    line.append(content);
    const list = this.#list;
    const isAtEnd = list.scrollHeight - list.scrollTop - list.clientHeight < FOLLOW_PX;
    list.append(line);
    if (list.childElementCount > MOST_LINES) list.firstElementChild?.remove();
    if (isAtEnd) list.scrollTop = list.scrollHeight;
  }
}

/**
 * @param {any} message
 * @returns {HTMLElement} What it says in one line; whole when it is opened.
 */
function details(message) {
  const name = document.createElement("b");
  // Every protocol of this kind says in one of these two what a message is.
  name.textContent = message.message ?? message.type;
  const line = document.createElement("summary");
  line.append(name, ` ${gist(message)}`);
  const whole = document.createElement("pre");
  const element = document.createElement("details");
  element.append(line, whole);
  // Only for those who look.
  element.ontoggle = () => {
    if (element.open) whole.textContent = JSON.stringify(message, null, 2);
  };
  return element;
}

/** @param {any} message */
function gist({ metadata, transcript, reason, error }) {
  const text = metadata?.transcript ?? transcript ?? reason ?? error ?? "";
  // What is new stands at the end.
  return text.length > GIST_LENGTH ? `…${text.slice(-GIST_LENGTH)}` : text;
}
