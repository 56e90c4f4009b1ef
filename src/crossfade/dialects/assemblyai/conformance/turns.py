"""What turns say in every family of models, and how a client ends one: sections 7.3 and 10.1."""

import time
from collections.abc import Sequence
from itertools import pairwise
from statistics import median

from crossfade.dialects.assemblyai.conformance.session import (
    FORCE,
    SENTENCE_S,
    U3,
    US,
    Message,
    Wire,
    by_order,
    dial,
    joined,
    listened,
    play,
    silence,
    speech,
)
from crossfade.dialects.cases import Case, Endpoint, expect

LONG_S = 11.7
"""Two sentences, and the pauses behind them."""

FORCE_LIMIT_S = 1.0

PIECE_S = 1.7
"""The ends of the pieces are in the middle of speech, the third one too."""

N_PIECES = 3


async def _turns_are_numbered(endpoint: Endpoint) -> None:
    for model in (US, U3):
        wire = await listened(endpoint, LONG_S, speech_model=model)
        turns = wire.turns()
        orders = [turn["turn_order"] for turn in turns]
        expect(orders[0] == 0, "turn_order 0 first", f"{orders[0]}")
        steps = {later - earlier for earlier, later in pairwise(orders)}
        expect(steps <= {0, 1}, "turn_order that goes up by one", f"steps of {sorted(steps)}")
        for turn in by_order(turns):
            expect(turn[-1]["end_of_turn"], "an end for every turn", "one that does not end")


async def _ends_are_their_words(endpoint: Endpoint) -> None:
    for model in (US, U3):
        wire = await listened(endpoint, SENTENCE_S, speech_model=model)
        for end in wire.ends():
            final = all(word["word_is_final"] for word in end["words"])
            expect(final, "nothing but final words in an end of turn", "another")
            same = end["transcript"] == joined(end["words"])
            expect(same, "a transcript that is its words", "another")


async def _words_are_in_order(endpoint: Endpoint) -> None:
    for model in (US, U3):
        wire = await listened(endpoint, SENTENCE_S, speech_model=model)
        for turn in wire.turns():
            starts = [word["start"] for word in turn["words"]]
            expect(starts == sorted(starts), "words in the order of time", "another order")
            last = max((word["end"] for word in turn["words"]), default=0)
            expect(last <= SENTENCE_S * 1000 + 100, "words within the audio", f"one at {last} ms")


async def _only_ends(endpoint: Endpoint) -> None:
    for model in (US, U3):
        wire = await listened(endpoint, SENTENCE_S, speech_model=model, include_partial_turns=False)
        n_partials = len(wire.turns()) - len(wire.ends())
        expect(n_partials == 0, "no partials", f"{n_partials}")


async def _language_unasked(endpoint: Endpoint) -> None:
    wire = await listened(endpoint, SENTENCE_S, speech_model=U3)
    named = any("language_code" in turn for turn in wire.turns())
    expect(not named, "no language fields without language_detection", "some")


async def _language_of_ends(endpoint: Endpoint) -> None:
    wire = await listened(endpoint, SENTENCE_S, speech_model=U3, language_detection=True)
    for turn in wire.turns():
        named = "language_code" in turn
        expect(named == turn["end_of_turn"], "language fields in ends, and there alone", "others")


async def _forced_end(endpoint: Endpoint) -> None:
    for model in (US, U3):
        async with dial(endpoint, speech_model=model) as wire:
            await wire.begin()
            waits_s = [await _force(wire, endpoint, piece) for piece in range(N_PIECES)]
            await wire.terminate()
            _check_pieces(wire.ends())
        # The middle one: a single hiccup of the network is nobody's fault.
        took_s = median(waits_s)
        expect(took_s <= FORCE_LIMIT_S, f"an end within {FORCE_LIMIT_S:g} s", f"{took_s:.1f} s")


async def _force(wire: Wire, endpoint: Endpoint, piece: int) -> float:
    data = speech(endpoint, PIECE_S, from_s=piece * PIECE_S)
    await play(wire, endpoint, data, live=True)
    asked_at = time.monotonic()
    await wire.say(FORCE)
    await wire.end_of_turn()
    return time.monotonic() - asked_at


def _check_pieces(ends: Sequence[Message]) -> None:
    orders = [end["turn_order"] for end in ends]
    expect(orders == list(range(len(ends))), "another turn after each end", f"{orders}")
    for earlier, later in pairwise(end["words"] for end in ends if end["words"]):
        claim = later[0]["start"] >= earlier[-1]["start"]
        expect(claim, "later words in the later turn", "earlier ones")


async def _forced_in_silence(endpoint: Endpoint) -> None:
    async with dial(endpoint, speech_model=US) as wire:
        await wire.begin()
        await wire.say(FORCE, silence(300), FORCE)
        await wire.terminate()
        expect(not wire.turns(), "no answer where no turn is open", wire.told())


CASES = (
    Case(
        key="turns.numbers",
        title="turn_order counts from 0, up by one after each end",
        clause="10.1",
        run=_turns_are_numbered,
        audio_s=2 * LONG_S,
    ),
    Case(
        key="turns.ends",
        title="an end of turn has final words alone; its transcript is these words",
        clause="10.1",
        run=_ends_are_their_words,
        audio_s=2 * SENTENCE_S,
    ),
    Case(
        key="turns.order",
        title="words are in the order of time, within the audio",
        clause="10.1",
        run=_words_are_in_order,
        audio_s=2 * SENTENCE_S,
    ),
    Case(
        key="turns.only-ends",
        title="include_partial_turns=false: ends alone",
        clause="10.1",
        run=_only_ends,
        audio_s=2 * SENTENCE_S,
    ),
    Case(
        key="language.unasked",
        title="no language fields without language_detection",
        clause="10.7",
        run=_language_unasked,
        audio_s=SENTENCE_S,
    ),
    Case(
        key="language.ends",
        title="language_detection: both language fields in ends, and there alone",
        clause="10.7",
        run=_language_of_ends,
        audio_s=SENTENCE_S,
    ),
    Case(
        key="force.speech",
        title="ForceEndpoint in speech: an end within 1 s, later words in the next turn",
        clause="7.3",
        line="16.14",
        run=_forced_end,
        audio_s=2 * N_PIECES * PIECE_S,
    ),
    Case(
        key="force.silence",
        title="ForceEndpoint where no turn is open is not answered",
        clause="7.3",
        run=_forced_in_silence,
        audio_s=1,
        needs=frozenset({"our-choice"}),
    ),
)
