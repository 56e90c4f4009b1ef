/**
 * The transcript on the screen: a list item for each turn, words that can be heard again.
 *
 * Screen readers are told of final words only, through a live region of their own: what is partial
 * would be read again and again.
 *
 * @import {Word} from "./model.js"
 */
import { written } from "./captions.js";
import { shortClock } from "./formats.js";

/** Closer to the end than this, the reader is taken along with new words. */
const FOLLOW_PX = 120;

export class TranscriptView {
  /** @type {Word[]} All final words, on the clock of the tape. */
  words = [];
  /** @type {(startMs: number, endMs: number, onEnd: () => void) => void} */
  onPlay = () => {};

  #list;
  #live;
  /** @type {Turn | null} */
  #turn = null;
  /** @type {Map<Element, Word>} */
  #byElement = new Map();
  /** @type {HTMLElement | null} The word that the arrow keys have come to. */
  #cursor = null;

  /**
   * @param {HTMLElement} list
   * @param {HTMLElement} live Read out when it changes.
   */
  constructor(list, live) {
    this.#list = list;
    this.#live = live;
    list.addEventListener("click", ({ target }) => {
      const element = /** @type {HTMLElement} */ (target);
      if (this.#byElement.has(element)) this.#point(element, { andPlay: true });
    });
    list.addEventListener("keydown", (event) => this.#key(event));
  }

  clear() {
    this.words = [];
    this.#turn = null;
    this.#cursor = null;
    this.#byElement.clear();
    this.#list.replaceChildren();
    this.#live.replaceChildren();
  }

  /** @param {readonly Word[]} words What may still change. */
  partial(words) {
    if (words.length || this.#turn) this.#following(() => this.#open(words).partial(words));
  }

  /** @param {readonly Word[]} words */
  final(words) {
    if (!words.length) return;
    this.words.push(...words);
    this.#following(() => {
      for (const [i, element] of this.#open(words).final(words).entries()) {
        this.#byElement.set(element, words[i]);
      }
    });
    this.#announce(written(words));
  }

  endTurn() {
    this.#turn?.partial([]);
    if (this.#turn?.isEmpty) this.#turn.item.remove();
    this.#turn = null;
  }

  /**
   * @param {readonly Word[]} words The first ones of the turn, if there is none yet.
   * @returns {Turn}
   */
  #open(words) {
    if (this.#turn === null) {
      this.#turn = new Turn(words[0].startMs, (turn) => this.#playTurn(turn));
      this.#list.append(this.#turn.item);
    }
    return this.#turn;
  }

  /** @param {() => void} change Something that may make the page longer. */
  #following(change) {
    const page = document.documentElement;
    const isAtEnd = page.scrollHeight - page.scrollTop - page.clientHeight < FOLLOW_PX;
    change();
    if (isAtEnd) page.scrollTop = page.scrollHeight;
  }

  /** @param {string} text */
  #announce(text) {
    const line = document.createElement("p");
    line.textContent = text;
    this.#live.append(line);
    // A few are kept: those that come while the reader still speaks are read after it.
    if (this.#live.childElementCount > 8) this.#live.firstElementChild?.remove();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.target !== this.#list) return; // the buttons in it have keys of their own
    const elements = [...this.#byElement.keys()];
    const at = this.#cursor === null ? -1 : elements.indexOf(this.#cursor);
    /** @type {Record<string, number>} */
    const targets = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: elements.length - 1 };
    const target = elements[targets[event.key]];
    if (target instanceof HTMLElement) this.#point(target, { andPlay: false });
    else if (event.key === "Enter" && this.#cursor) this.#point(this.#cursor, { andPlay: true });
    else return;
    event.preventDefault();
  }

  /**
   * @param {HTMLElement} element
   * @param {{andPlay: boolean}} options
   */
  #point(element, { andPlay }) {
    this.#cursor?.classList.remove("cursor");
    this.#cursor = element;
    element.classList.add("cursor");
    element.scrollIntoView({ block: "nearest" });
    const word = this.#byElement.get(element);
    if (word === undefined) return;
    if (!andPlay) {
      this.#announce(word.text);
      return;
    }
    element.classList.add("playing");
    this.onPlay(word.startMs, word.endMs, () => element.classList.remove("playing"));
  }

  /** @param {Turn} turn */
  #playTurn(turn) {
    const words = turn.elements.map((element) => this.#byElement.get(element));
    const [first, last] = [words.at(0), words.at(-1)];
    if (!first || !last) return;
    turn.item.classList.add("playing");
    this.onPlay(first.startMs, last.endMs, () => turn.item.classList.remove("playing"));
  }
}

/** One turn's element: when it began, which is a button, and its words. */
class Turn {
  /** @type {HTMLElement[]} Of its final words. */
  elements = [];

  /** @type {readonly Word[]} */
  #open = [];
  #finals = document.createElement("span");
  #partials = document.createElement("span");

  /**
   * @param {number} startMs
   * @param {(turn: Turn) => void} onPlay
   */
  constructor(startMs, onPlay) {
    this.item = document.createElement("li");
    const time = document.createElement("button");
    time.type = "button";
    time.className = "time";
    time.textContent = shortClock(startMs);
    time.ariaLabel = `Play from ${shortClock(startMs)}`;
    time.onclick = () => onPlay(this);
    this.#partials.className = "partial";
    const text = document.createElement("p");
    text.append(this.#finals, this.#partials);
    this.item.append(time, text);
  }

  get isEmpty() {
    return !this.elements.length;
  }

  /**
   * @param {readonly Word[]} words
   * @returns {HTMLElement[]}
   */
  final(words) {
    // The next partial comes a moment later: until then no word stands there twice.
    const throughMs = words[words.length - 1].endMs;
    this.partial(this.#open.filter(({ startMs }) => startMs >= throughMs));
    const elements = words.map(wordElement);
    for (const element of elements) this.#finals.append(element, " ");
    this.elements.push(...elements);
    return elements;
  }

  /** @param {readonly Word[]} words */
  partial(words) {
    this.#open = words;
    const texts = words.map((word) => written([word]));
    // Words that stay as they were keep their elements: only what is new fades in.
    const old = [...this.#partials.children];
    const same = texts.findIndex((text, i) => old[i]?.textContent !== text);
    const kept = same === -1 ? texts.length : same;
    while (this.#partials.childNodes.length > 2 * kept) this.#partials.lastChild?.remove();
    for (const word of words.slice(kept)) this.#partials.append(wordElement(word), " ");
  }
}

/**
 * @param {Word} word
 * @returns {HTMLElement}
 */
function wordElement(word) {
  const element = document.createElement("span");
  element.className = "word";
  element.textContent = written([word]);
  return element;
}
