"""When turns begin and end: section 12."""

import time
from statistics import median

from crossfade.dialects.agent_stt.conformance.segments import LONG_S, SENTENCE_S
from crossfade.dialects.agent_stt.conformance.session import (
    BYTES_PER_S,
    Message,
    Wire,
    dial,
    force,
    listened,
    play_on,
    speech,
)
from crossfade.dialects.cases import Case, Endpoint, UntestableError, expect

SPOKEN_S = 2.0
"""This far there is speech without a pause, from 0.6 s on."""

SILENT_S = 4.0
QUIET_S = 0.5
"""So long nothing comes where nothing is to come."""

FORCE_LIMIT_S = 1.0
"""Section 13: half a second; and as much again for the network."""

ASTRIDE_S = 0.5
"""A word belongs to the side of its middle, and may be this much longer."""

PIECE_S = 1.7
"""The ends of the pieces are in the middle of speech, the third one too."""
N_PIECES = 3

SPEECH_SIGNALS = ("SpeechStarted", "SpeechEnded")


async def _turns_are_whole(endpoint: Endpoint) -> None:
    wire = await listened(endpoint, LONG_S, enable_partials=True)
    _alternate(wire, "StartOfTurn", "EndOfTurn")
    _alternate(wire, *SPEECH_SIGNALS)
    turn: list[Message] | None = None
    for message in wire.heard:
        match message["message"]:
            case "StartOfTurn":
                turn = [message]
            case "AddSegment" if turn is None:
                expect(False, "segments within a turn", "one outside")
            case "AddSegment" if turn is not None:
                turn.append(message)
            case "EndOfTurn" if turn is not None:
                _check_edges(turn, message)
                turn = None


def _alternate(wire: Wire, first: str, second: str) -> None:
    kinds = [message["message"] for message in wire.of(first, second)]
    wanted = [first, second] * (len(kinds) // 2)
    expect(kinds == wanted, f"{first} and {second} by turns", wire.told())


def _check_edges(turn: list[Message], end: Message) -> None:
    """Hold a turn's times against those of its segments; one whose words vanished has none."""
    start, *segments = (message["metadata"] for message in turn)
    if not segments:
        return
    claim = segments[0]["start_time"] == start["start_time"]
    expect(claim, "a turn that starts with its first segment", "another start")
    claim = segments[-1]["end_time"] == end["metadata"]["end_time"]
    expect(claim, "a turn that ends with its last segment", "another end")


async def _pauses_end_turns(endpoint: Endpoint) -> None:
    wire = await listened(endpoint, LONG_S)
    n_turns = len(wire.of("EndOfTurn"))
    expect(n_turns >= 2, "a turn for each sentence", f"{n_turns} turns")
    signals = {message["message"] for message in wire.of(*SPEECH_SIGNALS)}
    expect(signals == {*SPEECH_SIGNALS}, "SpeechStarted and SpeechEnded", wire.told())


async def _the_service_decides(endpoint: Endpoint) -> None:
    wire = await listened(endpoint, SENTENCE_S, mode=None)
    expect(bool(wire.of("SpeechStarted")), "speech signals, as in vad mode", wire.told())


async def _force_is_ignored(endpoint: Endpoint) -> None:
    async with dial(endpoint) as wire:
        await wire.start()
        await play_on(wire, endpoint, speech(endpoint, SPOKEN_S))
        await wire.say(force(SPOKEN_S))
        await _is_quiet(wire)
        await wire.finish()


async def _is_quiet(wire: Wire) -> None:
    """Nothing ends for a moment, and nobody is warned; a turn may still begin."""
    said = {message["message"] for message in await wire.hear_for(QUIET_S)}
    answers = {"AddSegment", "EndOfTurn", "Warning", "Error"}
    expect(not said & answers, "no answer", wire.told())
    expect(wire.closed is None, "a session that goes on", f"{wire.closed}")


async def _silence_ends_nothing(endpoint: Endpoint) -> None:
    data = speech(endpoint, SENTENCE_S) + bytes(int(SILENT_S * BYTES_PER_S))
    async with dial(endpoint) as wire:
        await wire.start(mode="external")
        await play_on(wire, endpoint, data)
        await wire.finish()
    signals = wire.of(*SPEECH_SIGNALS)
    expect(not signals, "no speech signals in external mode", f"{len(signals)} of them")
    expect(not wire.of("EndOfTurn"), "no EndOfTurn that nobody forced", wire.told())


async def _forced_in_speech(endpoint: Endpoint) -> None:
    waits_s = []
    async with dial(endpoint) as wire:
        await wire.start(mode="external")
        for piece in range(N_PIECES):
            data = speech(endpoint, PIECE_S, from_s=piece * PIECE_S)
            await play_on(wire, endpoint, data, live=True)
            asked_at = time.monotonic()
            await wire.say(force((piece + 1) * PIECE_S))
            before = len(wire.heard)
            await wire.hear("EndOfTurn")
            waits_s.append(wire.heard_at[-1] - asked_at)
            kinds = [message["message"] for message in wire.heard[before:]]
            expect(kinds[-2:-1] == ["AddSegment"], "AddSegment before EndOfTurn", wire.told())
        await wire.finish()
    # The middle one: a single hiccup of the network is nobody's fault.
    took_s = median(waits_s)
    expect(took_s <= FORCE_LIMIT_S, f"an answer within {FORCE_LIMIT_S:g} s", f"{took_s:.1f} s")


async def _forced_in_silence(endpoint: Endpoint) -> None:
    async with dial(endpoint) as wire:
        await wire.start(mode="external")
        await play_on(wire, endpoint, bytes(int(QUIET_S * BYTES_PER_S)))
        await wire.say(force(QUIET_S))
        await _is_quiet(wire)
        await wire.finish()


async def _forced_twice(endpoint: Endpoint) -> None:
    async with dial(endpoint) as wire:
        await wire.start(mode="external")
        await play_on(wire, endpoint, bytes(BYTES_PER_S))
        await wire.say(force(0.9))
        before = len(wire.of("Warning"))
        for at_s in (0.9, 0.5):
            await wire.say(force(at_s))
            await wire.hear("Warning")
        await wire.finish()
        n_warnings = len(wire.of("Warning")) - before
        expect(n_warnings == 2, "one Warning for each", f"{n_warnings}")


async def _forced_late(endpoint: Endpoint) -> None:
    async with dial(endpoint) as wire:
        await wire.start(mode="external")
        await play_on(wire, endpoint, speech(endpoint, 2 * SPOKEN_S))
        await wire.say(force(SPOKEN_S))
        end_s = (await wire.hear("EndOfTurn"))["metadata"]["end_time"]
        expect(end_s <= SPOKEN_S + ASTRIDE_S, "a cut at its timestamp", f"at {end_s:g} s")
        await wire.finish()
    if not wire.of("AddSegment"):
        raise UntestableError("no word was recognized in the recording")
    wanted = ["StartOfTurn", "AddSegment", "EndOfTurn", "StartOfTurn", "AddSegment"]
    expect(wire.story()[:5] == wanted, "the rest in a turn of its own", wire.told())


CASES = (
    Case(
        key="turns.whole",
        title="turns alternate, hold their segments, and begin and end with them",
        clause="6",
        line="24.17",
        run=_turns_are_whole,
        audio_s=LONG_S,
    ),
    Case(
        key="turns.pauses",
        title="vad: speech signals, and a pause ends the turn",
        clause="12.3",
        line="24.19",
        run=_pauses_end_turns,
        audio_s=LONG_S,
    ),
    Case(
        key="turns.default",
        title="without turn_config: vad",
        clause="7.1",
        line="24.6",
        run=_the_service_decides,
        audio_s=SENTENCE_S,
    ),
    Case(
        key="turns.force-ignored",
        title="vad: ForceEndOfUtterance has no effect",
        clause="12.3",
        line="24.20",
        run=_force_is_ignored,
        audio_s=SPOKEN_S,
    ),
    Case(
        key="turns.silence",
        title="external: no speech signals, and silence ends no turn",
        clause="12.4",
        line="24.21",
        run=_silence_ends_nothing,
        audio_s=SENTENCE_S + SILENT_S,
    ),
    Case(
        key="turns.force",
        title="external, live: ForceEndOfUtterance → AddSegment, EndOfTurn, at once",
        clause="12.4",
        line="24.22",
        run=_forced_in_speech,
        audio_s=N_PIECES * PIECE_S,
    ),
    Case(
        key="turns.force-silence",
        title="external: where nothing was said, nobody answers",
        clause="12.4",
        line="24.22",
        run=_forced_in_silence,
        audio_s=QUIET_S,
        needs=frozenset({"our-choice"}),
    ),
    Case(
        key="turns.force-twice",
        title="external: a timestamp that is not later than the last one: Warning",
        clause="12.4",
        line="24.22",
        run=_forced_twice,
        audio_s=1,
    ),
    Case(
        key="turns.force-late",
        title="external: later audio opens a turn of its own",
        clause="12.4",
        line="24.23",
        run=_forced_late,
        audio_s=2 * SPOKEN_S,
    ),
)
