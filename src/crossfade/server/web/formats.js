/**
 * A transcript in the formats that people ask for, as `crossfade transcribe` writes them.
 *
 * @import {Word} from "./model.js"
 *
 * @typedef {{name: string, audioMs: number, words: readonly Word[]}} Transcript
 */
import { captions, written } from "./captions.js";

/** A silence this long begins a new line of text. */
const PARAGRAPH_MS = 2000;

/** @type {Record<string, {type: string, render: (transcript: Transcript) => string}>} By suffix. */
export const FORMATS = {
  txt: { type: "text/plain", render: text },
  srt: { type: "application/x-subrip", render: srt },
  vtt: { type: "text/vtt", render: vtt },
  json: { type: "application/json", render: json },
};

/** @param {Transcript} transcript */
function text({ words }) {
  const pieces = words.map((word, i) => {
    const last = words[i - 1];
    if (!last) return written([word]);
    const isNewLine =
      word.startMs - last.endMs >= PARAGRAPH_MS || word.speaker !== last.speaker;
    return (isNewLine ? "\n" : " ") + written([word]);
  });
  return `${pieces.join("")}\n`;
}

/** @param {Transcript} transcript */
function srt({ words }) {
  return captions(words)
    .map(({ startMs, endMs, lines }, i) =>
      [i + 1, `${clock(startMs, ",")} --> ${clock(endMs, ",")}`, ...lines, ""].join("\n"),
    )
    .join("\n");
}

/** @param {Transcript} transcript */
function vtt({ words }) {
  const cues = captions(words).map(({ startMs, endMs, lines }) => {
    const escaped = lines.map((line) =>
      line.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;"),
    );
    return ["", `${clock(startMs, ".")} --> ${clock(endMs, ".")}`, ...escaped, ""].join("\n");
  });
  return `WEBVTT\n${cues.join("")}`;
}

/** @param {Transcript} transcript */
function json({ name, audioMs, words }) {
  const fields = words.map((word) => ({
    text: word.text,
    start_ms: word.startMs,
    end_ms: word.endMs,
    confidence: word.confidence,
    ...(word.punctuation && { punctuation: word.punctuation }),
    ...(word.speaker && { speaker: word.speaker }),
  }));
  const transcript = { file: name, words: fields, audio_ms: audioMs, text: written(words) };
  return `${JSON.stringify(transcript)}\n`;
}

/**
 * @param {number} ms
 * @param {string} mark Before the milliseconds.
 */
function clock(ms, mark) {
  const [hours, minutes, seconds] = [ms / 3_600_000, (ms / 60_000) % 60, (ms / 1000) % 60].map(
    (n) => String(Math.floor(n)).padStart(2, "0"),
  );
  return `${hours}:${minutes}:${seconds}${mark}${String(ms % 1000).padStart(3, "0")}`;
}

/**
 * @param {number} ms
 * @returns {string} As people write it: 1:05, or 1:00:05.
 */
export function shortClock(ms) {
  const seconds = Math.floor(ms / 1000);
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const rest = String(seconds % 60).padStart(2, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}
