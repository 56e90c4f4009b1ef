"""What finals, partials and their items say, and when: sections 11 and 12."""

import asyncio
from collections.abc import Iterable
from itertools import pairwise

from crossfade.dialects.cases import Case, Endpoint, UntestableError, expect
from crossfade.dialects.speechmatics.conformance.session import (
    SENTENCE_S,
    Message,
    dial,
    end_message,
    items,
    listened,
    play,
    speech,
    words,
)

TRIGGER_S = 0.5
TRIGGER = {"end_of_utterance_silence_trigger": TRIGGER_S}
LONG_S = 11.7
"""Two sentences, and the pauses behind them."""

REACH_S = 0.1
"""Section 12.4: on the wire a window reached back up to 0.08 s into the empty one before it."""

GRID_S = 0.04
"""Section 11.2: times are multiples of it."""

LATE_S = 1.0
"""Beside ``max_delay``, for the network and the recognizer."""

MOST_LATE = 0.1
"""Section 12.3: so many words in a hundred may take longer still."""


async def _items_are_whole(endpoint: Endpoint) -> None:
    wire = await listened(endpoint, SENTENCE_S, enable_partials=True, enable_entities=True)
    for message in wire.of("AddTranscript", "AddPartialTranscript"):
        starts = [item["start_time"] for item in message["results"]]
        expect(starts == sorted(starts), "items sorted by start_time", "another order")
        for item in message["results"]:
            _check_length(item)
        for before, mark in pairwise(message["results"]):
            if mark["type"] == "punctuation":
                claim = mark["start_time"] == before["end_time"]
                expect(claim, "a mark at the end of its word", "a mark elsewhere")


def _check_length(item: Message) -> None:
    length_s = item["end_time"] - item["start_time"]
    if item["type"] == "punctuation":
        expect(length_s == 0, "a mark of no length", f"{length_s:.2f} s")
    else:
        expect(length_s > 0, "a word of positive length", f"{length_s:.2f} s")
    whole = all(round(item[edge], 2) == item[edge] for edge in ("start_time", "end_time"))
    expect(whole, "times with two decimals", "more of them")


async def _finals_rise(endpoint: Endpoint) -> None:
    wire = await listened(endpoint, LONG_S, max_delay=1)
    for before, after in pairwise(words(wire.heard)):
        late_s = before["end_time"] - after["start_time"]
        expect(late_s <= 0, "words that never overlap", f"one that begins {late_s:.2f} s early")


async def _windows_tile(endpoint: Endpoint) -> None:
    wire = await listened(endpoint, LONG_S, max_delay=1)
    settled_s = 0.0
    for final in wire.of("AddTranscript"):
        window = final["metadata"]
        start_s, end_s = window["start_time"], window["end_time"]
        gap_s = abs(start_s - settled_s)
        expect(gap_s <= REACH_S, "each window where the last one ended", f"{gap_s:.2f} s off")
        expect(start_s <= end_s <= LONG_S + GRID_S, "windows within the audio", "one outside")
        inside = all(
            start_s - REACH_S <= item["start_time"] and item["end_time"] <= end_s + REACH_S
            for item in final["results"]
        )
        expect(inside, "items within their window", "one outside")
        settled_s = end_s


async def _partials_off(endpoint: Endpoint) -> None:
    wire = await listened(endpoint, SENTENCE_S, enable_partials=False)
    n_partials = len(wire.of("AddPartialTranscript"))
    expect(n_partials == 0, "no partials", f"{n_partials}")


async def _partials_follow_finals(endpoint: Endpoint) -> None:
    wire = await listened(endpoint, SENTENCE_S, enable_partials=True, max_delay=1)
    shown = [m for m in wire.of("AddPartialTranscript") if m["results"]]
    expect(bool(shown), "words in partials", "none")
    said = _about_words(wire.heard)
    for message, after in pairwise(said):
        if message["message"] == "AddTranscript":
            expect(
                after["message"] == "AddPartialTranscript",
                "a partial right after each final",
                after["message"],
            )


async def _partials_repeat_nothing(endpoint: Endpoint) -> None:
    wire = await listened(endpoint, SENTENCE_S, enable_partials=True, max_delay=1)
    settled_s = 0.0
    for message in wire.of("AddTranscript", "AddPartialTranscript"):
        if message["message"] == "AddTranscript":
            settled_s = max([settled_s, *(item["end_time"] for item in message["results"])])
        elif message["results"]:
            early_s = settled_s - message["results"][0]["start_time"]
            expect(early_s <= 0, "no final word in a partial", f"one {early_s:.2f} s too early")


async def _transcripts_are_their_items(endpoint: Endpoint) -> None:
    wire = await listened(endpoint, SENTENCE_S, enable_partials=True)
    info = wire.of("RecognitionStarted")[0].get("language_pack_info", {})
    delimiter = info.get("word_delimiter", " ")
    for message in wire.of("AddTranscript", "AddPartialTranscript"):
        same = message["metadata"]["transcript"] == _transcript(message, delimiter)
        expect(same, "metadata.transcript built from the items", f"another in {message['message']}")


def _transcript(message: Message, delimiter: str) -> str:
    """The algorithm of section 11.4, as the reference has it."""
    said = ""
    glue = True
    for item in message["results"]:
        attaches_to = item.get("attaches_to")
        if not glue and attaches_to not in ("previous", "both"):
            said += delimiter
        said += item["alternatives"][0]["content"]
        glue = attaches_to in ("next", "both")
    is_final = message["message"] == "AddTranscript"
    return said + delimiter if is_final and message["results"] and not glue else said


async def _finals_in_time(endpoint: Endpoint) -> None:
    max_delay_s = 1.0
    async with dial(endpoint) as wire, asyncio.TaskGroup() as group:
        await wire.start(max_delay=max_delay_s, max_delay_mode="fixed")
        hearing = group.create_task(
            wire.hear("EndOfTranscript", within_s=SENTENCE_S + endpoint.patience_s)
        )
        await play(wire, endpoint, speech(endpoint, SENTENCE_S), live=True)
        await wire.say(end_message())
        await hearing
    lags_s = [
        at - wire.played_at - word["end_time"]
        for message, at in zip(wire.heard, wire.heard_at, strict=True)
        for word in words([message])
    ]
    if not lags_s:
        raise UntestableError("no word was recognized in the recording")
    late = sum(lag_s > max_delay_s + LATE_S for lag_s in lags_s) / len(lags_s)
    expect(
        late <= MOST_LATE,
        f"words final within max_delay ({max_delay_s:g} s) and {LATE_S:g} s",
        f"{late:.0%} of them later, the last after {max(lags_s):.1f} s",
    )


async def _utterances_end(endpoint: Endpoint) -> None:
    wire = await listened(
        endpoint, LONG_S, enable_partials=True, max_delay=2, conversation_config=TRIGGER
    )
    said = _about_words(wire.heard)
    spoken_s, speech_since, owes_partial = 0.0, False, False
    for message in said:
        # A hypothesis counts as speech too, also where nothing of it becomes final.
        speech_since |= bool(message.get("results"))
        match message["message"]:
            case "AddTranscript":
                spoken_s = max([spoken_s, *(word["end_time"] for word in words([message]))])
                owes_partial = True
            case "AddPartialTranscript":
                owes_partial = False
            case "EndOfUtterance":
                expect(not owes_partial, "the partial before EndOfUtterance", "none in between")
                expect(speech_since, "one EndOfUtterance after speech", "one without speech")
                _check_end(message, spoken_s)
                speech_since = False
    n_ends = len(wire.of("EndOfUtterance"))
    expect(n_ends > 0, "EndOfUtterance in the pauses", "none")


def _check_end(message: Message, spoken_s: float) -> None:
    moment = message["metadata"]
    expect(moment["start_time"] == moment["end_time"], "a moment", "a stretch of time")
    expect("forced" not in message, "no forced in what nobody forced", "forced")
    silence_s = moment["end_time"] - spoken_s
    expect(
        silence_s >= TRIGGER_S - GRID_S,
        f"{TRIGGER_S:g} s of silence before EndOfUtterance",
        f"{silence_s:.2f} s",
    )


async def _no_utterances_unasked(endpoint: Endpoint) -> None:
    for config in ({}, {"conversation_config": {"end_of_utterance_silence_trigger": 0}}):
        wire = await listened(endpoint, SENTENCE_S, enable_partials=True, **config)
        n_ends = len(wire.of("EndOfUtterance"))
        expect(n_ends == 0, "no EndOfUtterance where it is not asked for", f"{n_ends}")


async def _speakers_everywhere(endpoint: Endpoint) -> None:
    wire = await listened(endpoint, SENTENCE_S, enable_partials=True, diarization="speaker")
    for item in _shown(wire.heard):
        expect("speaker" in item["alternatives"][0], "a speaker in every item", "one without")
    for word, mark in pairwise(items(wire.heard)):
        if mark["type"] == "punctuation":
            same = word["alternatives"][0]["speaker"] == mark["alternatives"][0]["speaker"]
            expect(same, "the speaker of its word in a mark", "another")


async def _no_speakers_unasked(endpoint: Endpoint) -> None:
    wire = await listened(endpoint, SENTENCE_S, enable_partials=True)
    for item in _shown(wire.heard):
        claim = "speaker" not in item["alternatives"][0]
        expect(claim, "no speaker without diarization", f"one in a {item['type']}")


def _shown(heard: Iterable[Message]) -> list[Message]:
    return [item for message in heard for item in message.get("results", ())]


def _about_words(heard: Iterable[Message]) -> list[Message]:
    kinds = ("AddTranscript", "AddPartialTranscript", "EndOfUtterance", "EndOfTranscript")
    return [message for message in heard if message["message"] in kinds]


CASES = (
    Case(
        key="transcripts.items",
        title="items are sorted, words have a length, marks sit at the end of their word",
        clause="11.2",
        run=_items_are_whole,
        audio_s=SENTENCE_S,
    ),
    Case(
        key="transcripts.rise",
        title="each word is in one final only, and times rise",
        clause="12.1",
        line="21.17",
        run=_finals_rise,
        audio_s=LONG_S,
    ),
    Case(
        key="transcripts.windows",
        title="windows of finals tile the audio and hold their items",
        clause="12.4",
        line="21.17",
        run=_windows_tile,
        audio_s=LONG_S,
    ),
    Case(
        key="transcripts.no-partials",
        title="partials off: none at all",
        clause="12.2",
        line="21.18",
        run=_partials_off,
        audio_s=SENTENCE_S,
    ),
    Case(
        key="transcripts.partials",
        title="partials on: one right after each final",
        clause="12.2",
        line="21.18",
        run=_partials_follow_finals,
        audio_s=SENTENCE_S,
    ),
    Case(
        key="transcripts.news",
        title="a partial holds no word that is final",
        clause="12.1",
        line="21.18",
        run=_partials_repeat_nothing,
        audio_s=SENTENCE_S,
    ),
    Case(
        key="transcripts.text",
        title="metadata.transcript is the text of the items",
        clause="11.4",
        line="21.19",
        run=_transcripts_are_their_items,
        audio_s=SENTENCE_S,
    ),
    Case(
        key="transcripts.max-delay",
        title="nine words in ten are final within max_delay and a second",
        clause="12.3",
        line="21.20",
        run=_finals_in_time,
        audio_s=SENTENCE_S,
    ),
    Case(
        key="transcripts.utterances",
        title="EndOfUtterance once per silence, after final and partial, never before speech",
        clause="12.5",
        line="21.21",
        run=_utterances_end,
        audio_s=LONG_S,
    ),
    Case(
        key="transcripts.no-utterances",
        title="no EndOfUtterance without a trigger, or with 0",
        clause="12.5",
        line="21.21",
        run=_no_utterances_unasked,
        audio_s=2 * SENTENCE_S,
    ),
    Case(
        key="transcripts.speakers",
        title="diarization speaker: every item has a speaker, a mark that of its word",
        clause="13.1",
        run=_speakers_everywhere,
        audio_s=SENTENCE_S,
    ),
    Case(
        key="transcripts.no-speakers",
        title="diarization none: the field is absent",
        clause="13.1",
        run=_no_speakers_unasked,
        audio_s=SENTENCE_S,
    ),
)
