/**
 * AssemblyAI Streaming, version 3, as the live page speaks it.
 *
 * @import {Conversation, Dialect, Event, TokenRequest, Wishes, Word} from "../../server/web/model.js"
 */

const CHOICE = {
  label: "Model",
  options: [
    { value: "universal-3-6-pro", text: "Universal-3.6 Pro" },
    { value: "universal-streaming-english", text: "Universal-Streaming English" },
  ],
};

/** The longest that the endpoint gives. A session that is open outlives its token. */
const TOKEN_TTL_S = 600;

const MARKS = /[.,;:!?…—]+$/;

/** @type {Dialect} */
export const dialect = {
  choice: CHOICE,
  tokenTtlS: TOKEN_TTL_S,
  acknowledges: false,
  tokenRequest,
  tokenFrom: (answer) => answer.token,
  converse,
};

/**
 * @param {string} key
 * @returns {TokenRequest}
 */
function tokenRequest(key) {
  return {
    method: "GET",
    path: `/v3/token?expires_in_seconds=${TOKEN_TTL_S}`,
    headers: { authorization: key },
  };
}

/**
 * @param {Wishes} wishes
 * @returns {Conversation}
 */
function converse({ token, sampleRateHz, choice }) {
  const isIncremental = choice === "universal-streaming-english";
  const query = new URLSearchParams({
    speech_model: choice,
    sample_rate: String(sampleRateHz),
    encoding: "pcm_s16le",
    // One family has to be asked for text with marks, the other for its first partial at once.
    ...(isIncremental ? { format_turns: "true" } : { interruption_delay: "0" }),
  });
  if (token !== null) query.set("token", token);
  const turns = new Turns(isIncremental);
  return {
    path: `/v3/ws?${query}`,
    opening: [],
    receive: (frame) => turns.receive(JSON.parse(frame)),
    finish: () => JSON.stringify({ type: "Terminate" }),
  };
}

/** Takes each turn whole: its words are final with its end, and with its formatted end if one comes. */
class Turns {
  #isFormatted;
  /** @type {any} The raw end of a turn, whose formatted twin is awaited. */
  #rawEnd = null;

  /** @param {boolean} isFormatted Formatted ends were asked for. */
  constructor(isFormatted) {
    this.#isFormatted = isFormatted;
  }

  /**
   * @param {any} message Unknown ones are passed over.
   * @returns {Event[]}
   */
  receive(message) {
    switch (message.type) {
      case "Begin":
        return [{ type: "started" }];
      case "Turn":
        return this.#hear(message);
      case "Termination":
        return [...this.#settle(), { type: "ended" }];
      case "Error":
        return [{ type: "failed", cause: cause(message.error_code), text: message.error }];
      default:
        return [];
    }
  }

  /**
   * @param {any} turn
   * @returns {Event[]}
   */
  #hear(turn) {
    const isTwin = turn.end_of_turn && turn.turn_order === this.#rawEnd?.turn_order;
    if (isTwin) this.#rawEnd = null;
    const before = this.#settle();
    const words = turn.words.map(word);
    if (!turn.end_of_turn) return [...before, { type: "partial", words }];
    if (this.#isFormatted && !turn.turn_is_formatted) {
      this.#rawEnd = turn;
      return [...before, { type: "partial", words }];
    }
    return [...before, ...ending(words)];
  }

  /** @returns {Event[]} The end of a turn whose formatted twin did not come. */
  #settle() {
    const raw = this.#rawEnd;
    this.#rawEnd = null;
    return raw === null ? [] : ending(raw.words.map(word));
  }
}

/**
 * @param {Word[]} words
 * @returns {Event[]}
 */
function ending(words) {
  return [{ type: "final", words }, { type: "partial", words: [] }, { type: "turnEnded" }];
}

/**
 * @param {any} wire
 * @returns {Word}
 */
function word(wire) {
  const text = wire.text.replace(MARKS, "") || wire.text;
  return {
    text,
    startMs: wire.start,
    endMs: Math.max(wire.end, wire.start + 1),
    confidence: wire.confidence,
    punctuation: wire.text.slice(text.length),
    speaker: wire.speaker ?? null,
  };
}

/**
 * @param {number} code Of an error.
 * @returns {import("../../server/web/model.js").Cause}
 */
function cause(code) {
  if (code === 1008) return "credential";
  return code === 3009 ? "full" : "other";
}
