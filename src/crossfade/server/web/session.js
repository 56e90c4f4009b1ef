/**
 * One session over a WebSocket: moves frames, keeps time, and knows no vendor's words.
 *
 * @import {Conversation, Event, Failed} from "./model.js"
 */
import {
  connectionBroke,
  connectionSlow,
  noAnswer,
  refused,
  serverFull,
  serverGone,
  serverSaid,
  tokenRefused,
} from "./problems.js";

const START_WITHIN_MS = 10_000;
/** After the end of the audio; the server itself takes no more than 4 s for its last words. */
const END_WITHIN_MS = 15_000;

/** Audio on its way, in the browser and unacknowledged, beyond which a file waits: 10 s. */
const AHEAD_BYTES = 320_000;
/** ... and beyond which a microphone gives up, for it cannot wait: 60 s. */
const STUCK_BYTES = 1_920_000;

/**
 * @typedef {object} Listener
 * @property {(event: Event) => void} onEvent
 * @property {(kind: WireKind, data: string | number) => void} onWire A text frame, or how many
 *   bytes an audio frame has.
 *
 * @typedef {"sent" | "heard" | "acknowledged" | "note"} WireKind
 */

export class Session {
  #conversation;
  #listener;
  #acknowledges;
  #socket;
  #nSent = 0;
  #nSentBytes = 0;
  #acceptedBytes = 0;
  /** @type {number[]} Length of each frame that was not yet acknowledged. */
  #unaccepted = [];
  #nAccepted = 0;
  #isStarted = false;
  #isFinishing = false;
  #isOver = false;
  /** @type {ArrayBuffer[]} Audio from before the server was ready. */
  #early = [];
  /** @type {(() => void)[]} Those who wait for room. */
  #waiting = [];
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #deadline;
  /** @type {Deferred} */
  #started = new Deferred();
  /** @type {Deferred} */
  #ended = new Deferred();

  /**
   * Connect.
   *
   * @param {Conversation} conversation
   * @param {Listener} listener
   * @param {{acknowledges: boolean, secret: string | null}} more `secret` is kept from the listener.
   */
  constructor(conversation, listener, { acknowledges, secret }) {
    this.#conversation = conversation;
    this.#listener = listener;
    this.#acknowledges = acknowledges;
    const url = new URL(conversation.path.slice(1), document.baseURI);
    url.protocol = url.protocol.replace("http", "ws");
    listener.onWire("note", `GET ${secret ? url.href.replaceAll(secret, "…") : url.href}`);
    this.#socket = new WebSocket(url);
    this.#socket.onopen = () => conversation.opening.forEach((frame) => this.#say(frame));
    this.#socket.onmessage = ({ data }) => this.#hear(data);
    this.#socket.onclose = (closed) => void this.#closed(closed);
    this.#within(START_WITHIN_MS);
  }

  /** Settles when audio is being heard, or with the `Problem` why it never will. */
  get started() {
    return this.#started.promise;
  }

  /** Settles after the last word, or with the `Problem` that came before it. */
  get ended() {
    return this.#ended.promise;
  }

  /**
   * Send an audio frame, or keep it until the server is ready. After `finish` it is ignored.
   *
   * @param {ArrayBuffer} frame
   */
  send(frame) {
    if (this.#isOver || this.#isFinishing) return;
    if (!this.#isStarted) {
      this.#early.push(frame);
      return;
    }
    if (this.#socket.bufferedAmount > STUCK_BYTES) {
      this.#fail(connectionSlow());
      return;
    }
    this.#socket.send(frame);
    this.#nSent += 1;
    this.#nSentBytes += frame.byteLength;
    if (this.#acknowledges) this.#unaccepted.push(frame.byteLength);
    this.#listener.onWire("sent", frame.byteLength);
  }

  /** Wait until there is room for more audio. */
  async room() {
    await this.started;
    while (!this.#isOver && this.#aheadBytes() > AHEAD_BYTES) {
      await new Promise((resolve) => {
        this.#waiting.push(() => resolve(undefined));
        // The browser does not tell when it has sent what it holds.
        setTimeout(resolve, 50);
      });
    }
  }

  /** Say that there is no more audio; `ended` then settles after the last words. */
  async finish() {
    await this.started;
    if (this.#isOver || this.#isFinishing) return;
    this.#isFinishing = true;
    this.#say(this.#conversation.finish(this.#nSent));
    this.#within(END_WITHIN_MS);
  }

  /** Leave at once, without the last words. */
  abandon() {
    this.#over();
    this.#started.resolve();
    this.#ended.resolve();
  }

  #aheadBytes() {
    const unaccepted = this.#acknowledges ? this.#nSentBytes - this.#acceptedBytes : 0;
    return Math.max(this.#socket.bufferedAmount, unaccepted);
  }

  /** @param {string} frame */
  #say(frame) {
    this.#socket.send(frame);
    this.#listener.onWire("sent", frame);
  }

  /** @param {unknown} frame */
  #hear(frame) {
    if (typeof frame !== "string" || this.#isOver) return;
    if (this.#isFinishing) this.#within(END_WITHIN_MS);
    const events = this.#conversation.receive(frame);
    const isAcknowledgement = events.some(({ type }) => type === "accepted");
    this.#listener.onWire(isAcknowledgement ? "acknowledged" : "heard", frame);
    for (const event of events) this.#take(event);
  }

  /** @param {Event} event */
  #take(event) {
    if (event.type === "started") {
      this.#isStarted = true;
      clearTimeout(this.#deadline);
      for (const frame of this.#early.splice(0)) this.send(frame);
      this.#started.resolve();
    } else if (event.type === "accepted") {
      this.#accept(event.nFrames);
    } else if (event.type === "failed") {
      this.#fail(problemOf(event));
      return;
    }
    this.#listener.onEvent(event);
    if (event.type === "ended") {
      this.#over();
      this.#ended.resolve();
    }
  }

  /** @param {number} nFrames */
  #accept(nFrames) {
    const taken = this.#unaccepted.splice(0, nFrames - this.#nAccepted);
    this.#acceptedBytes += taken.reduce((sum, bytes) => sum + bytes, 0);
    this.#nAccepted = nFrames;
    for (const wake of this.#waiting.splice(0)) wake();
  }

  /** @param {CloseEvent} closed */
  async #closed({ code, reason }) {
    this.#listener.onWire("note", `closed with ${code} ${reason}`.trim());
    if (this.#isOver) return;
    if (this.#isStarted || code !== 1006) this.#fail(connectionBroke());
    else this.#fail(await whyRefused());
  }

  /** @param {Error} problem */
  #fail(problem) {
    this.#over();
    this.#started.reject(problem);
    this.#ended.reject(problem);
  }

  #over() {
    this.#isOver = true;
    clearTimeout(this.#deadline);
    // The server closes after its last message; where it failed or we leave early, we do.
    if (!this.#isFinishing) this.#socket.close();
    for (const wake of this.#waiting.splice(0)) wake();
  }

  /** @param {number} ms */
  #within(ms) {
    clearTimeout(this.#deadline);
    this.#deadline = setTimeout(() => {
      this.#fail(noAnswer());
      this.#socket.close();
    }, ms);
  }
}

/** A promise that others settle. Nobody need look at it. */
class Deferred {
  constructor() {
    /** @type {() => void} */
    this.resolve = () => {};
    /** @type {(reason: Error) => void} */
    this.reject = () => {};
    /** @type {Promise<void>} */
    this.promise = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    this.promise.catch(() => {});
  }
}

/** @param {Failed} failed */
function problemOf({ cause, text }) {
  if (cause === "credential") return tokenRefused();
  return cause === "full" ? serverFull() : serverSaid(text);
}

/** A browser does not say why a handshake failed: ask who is there, and whether there is room. */
async function whyRefused() {
  if (!(await isWell("healthz"))) return serverGone();
  return (await isWell("readyz")) ? refused() : serverFull();
}

/** @param {string} path */
async function isWell(path) {
  try {
    return (await fetch(new URL(path, document.baseURI), { cache: "no-store" })).ok;
  } catch {
    return false;
  }
}
