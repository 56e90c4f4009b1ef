"""What only one family of models does: words one by one (US), whole turns anew (U3).

Sections 10.2, 10.3 and 10.5.
"""

from itertools import pairwise

from crossfade.dialects.assemblyai.conformance.session import (
    SENTENCE_S,
    U3,
    US,
    Message,
    by_order,
    joined,
    listened,
)
from crossfade.dialects.cases import Case, Endpoint, expect

LONG_S = 11.7
"""Two sentences, and the pauses behind them."""


async def _final_words_stay(endpoint: Endpoint) -> None:
    wire = await listened(endpoint, LONG_S, speech_model=US)
    for turn in by_order(wire.turns()):
        for earlier, later in pairwise(turn):
            before = _final(earlier)
            expect(_final(later)[: len(before)] == before, "final words that stay", "a change")


async def _one_word_is_open(endpoint: Endpoint) -> None:
    wire = await listened(endpoint, SENTENCE_S, speech_model=US)
    for turn in wire.turns():
        final = _final(turn)
        n_open = len(turn["words"]) - len(final)
        expect(n_open <= 1, "one open word at most", f"{n_open}")
        expect(turn["words"][: len(final)] == final, "final words first", "an open one between")
        same = turn["transcript"] == joined(final)
        expect(same, "a transcript of the final words alone", "another")


async def _utterances_are_told_once(endpoint: Endpoint) -> None:
    wire = await listened(endpoint, LONG_S, speech_model=US)
    for turn in by_order(wire.turns()):
        n_words = sum(len(message["utterance"].split()) for message in turn)
        n_said = len(turn[-1]["words"])
        expect(n_words <= n_said, f"utterances of at most {n_said} words", f"{n_words}")


async def _formatted_after_raw(endpoint: Endpoint) -> None:
    wire = await listened(endpoint, LONG_S, speech_model=US, format_turns=True)
    for turn in by_order(wire.turns()):
        marks = [m["turn_is_formatted"] for m in turn if m["end_of_turn"]]
        expect(marks == [False, True], "a raw end, then a formatted one", f"{len(marks)} ends")
        raw, formatted = turn[-2:]
        expect(raw["end_of_turn"], "nothing between the two ends", "another message")
        expect(formatted["utterance"] == "", "no utterance in the formatted end", "one")
        edges = [(t["words"][0]["start"], t["words"][-1]["end"]) for t in (raw, formatted)]
        expect(edges[0] == edges[1], "the same times in both ends", "others")


async def _raw_alone(endpoint: Endpoint) -> None:
    wire = await listened(endpoint, SENTENCE_S, speech_model=US, format_turns=False)
    for turn in by_order(wire.turns()):
        marks = [m["turn_is_formatted"] for m in turn if m["end_of_turn"]]
        expect(marks == [False], "one raw end", f"{len(marks)} ends")


async def _no_speech_started(endpoint: Endpoint) -> None:
    wire = await listened(endpoint, SENTENCE_S, speech_model=US)
    n_told = len(wire.of("SpeechStarted"))
    expect(n_told == 0, "no SpeechStarted in this family", f"{n_told}")


async def _turns_are_announced(endpoint: Endpoint) -> None:
    wire = await listened(endpoint, LONG_S, speech_model=U3)
    heard = wire.of("SpeechStarted", "Turn")
    firsts = [turn[0] for turn in by_order(wire.turns())]
    told = [b for a, b in pairwise(heard) if a["type"] == "SpeechStarted"]
    expect(told == firsts, "SpeechStarted right before the first message of each turn", wire.told())
    for before, turn in pairwise(heard):
        if before["type"] == "SpeechStarted" and turn["words"]:
            away_ms = abs(before["timestamp"] - turn["words"][0]["start"])
            expect(away_ms == 0, "the start of the first word in it", f"{away_ms} ms off")


async def _one_formatted_end(endpoint: Endpoint) -> None:
    wire = await listened(endpoint, LONG_S, speech_model=U3)
    for turn in by_order(wire.turns()):
        n_ends = sum(message["end_of_turn"] for message in turn)
        expect(n_ends == 1, "one end for each turn", f"{n_ends}")
        end = turn[-1]
        whole = end["turn_is_formatted"] and end["end_of_turn_confidence"] == 1
        expect(whole, "a formatted end, of confidence 1", "another")
        expect(
            end["utterance"] == end["transcript"], "an utterance that is the transcript", "another"
        )


async def _partials_are_open(endpoint: Endpoint) -> None:
    wire = await listened(endpoint, SENTENCE_S, speech_model=U3)
    partials = [turn for turn in wire.turns() if not turn["end_of_turn"]]
    expect(bool(partials), "partials", "none")
    for turn in partials:
        final = any(word["word_is_final"] for word in turn["words"])
        expect(not final, "no final word in a partial", "one")
        expect(turn["transcript"] == joined(turn["words"]), "a transcript of all words", "another")
        claim = (turn["end_of_turn_confidence"], turn["utterance"]) == (0, "")
        expect(claim, "confidence 0 and no utterance in a partial", "another")


def _final(turn: Message) -> list[Message]:
    return [word for word in turn["words"] if word["word_is_final"]]


CASES = (
    Case(
        key="streaming.final-words",
        title="US: final words never change",
        clause="10.2",
        line="16.19",
        run=_final_words_stay,
        audio_s=LONG_S,
    ),
    Case(
        key="streaming.open-word",
        title="US: one open word at most, at the end; the transcript is the final ones",
        clause="10.2",
        line="16.19",
        run=_one_word_is_open,
        audio_s=SENTENCE_S,
    ),
    Case(
        key="streaming.utterances",
        title="US: no utterance is told twice",
        clause="10.2",
        run=_utterances_are_told_once,
        audio_s=LONG_S,
    ),
    Case(
        key="streaming.formatted",
        title="US, format_turns=true: a raw end, then a formatted one, of the same turn",
        clause="10.3",
        line="16.18",
        run=_formatted_after_raw,
        audio_s=LONG_S,
    ),
    Case(
        key="streaming.raw",
        title="US, format_turns=false: one raw end",
        clause="10.2",
        run=_raw_alone,
        audio_s=SENTENCE_S,
    ),
    Case(
        key="streaming.no-announcement",
        title="US: no SpeechStarted",
        clause="8.2",
        run=_no_speech_started,
        audio_s=SENTENCE_S,
    ),
    Case(
        key="universal.announced",
        title="U3: SpeechStarted right before each turn's first Turn, with its first word's start",
        clause="8.2",
        line="16.20",
        run=_turns_are_announced,
        audio_s=LONG_S,
    ),
    Case(
        key="universal.one-end",
        title="U3: one end for each turn, formatted, of confidence 1",
        clause="10.5",
        line="16.20",
        run=_one_formatted_end,
        audio_s=LONG_S,
    ),
    Case(
        key="universal.partials",
        title="U3: partials have open words alone, all of them in the transcript",
        clause="10.5",
        run=_partials_are_open,
        audio_s=SENTENCE_S,
    ),
)
