"""What segments and partials say: section 11."""

import re
from itertools import pairwise

from crossfade.dialects.agent_stt.conformance.session import listened, text
from crossfade.dialects.cases import Case, Endpoint, UntestableError, expect
from crossfade.scoring import normalize, word_errors

SENTENCE_S = 7.3
"""The first sentence of the speech, and the pause behind it."""
LONG_S = 11.7
"""Two sentences, and the pauses behind them."""

MOST_WORDS_CHANGED = 0.2
_GOES_ON = re.compile(r"[.?!]\s")


async def _segments_rise(endpoint: Endpoint) -> None:
    wire = await listened(endpoint, LONG_S)
    spans = [message["metadata"] for message in wire.of("AddSegment")]
    for span in spans:
        claim = span["start_time"] < span["end_time"] <= LONG_S
        expect(claim, "segments of positive length, within the audio", "another")
    for before, after in pairwise(spans):
        claim = before["end_time"] <= after["start_time"]
        expect(claim, "segments that never overlap", "one that begins early")


async def _partials_off(endpoint: Endpoint) -> None:
    wire = await listened(endpoint, SENTENCE_S)
    n_partials = len(wire.of("AddPartialSegment"))
    expect(n_partials == 0, "no partials unless they are asked for", f"{n_partials}")


async def _partials_on(endpoint: Endpoint) -> None:
    wire = await listened(endpoint, LONG_S, enable_partials=True)
    expect(bool(wire.of("AddPartialSegment")), "partials", "none")
    is_open, settled_s = False, 0.0
    for message in wire.heard:
        match message["message"]:
            case "StartOfTurn" | "EndOfTurn" as kind:
                is_open = kind == "StartOfTurn"
            case "AddSegment":
                settled_s = message["metadata"]["end_time"]
            case "AddPartialSegment":
                expect(is_open, "partials within a turn", "one outside")
                claim = message["metadata"]["start_time"] >= settled_s
                expect(claim, "partials behind the last segment", "one that repeats words")


async def _each_sentence(endpoint: Endpoint) -> None:
    wire = await listened(endpoint, LONG_S, mode="external", emit_sentences=True)
    segments = [message["segment"]["transcript"] for message in wire.of("AddSegment")]
    longer = sum(bool(_GOES_ON.search(segment)) for segment in segments)
    expect(longer == 0, "a segment for each sentence", f"{longer} with more than one")
    if len(segments) < 2:
        raise UntestableError("no two sentences were recognized in the recording")
    n_turns = len(wire.of("StartOfTurn"))
    expect(n_turns == 1, "sentences within one turn", f"{n_turns} turns")


async def _no_speakers_unasked(endpoint: Endpoint) -> None:
    wire = await listened(endpoint, SENTENCE_S, enable_partials=True)
    claim = all("speaker" not in m["segment"] for m in wire.of("AddSegment", "AddPartialSegment"))
    expect(claim, "no speaker without diarization", "one")


async def _at_any_speed(endpoint: Endpoint) -> None:
    live = await listened(endpoint, SENTENCE_S, live=True)
    fast = await listened(endpoint, SENTENCE_S)
    claim = live.story() == fast.story()
    expect(claim, "the same messages as in real time", f"{fast.told()}, not {live.told()}")
    rate = word_errors(normalize(text(live.heard)), normalize(text(fast.heard))).rate
    came = f"{rate:.0%} of the words are different"
    expect(rate <= MOST_WORDS_CHANGED, "the same words as in real time", came)


CASES = (
    Case(
        key="segments.rise",
        title="segments have a length, lie within the audio and never overlap",
        clause="11.2",
        line="24.16",
        run=_segments_rise,
        audio_s=LONG_S,
    ),
    Case(
        key="segments.no-partials",
        title="partials are off unless they are asked for",
        clause="8.2",
        line="24.12",
        run=_partials_off,
        audio_s=SENTENCE_S,
    ),
    Case(
        key="segments.partials",
        title="partials come within a turn and repeat no final word",
        clause="11.4",
        line="24.12",
        run=_partials_on,
        audio_s=LONG_S,
    ),
    Case(
        key="segments.sentences",
        title="emit_sentences: each sentence is a segment, and the turn goes on",
        clause="11.3",
        line="24.13",
        run=_each_sentence,
        audio_s=LONG_S,
    ),
    Case(
        key="segments.no-speakers",
        title="without diarization there is no speaker in any segment",
        clause="14",
        line="24.14",
        run=_no_speakers_unasked,
        audio_s=SENTENCE_S,
    ),
    Case(
        key="segments.at-once",
        title="faster than real time: the same messages and words as in real time",
        clause="9",
        line="24.24",
        run=_at_any_speed,
        audio_s=2 * SENTENCE_S,
    ),
)
