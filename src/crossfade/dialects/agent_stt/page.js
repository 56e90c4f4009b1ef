/**
 * Speechmatics Agent STT as the live page speaks it.
 *
 * @import {Conversation, Dialect, Event, TokenRequest, Wishes, Word} from "../../server/web/model.js"
 */

const CHOICE = {
  label: "Words are final with their",
  options: [
    { value: "turn", text: "turn" },
    { value: "sentence", text: "sentence" },
  ],
};

const TOKEN_TTL_S = 3600;

/** The protocol tells no confidence. */
const CONFIDENCE = 1;

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
function converse({ token, sampleRateHz, choice }) {
  const start = {
    message: "StartRecognition",
    audio_format: { type: "raw", encoding: "pcm_s16le", sample_rate: sampleRateHz },
    transcription_config: {
      language: "en",
      model: "linden-1",
      enable_partials: true,
      emit_sentences: choice === "sentence",
    },
    turn_config: { turn_detection_mode: "vad" },
  };
  return {
    path: token === null ? "/v2/agent" : `/v2/agent?jwt=${encodeURIComponent(token)}`,
    opening: [JSON.stringify(start)],
    receive: (frame) => events(JSON.parse(frame)),
    finish: (nFrames) => JSON.stringify({ message: "EndOfStream", last_seq_no: nFrames }),
  };
}

/**
 * @param {any} message Unknown ones are passed over.
 * @returns {Event[]}
 */
function events(message) {
  switch (message.message) {
    case "RecognitionStarted":
      return [{ type: "started" }];
    case "AudioAdded":
      return [{ type: "accepted", nFrames: message.seq_no }];
    case "AddPartialSegment":
      return [{ type: "partial", words: words(message) }];
    case "AddSegment":
      return [
        { type: "final", words: words(message) },
        { type: "partial", words: [] },
      ];
    case "EndOfTurn":
      return [{ type: "turnEnded" }];
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
  return type === "not_authorised" ? "credential" : "other";
}

/**
 * Words of a segment, which tells only where it begins and ends: they share its time by their
 * letters.
 *
 * @param {any} message
 * @returns {Word[]}
 */
function words({ segment, metadata }) {
  /** @type {[string, string][]} */
  const parted = segment.transcript.split(" ").map(part);
  const nLetters = parted.reduce((sum, [text]) => sum + text.length, 0);
  const fromMs = Math.round(metadata.start_time * 1000);
  const lengthMs = Math.round(metadata.end_time * 1000) - fromMs;
  let nBefore = 0;
  return parted.map(([text, punctuation]) => {
    const startMs = fromMs + Math.floor((lengthMs * nBefore) / nLetters);
    nBefore += text.length;
    const endMs = fromMs + Math.floor((lengthMs * nBefore) / nLetters);
    return {
      text,
      startMs,
      endMs: Math.max(endMs, startMs + 1),
      confidence: CONFIDENCE,
      punctuation,
      speaker: segment.speaker ?? null,
    };
  });
}

/**
 * @param {string} written
 * @returns {[string, string]} A word, and the marks that follow it.
 */
function part(written) {
  const text = written.replace(/(?<=.)[.,!?;:…]+$/, "");
  return [text, written.slice(text.length)];
}
