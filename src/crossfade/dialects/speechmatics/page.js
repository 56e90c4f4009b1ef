/**
 * The Speechmatics real-time protocol, version 2, as the live page speaks it; and what the vendor's
 * newer protocol has in common with it.
 *
 * @import {Conversation, Dialect, Event, TokenRequest, Wishes, Word} from "../../server/web/model.js"
 */

/** A second is short for the server's default of four, and long enough for its context. */
const CHOICE = {
  label: "Words are final after",
  options: [
    { value: "1", text: "1 second" },
    { value: "0.7", text: "0.7 seconds" },
    { value: "2", text: "2 seconds" },
    { value: "4", text: "4 seconds" },
  ],
};

const TURN_SILENCE_S = 0.8;
const TOKEN_TTL_S = 3600;

/** @type {Dialect} */
export const dialect = {
  choice: CHOICE,
  tokenTtlS: TOKEN_TTL_S,
  acknowledges: true,
  tokenRequest,
  tokenFrom: (answer) => answer.key_value,
  converse,
};

/**
 * @param {string} key
 * @returns {TokenRequest}
 */
function tokenRequest(key) {
  return {
    method: "POST",
    path: "/v1/api_keys?type=rt",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify({ ttl: TOKEN_TTL_S }),
  };
}

/**
 * @param {Wishes} wishes
 * @returns {Conversation}
 */
function converse(wishes) {
  const config = {
    transcription_config: {
      language: "en",
      enable_partials: true,
      max_delay: Number(wishes.choice),
      conversation_config: { end_of_utterance_silence_trigger: TURN_SILENCE_S },
    },
  };
  return conversation("/v2", wishes, config, events);
}

/**
 * @param {string} path
 * @param {Wishes} wishes
 * @param {object} config What StartRecognition says beside the audio's format.
 * @param {(message: any) => Event[]} receive
 * @returns {Conversation}
 */
export function conversation(path, { token, sampleRateHz }, config, receive) {
  const start = {
    message: "StartRecognition",
    audio_format: { type: "raw", encoding: "pcm_s16le", sample_rate: sampleRateHz },
    ...config,
  };
  return {
    path: token === null ? path : `${path}?jwt=${encodeURIComponent(token)}`,
    opening: [JSON.stringify(start)],
    receive: (frame) => receive(JSON.parse(frame)),
    finish: (nFrames) => JSON.stringify({ message: "EndOfStream", last_seq_no: nFrames }),
  };
}

/**
 * @param {any} message
 * @returns {Event[]}
 */
function events(message) {
  switch (message.message) {
    case "AddPartialTranscript":
      return [{ type: "partial", words: words(message.results) }];
    case "AddTranscript":
      return [{ type: "final", words: words(message.results) }];
    case "EndOfUtterance":
      return [{ type: "turnEnded" }];
    default:
      return commonEvents(message);
  }
}

/**
 * @param {any} message Unknown ones are passed over.
 * @returns {Event[]}
 */
export function commonEvents(message) {
  switch (message.message) {
    case "RecognitionStarted":
      return [{ type: "started" }];
    case "AudioAdded":
      return [{ type: "accepted", nFrames: message.seq_no }];
    case "EndOfTranscript":
      return [{ type: "ended" }];
    case "Error":
      return [{ type: "failed", cause: cause(message.type), text: message.reason }];
    default:
      return [];
  }
}

/**
 * @param {string} type Of an error.
 * @returns {import("../../server/web/model.js").Cause}
 */
function cause(type) {
  if (type === "not_authorised") return "credential";
  return type === "quota_exceeded" ? "full" : "other";
}

/**
 * @param {readonly any[]} results
 * @returns {Word[]}
 */
function words(results) {
  /** @type {Word[]} */
  const found = [];
  let prefix = ""; // a mark that belongs to the word after it
  for (const item of results.flatMap((one) => one.written_form ?? one)) {
    const { content } = item.alternatives[0];
    const last = found.at(-1);
    if (item.attaches_to === "next") {
      prefix += content;
    } else if (last && (item.attaches_to === "previous" || item.attaches_to === "both")) {
      last.punctuation += content;
    } else {
      found.push(word(item, prefix + content));
      prefix = "";
    }
  }
  return found;
}

/**
 * @param {any} item
 * @param {string} content
 * @returns {Word}
 */
function word(item, content) {
  const startMs = Math.round(item.start_time * 1000);
  const [best] = item.alternatives;
  // Inside an entity the comma is not an item of its own: "May 5, 2020".
  const text = content.replace(/(?<=.),$/, "");
  return {
    text,
    startMs,
    endMs: Math.max(Math.round(item.end_time * 1000), startMs + 1),
    confidence: best.confidence,
    punctuation: content.slice(text.length),
    speaker: best.speaker ?? null,
  };
}
