"""What ends a turn, and what ends a session: sections 1 and 9.4."""

import time

from crossfade.dialects.assemblyai.conformance.session import (
    FORCE,
    TERMINATE,
    U3,
    US,
    dial,
    play,
    silence,
    speech,
)
from crossfade.dialects.cases import Case, Endpoint, UntestableError, expect

END_LIMIT_S = 5.0
"""Section 9.4: after so long every client stops waiting."""

IN_SPEECH_S = 4.0
"""In the middle of the first sentence."""


async def _audio_time_alone(endpoint: Endpoint) -> None:
    async with dial(endpoint, speech_model=US, min_turn_silence=400) as wire:
        await wire.begin()
        await play(wire, endpoint, speech(endpoint, IN_SPEECH_S))
        await wire.hear("Turn")
        await wire.hear_for(2.5)  # more than any silence that this model waits for
        n_ends = len(wire.ends())
        if not wire.turns() or wire.turns()[-1]["end_of_turn"]:
            raise UntestableError("no turn was open in the middle of a sentence")
        await wire.hear_for(1.5)
        more = len(wire.ends()) - n_ends
        expect(more == 0, "no end while nothing is sent", f"{more}")
        await wire.say(TERMINATE)
        await wire.end_of_turn()
        await wire.hear("Termination")


async def _silence_ends_a_turn(endpoint: Endpoint) -> None:
    async with dial(endpoint, speech_model=US) as wire:
        await wire.begin()
        await play(wire, endpoint, speech(endpoint, IN_SPEECH_S) + silence(2500))
        await wire.end_of_turn()
        await wire.terminate()


async def _last_words_come_first(endpoint: Endpoint) -> None:
    for model in (US, U3):
        async with dial(endpoint, speech_model=model) as wire:
            await wire.begin()
            await play(wire, endpoint, speech(endpoint, IN_SPEECH_S), live=True)
            asked_at = time.monotonic()
            await wire.terminate(within_s=2 * END_LIMIT_S)
            took_s = time.monotonic() - asked_at
            expect(took_s <= END_LIMIT_S, f"it within {END_LIMIT_S:g} s", f"after {took_s:.1f} s")
            if not wire.turns():
                raise UntestableError("no word was recognized in the recording")
            before = wire.heard[-2]
            claim = before["type"] == "Turn" and before["end_of_turn"]
            expect(claim, "the end of the open turn, then Termination", wire.told())


async def _closes_when_ended(endpoint: Endpoint) -> None:
    async with dial(endpoint) as wire:
        await wire.begin()
        await wire.terminate()
        before = len(wire.heard)
        closed = await wire.hear_all()
        expect(len(wire.heard) == before, "nothing after Termination", wire.told())
        came = f"close {closed.code} {closed.reason[:40]}"
        claim = (closed.code, closed.reason) == (1000, "Session Ended")
        expect(claim, "close 1000 Session Ended", came)


async def _late_frames(endpoint: Endpoint) -> None:
    async with dial(endpoint) as wire:
        await wire.begin()
        await wire.say(silence(500), TERMINATE, silence(500), FORCE, "{not json", TERMINATE)
        await wire.hear("Termination")
        closed = await wire.hear_all()
        expect(closed.code == 1000, "close 1000", str(closed))


CASES = (
    Case(
        key="end.audio-time",
        title="while nothing is sent, no turn ends",
        clause="1",
        line="16.13",
        run=_audio_time_alone,
        audio_s=IN_SPEECH_S + 4,
    ),
    Case(
        key="end.silence",
        title="2.5 s of silence end a turn",
        clause="10.2",
        line="16.13",
        run=_silence_ends_a_turn,
        audio_s=IN_SPEECH_S + 2.5,
    ),
    Case(
        key="end.last-words",
        title="Terminate in speech: the turn's end, then Termination, within 5 s",
        clause="9.4",
        run=_last_words_come_first,
        audio_s=2 * IN_SPEECH_S,
    ),
    Case(
        key="end.closes",
        title="nothing after Termination; close 1000 Session Ended",
        clause="9.4",
        line="16.1",
        run=_closes_when_ended,
        audio_s=1,
    ),
    Case(
        key="end.late",
        title="what comes after Terminate is ignored",
        clause="7.2",
        run=_late_frames,
        audio_s=1,
        needs=frozenset({"our-choice"}),
    ),
)
