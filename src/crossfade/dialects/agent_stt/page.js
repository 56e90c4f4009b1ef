/**
 * Speechmatics Agent STT as the live page speaks it.
 *
 * @import {Conversation, Dialect, Event, Wishes, Word} from "../../server/web/model.js"
 */
import { commonEvents, conversation, dialect as older } from "../speechmatics/page.js";

const CHOICE = {
  label: "Words are final with their",
  options: [
    { value: "turn", text: "turn" },
    { value: "sentence", text: "sentence" },
  ],
};

/** The protocol tells no confidence. */
const CONFIDENCE = 1;

/** @type {Dialect} */
export const dialect = { ...older, choice: CHOICE, converse };

/**
 * @param {Wishes} wishes
 * @returns {Conversation}
 */
function converse(wishes) {
  const config = {
    transcription_config: {
      language: "en",
      model: "linden-1",
      enable_partials: true,
      emit_sentences: wishes.choice === "sentence",
    },
    turn_config: { turn_detection_mode: "vad" },
  };
  return conversation("/v2/agent", wishes, config, events);
}

/**
 * @param {any} message
 * @returns {Event[]}
 */
function events(message) {
  switch (message.message) {
    case "AddPartialSegment":
      return [{ type: "partial", words: words(message) }];
    case "AddSegment":
      return [
        { type: "final", words: words(message) },
        { type: "partial", words: [] },
      ];
    case "EndOfTurn":
      return [{ type: "turnEnded" }];
    default:
      return commonEvents(message);
  }
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
