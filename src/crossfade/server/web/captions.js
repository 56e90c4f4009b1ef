/**
 * Words as captions, cut as broadcasters do it: the rules of `crossfade.client.captions`, which has
 * the reasons, so that this page and `crossfade transcribe` give the same captions.
 *
 * @import {Word} from "./model.js"
 *
 * @typedef {object} Caption
 * @property {number} startMs
 * @property {number} endMs
 * @property {string[]} lines One or two.
 */

const LINE_LENGTH = 42;
const MIN_SHOWN_MS = 833;
const MAX_SHOWN_MS = 7000;
const CHARACTERS_PER_S = 17;
const MAX_CHARACTERS_PER_S = 20;
const GAP_MS = 80;
const PAUSE_MS = 1000;
const PASSAGE_WORDS = 60;
const LONGEST_PASSAGE_WORDS = 120;
const FEW_WORDS = 3;

const SENTENCE_ENDS = new Set(".?!…");
const CLAUSE_ENDS = new Set(",;:—");
const LINE_MARKS = new Set(".?!…,;:—");

const LEADING_WORDS = new Set(
  (
    "a an the and or but nor so if as that than which who whose of to in on at by for from with " +
    "into about my your his her its our their this these those i we you he she they is are was " +
    "were be been have has had will would can could shall should may might must not no very"
  ).split(" "),
);

/**
 * @param {readonly Word[]} words
 * @returns {string}
 */
export function written(words) {
  return words.map(({ text, punctuation }) => text + punctuation).join(" ");
}

/**
 * Cut words into captions.
 *
 * @param {readonly Word[]} words
 * @returns {Caption[]}
 */
export function captions(words) {
  /** @type {Caption[]} */
  const done = [];
  /** @type {Word[]} */
  let passage = [];
  for (const word of words) {
    if (passage.length && isBorder(passage, word)) {
      done.push(...captionsOf(passage, word.startMs));
      passage = [];
    }
    passage.push(word);
  }
  return [...done, ...captionsOf(passage, null)];
}

/**
 * @param {Word[]} passage
 * @param {Word} word
 */
function isBorder(passage, word) {
  const last = passage[passage.length - 1];
  return (
    word.startMs - last.endMs >= PAUSE_MS ||
    word.speaker !== last.speaker ||
    (passage.length >= PASSAGE_WORDS && SENTENCE_ENDS.has(mark(last))) ||
    passage.length >= LONGEST_PASSAGE_WORDS
  );
}

/**
 * Cut a passage where it costs least.
 *
 * @param {Word[]} passage
 * @param {number | null} nextStartMs Where that begins which follows.
 * @returns {Caption[]}
 */
function captionsOf(passage, nextStartMs) {
  const starts = [...passage.map(({ startMs }) => startMs), nextStartMs];
  /** @type {{cost: number, first: number}[]} Of all before, and where the last begins. */
  const best = [{ cost: 0, first: 0 }];
  for (let end = 1; end <= passage.length; end += 1) {
    let option = { cost: Infinity, first: Infinity };
    for (const first of firsts(passage, end)) {
      const cost = best[first].cost + costOf(passage.slice(first, end), starts[end]);
      if (cost < option.cost || (cost === option.cost && first < option.first)) {
        option = { cost, first };
      }
    }
    best.push(option);
  }
  /** @type {Caption[]} */
  const done = [];
  for (let end = passage.length; end > 0; end = best[end].first) {
    done.push(caption(passage.slice(best[end].first, end), starts[end]));
  }
  return done.reverse();
}

/**
 * Where a caption may begin that ends before `end`; a word by itself always may.
 *
 * @param {Word[]} passage
 * @param {number} end
 */
function* firsts(passage, end) {
  let nCharacters = -1;
  const lastMs = passage[end - 1].endMs;
  for (let first = end - 1; first >= 0; first -= 1) {
    nCharacters += length(written([passage[first]])) + 1;
    const fits = nCharacters <= 2 * LINE_LENGTH + 1;
    if (first < end - 1 && !(fits && lastMs - passage[first].startMs <= MAX_SHOWN_MS)) return;
    yield first;
  }
}

/**
 * @param {Word[]} words
 * @param {number | null} nextStartMs
 */
function costOf(words, nextStartMs) {
  const lines = brokenLines(words);
  if (lines === null) return 1e9;
  const nCharacters = lines.reduce((sum, line) => sum + length(line), 0);
  const shownS = shownMs(words, nCharacters, nextStartMs) / 1000;
  const speed = nCharacters / shownS;
  return (
    3 +
    Math.max(0, speed - CHARACTERS_PER_S) +
    3 * Math.max(0, speed - MAX_CHARACTERS_PER_S) +
    20 * Math.max(0, MIN_SHOWN_MS / 1000 - shownS) +
    costOfEnd(words, nextStartMs) +
    costInside(words)
  );
}

/**
 * @param {Word[]} words
 * @param {number | null} nextStartMs
 */
function costOfEnd(words, nextStartMs) {
  const last = words[words.length - 1];
  const pauseMs = nextStartMs === null ? 0 : nextStartMs - last.endMs;
  if (nextStartMs === null || SENTENCE_ENDS.has(mark(last)) || pauseMs >= PAUSE_MS) return 0;
  if (CLAUSE_ENDS.has(mark(last))) return 3;
  const alone = words.length === 1 ? 6 : 0;
  return alone + (pauseMs >= PAUSE_MS / 4 ? 4 : 8) + (endsBadly(last) ? 6 : 0);
}

/** @param {Word[]} words */
function costInside(words) {
  const ends = words.slice(0, -1).flatMap((word, i) => (SENTENCE_ENDS.has(mark(word)) ? [i + 1] : []));
  if (!ends.length) return 0;
  const lastEnd = ends[ends.length - 1];
  let cost = length(written(words.slice(0, lastEnd))) >= LINE_LENGTH ? 5 : 1;
  if (!SENTENCE_ENDS.has(mark(words[words.length - 1]))) {
    cost += words.length - lastEnd < FEW_WORDS ? 10 : 4;
  }
  return cost + (ends.length === 1 && ends[0] === 1 ? 5 : 0);
}

/**
 * @param {Word[]} words
 * @param {number} nCharacters
 * @param {number | null} nextStartMs
 */
function shownMs(words, nCharacters, nextStartMs) {
  const { startMs } = words[0];
  const readingMs = Math.max(MIN_SHOWN_MS, Math.ceil((1000 * nCharacters) / CHARACTERS_PER_S));
  const spokenMs = words[words.length - 1].endMs - startMs;
  let shown = Math.max(spokenMs, Math.min(readingMs, MAX_SHOWN_MS));
  if (nextStartMs !== null) shown = Math.min(shown, nextStartMs - GAP_MS - startMs);
  return Math.max(shown, 1);
}

/**
 * @param {Word[]} words
 * @param {number | null} nextStartMs
 * @returns {Caption}
 */
function caption(words, nextStartMs) {
  const lines = brokenLines(words) ?? [written(words)];
  const nCharacters = lines.reduce((sum, line) => sum + length(line), 0);
  const { startMs } = words[0];
  return { startMs, endMs: startMs + shownMs(words, nCharacters, nextStartMs), lines };
}

/**
 * @param {Word[]} words
 * @returns {string[] | null} One line or two; `null` if they do not fit. A single word always fits.
 */
function brokenLines(words) {
  const whole = written(words);
  if (length(whole) <= LINE_LENGTH || words.length === 1) return [whole];
  let best = 0;
  let bestCost = Infinity;
  let upperLength = -1;
  for (let at = 1; at < words.length; at += 1) {
    upperLength += length(written([words[at - 1]])) + 1;
    const lowerLength = length(whole) - upperLength - 1;
    if (Math.max(upperLength, lowerLength) > LINE_LENGTH) continue;
    const alone = at === 1 || at === words.length - 1;
    const cost = costOfBreak(words[at - 1], upperLength, lowerLength, alone);
    if (cost < bestCost) [best, bestCost] = [at, cost];
  }
  return best === 0 ? null : [written(words.slice(0, best)), written(words.slice(best))];
}

/**
 * @param {Word} last Of the upper line.
 * @param {number} upperLength
 * @param {number} lowerLength
 * @param {boolean} alone One of the lines has a single word.
 */
function costOfBreak(last, upperLength, lowerLength, alone) {
  return (
    Math.abs(upperLength - lowerLength) +
    (upperLength > lowerLength ? 1 : 0) -
    (LINE_MARKS.has(mark(last)) ? 20 : 0) +
    (endsBadly(last) ? 12 : 0) +
    (alone ? 15 : 0)
  );
}

/** @param {Word} word Whether it belongs to what follows it. */
const endsBadly = ({ text, punctuation }) => !punctuation && LEADING_WORDS.has(text.toLowerCase());

/** @param {Word} word */
const mark = ({ punctuation }) => [...punctuation].at(-1) ?? "";

/** @param {string} text In characters, not in UTF-16 units. */
const length = (text) => [...text].length;
