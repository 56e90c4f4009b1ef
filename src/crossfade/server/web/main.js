/**
 * The live page: microphone or file → one session in one of the server's dialects → captions.
 *
 *     Microphone ─┐                             ┌─▶ TranscriptView, Figures
 *                 ├─ frames ─▶ Session ─ events ┤
 *     Recording ──┘   └▶ Tape                   └─▶ WireView
 *
 * @import {Event, Listed} from "./model.js"
 */
import { byId } from "./elements.js";
import { Figures } from "./figures.js";
import { Form } from "./form.js";
import { FORMATS } from "./formats.js";
import { Microphone } from "./microphone.js";
import { Problem, asProblem, noKey, serverGone } from "./problems.js";
import { RATE_HZ, Recording } from "./recording.js";
import { Session } from "./session.js";
import { Tape } from "./tape.js";
import { Tokens } from "./tokens.js";
import { TranscriptView } from "./transcript.js";
import { WireView } from "./wire.js";

/** @typedef {"idle" | "opening" | "listening" | "finishing"} State */

/** @type {Record<State, {button: string, status: string}>} */
const SAID = {
  idle: { button: "Start", status: "Ready" },
  opening: { button: "Stop", status: "Connecting" },
  listening: { button: "Stop", status: "Listening" },
  finishing: { button: "Finishing", status: "Waiting for the last words" },
};

const MICROPHONE = "microphone";

class Page {
  #areKeysWanted;
  #form;
  #tokens = new Tokens();
  #tape = new Tape();
  #figures = new Figures();
  #wire = new WireView(byId("messages", HTMLOListElement), byId("counts", HTMLElement));
  #view = new TranscriptView(byId("turns", HTMLOListElement), byId("live", HTMLDivElement));
  /** @type {State} */
  #state = "idle";
  #stop = new AbortController();
  /** Of what is on the tape. */
  #name = MICROPHONE;
  #isSaved = true;

  /**
   * @param {readonly Listed[]} dialects
   * @param {boolean} areKeysWanted
   */
  constructor(dialects, areKeysWanted) {
    this.#areKeysWanted = areKeysWanted;
    this.#tokens.takeFromAddress();
    this.#form = new Form(dialects);
    this.#form.onDialect = () => this.#showKey();
    this.#view.onPlay = (startMs, endMs, onEnd) => this.#tape.play(startMs, endMs, onEnd);
    byId("deck", HTMLFormElement).onsubmit = (event) => {
      event.preventDefault();
      void this.#press();
    };
    for (const button of byId("save", HTMLDivElement).querySelectorAll("button")) {
      const { format } = button.dataset;
      button.onclick = () => (format ? this.#download(format) : this.#clearIfAgreed());
    }
    addEventListener("beforeunload", (event) => {
      if (this.#state !== "idle" || !this.#isSaved) event.preventDefault();
    });
    onDrop((file) => this.#takeDrop(file), () => this.#state === "idle");
    this.#become("idle");
  }

  async #press() {
    if (this.#state !== "idle") this.#stop.abort();
    else if (this.#form.isLive || this.#form.file) await this.#run();
    else this.#form.askForFile();
  }

  /** @param {File} file */
  #takeDrop(file) {
    this.#form.take(file);
    void this.#run();
  }

  /** One session, from Start to the last word. */
  async #run() {
    showProblem(null);
    this.#stop = new AbortController();
    this.#become("opening");
    let status = "Stopped";
    /** @type {Problem | null} */
    let problem = null;
    try {
      const token = await this.#token();
      const source = await this.#source();
      if (source) await this.#converse(source, token);
      const n = this.#view.words.length;
      status = source ? `Done: ${n} ${n === 1 ? "word" : "words"}` : SAID.idle.status;
    } catch (error) {
      problem = asProblem(error);
      if (problem.wantsKey) this.#tokens.forget(this.#form.dialect.name);
    }
    this.#view.endTurn();
    this.#figures.end();
    this.#become("idle", status);
    showProblem(problem);
    if (problem?.wantsKey) this.#form.focusKey();
  }

  /** @returns {Promise<string | null>} For the chosen dialect; `null` where nobody asks for one. */
  async #token() {
    if (!this.#areKeysWanted) return null;
    const key = this.#form.takeKey();
    if (key) await this.#tokens.exchange(key, this.#form.dialects);
    const token = this.#tokens.for(this.#form.dialect.name);
    if (token === null) throw noKey();
    return token;
  }

  /** @returns {Promise<Microphone | Recording | null>} `null`: the user thought better of it. */
  async #source() {
    const { isLive, file, isAloud, deviceId } = this.#form;
    // A microphone goes on where it was stopped; a file's times begin at zero.
    const isContinued = isLive && this.#name === MICROPHONE;
    if (!isContinued && !this.#clearIfAgreed()) return null;
    if (isLive || file === null) {
      const microphone = await Microphone.open(deviceId);
      void this.#form.listDevices(); // their names can be read now
      this.#name = MICROPHONE;
      return microphone;
    }
    const recording = await Recording.open(file, { inRealTime: isAloud });
    this.#name = file.name;
    return recording;
  }

  /**
   * @param {Microphone | Recording} source
   * @param {string | null} token
   */
  async #converse(source, token) {
    const isFile = source instanceof Recording;
    const isFast = isFile && !source.inRealTime;
    this.#figures.begin({ lengthMs: isFast ? source.lengthMs : 0, isLive: !isFile });
    const session = this.#connect(token, this.#tape.lengthMs);
    let heardMs = this.#tape.lengthMs;
    if (isFile) this.#tape.add(source.samples);
    const sink = {
      take: (/** @type {ArrayBuffer} */ pcm, /** @type {number} */ peak) => {
        if (!isFile) this.#tape.add(new Int16Array(pcm));
        const ms = (pcm.byteLength / 2 / RATE_HZ) * 1000;
        heardMs += ms;
        this.#figures.heard(ms, peak);
        this.#figures.showTime(heardMs);
        session.send(pcm);
      },
      room: () => session.room(),
    };
    try {
      // A microphone is heard while the connection is still made; a file can wait.
      const early = isFile ? null : source.play(sink, this.#stop.signal);
      await session.started;
      this.#become("listening");
      if (isFile && source.inRealTime) this.#tape.play(0, source.lengthMs);
      const over = early ?? source.play(sink, this.#stop.signal);
      const problem = await Promise.race([over, session.ended]);
      this.#become("finishing");
      await session.finish();
      await session.ended;
      if (problem) throw problem;
    } finally {
      this.#stop.abort();
      this.#tape.stop();
      source.close();
      session.abandon();
    }
  }

  /**
   * @param {string | null} token
   * @param {number} offsetMs Where the session begins on the tape.
   * @returns {Session}
   */
  #connect(token, offsetMs) {
    const { dialect } = this.#form.dialect;
    const conversation = dialect.converse({
      token,
      sampleRateHz: RATE_HZ,
      choice: this.#form.choice,
    });
    this.#wire.clear();
    return new Session(
      conversation,
      {
        onEvent: (event) => this.#show(event, offsetMs),
        onWire: (direction, data) => this.#wire.add(direction, data),
      },
      { acknowledges: dialect.acknowledges, secret: token },
    );
  }

  /**
   * @param {Event} event
   * @param {number} offsetMs
   */
  #show(event, offsetMs) {
    if (event.type === "turnEnded") this.#view.endTurn();
    if (event.type !== "partial" && event.type !== "final") return;
    this.#figures.seen(event.words);
    const words = event.words.map((word) => ({
      ...word,
      startMs: word.startMs + offsetMs,
      endMs: word.endMs + offsetMs,
    }));
    if (event.type === "partial") this.#view.partial(words);
    else this.#view.final(words);
    if (words.length) byId("empty", HTMLDivElement).hidden = true;
    if (event.type === "final" && words.length) {
      // A file can be heard again; what somebody said cannot.
      this.#isSaved = this.#name !== MICROPHONE;
      byId("save", HTMLDivElement).hidden = false;
    }
  }

  /**
   * @param {State} state
   * @param {string} [status] In place of the usual words.
   */
  #become(state, status = SAID[state].status) {
    this.#state = state;
    const line = byId("status", HTMLParagraphElement);
    line.textContent = status;
    line.dataset.state = state;
    const button = byId("start", HTMLButtonElement);
    button.textContent = SAID[state].button;
    byId("deck", HTMLFormElement).dataset.state = state;
    button.ariaDisabled = String(state === "finishing"); // it keeps the focus
    this.#form.fix(state !== "idle");
    this.#showKey();
  }

  #showKey() {
    const isWanted = this.#areKeysWanted && !this.#tokens.for(this.#form.dialect.name);
    this.#form.showKey(isWanted);
  }

  /** @param {string} format */
  #download(format) {
    const { type, render } = FORMATS[format];
    const { words } = this.#view;
    const text = render({ name: this.#name, audioMs: Math.round(this.#tape.lengthMs), words });
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type }));
    link.download = `${this.#name.replace(/\.[^.]*$/, "")}.${format}`;
    link.click();
    // The download has begun by then, whatever the browser.
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
    this.#isSaved = true;
  }

  /** @returns {boolean} The page is empty now. */
  #clearIfAgreed() {
    if (!this.#isSaved && !confirm("These words were not downloaded. Clear them?")) return false;
    this.#tape.clear();
    this.#view.clear();
    this.#wire.clear();
    this.#figures.showTime(0);
    this.#isSaved = true;
    byId("save", HTMLDivElement).hidden = true;
    byId("empty", HTMLDivElement).hidden = false;
    return true;
  }
}

/** @param {Problem | null} problem */
function showProblem(problem) {
  const box = byId("problem", HTMLDivElement);
  const [title, advice] = [box.querySelector("strong"), box.querySelector("span")];
  if (title) title.textContent = problem?.title ?? "";
  if (advice) advice.textContent = problem?.advice ?? "";
  box.hidden = problem === null;
}

/**
 * @param {(file: File) => void} take
 * @param {() => boolean} isWelcome
 */
function onDrop(take, isWelcome) {
  const veil = byId("drop", HTMLDivElement);
  addEventListener("dragover", (event) => {
    event.preventDefault();
    veil.hidden = !isWelcome();
  });
  addEventListener("dragleave", (event) => {
    if (event.relatedTarget === null) veil.hidden = true;
  });
  addEventListener("drop", (event) => {
    event.preventDefault();
    veil.hidden = true;
    const file = event.dataTransfer?.files[0];
    if (file && isWelcome()) take(file);
  });
}

function setUpWirePanel() {
  const toggle = byId("wire-toggle", HTMLButtonElement);
  const panel = byId("wire", HTMLElement);
  const show = (/** @type {boolean} */ isShown) => {
    panel.hidden = !isShown;
    toggle.ariaExpanded = String(isShown);
  };
  toggle.onclick = () => show(panel.hidden);
  show(matchMedia("(min-width: 70rem)").matches);
}

async function main() {
  setUpWirePanel();
  try {
    const answer = await fetch(new URL("config.json", import.meta.url), { cache: "no-store" });
    const { dialects, keys_wanted: areKeysWanted } = await answer.json();
    const listed = dialects.map(async (/** @type {Record<string, string>} */ entry) => {
      const { dialect } = await import(`./${entry.module}`);
      return { name: entry.name, title: entry.title, dialect };
    });
    new Page(await Promise.all(listed), areKeysWanted);
  } catch (error) {
    showProblem(error instanceof TypeError ? serverGone() : asProblem(error));
  }
}

await main();
