"""How sessions end, and what is asked for before that: sections 7, 12.5, 14 and 15."""

import time
from functools import partial
from typing import Any

from crossfade.dialects.agent_stt.conformance.session import (
    BYTES_PER_S,
    Message,
    Mode,
    Wire,
    dial,
    play_on,
    speech,
)
from crossfade.dialects.cases import Case, Endpoint, UntestableError, expect
from crossfade.dialects.speechmatics.conformance import common

SPOKEN_S = 2.0
SILENT_S = 0.5
END_LIMIT_S = 5.0
"""Section 13: for so long the vendor's client waits."""

NO_MESSAGES: tuple[Message | str, ...] = ("{not json", "[]", {"no": "message"}, {"message": "X"})


async def _end_in_a_turn(endpoint: Endpoint) -> None:
    await _ends_with(endpoint, "vad", "AddSegment", "EndOfTurn", "EndOfTranscript")
    await _ends_with(endpoint, "external", "AddSegment", "EndOfTranscript")


async def _ends_with(endpoint: Endpoint, mode: Mode, *kinds: str) -> None:
    """End the stream in the middle of a sentence."""
    async with dial(endpoint) as wire:
        await wire.start(mode=mode)
        await play_on(wire, endpoint, speech(endpoint, SPOKEN_S))
        asked_at = time.monotonic()
        await wire.finish(within_s=2 * END_LIMIT_S)
        took_s = time.monotonic() - asked_at
    expect(took_s <= END_LIMIT_S, f"it within {END_LIMIT_S:g} s", f"after {took_s:.1f} s")
    story = wire.story("EndOfTranscript")
    if story == ["EndOfTranscript"]:
        raise UntestableError("no word was recognized in the recording")
    expect(story == ["StartOfTurn", *kinds], " → ".join(kinds), wire.told())


async def _no_words(endpoint: Endpoint) -> None:
    for audio in (b"", bytes(int(SILENT_S * BYTES_PER_S))):
        async with dial(endpoint) as wire:
            await wire.start()
            await play_on(wire, endpoint, audio)
            await wire.finish()
            said = set(wire.story("AddPartialSegment"))
            expect(not said, "just EndOfTranscript", wire.told())


async def _speakers(endpoint: Endpoint) -> None:
    async with dial(endpoint) as wire:
        known = {"get_speakers": True}
        await wire.start(diarization="speaker", speaker_diarization_config=known)
        await wire.finish()
        told = len(wire.of("SpeakersResult"))
        expect(told == 1, "SpeakersResult once, before EndOfTranscript", f"{told} times")
    async with dial(endpoint) as wire:
        await wire.start()
        await wire.say({"message": "GetSpeakers"})
        speakers = (await wire.hear("SpeakersResult"))["speakers"]
        expect(not speakers, "no speakers without diarization", f"{len(speakers)}")
        await wire.finish()


def _change(**config: Any) -> Message:
    return {"message": "SetRecognitionConfig", "transcription_config": config}


async def _partials_switched_on(endpoint: Endpoint) -> None:
    async with dial(endpoint) as wire:
        await wire.start(mode="external")
        await play_on(wire, endpoint, speech(endpoint, SPOKEN_S))
        expect(not wire.of("AddPartialSegment"), "no partials before", wire.told())
        await wire.say(_change(enable_partials=True, language="en"))
        await play_on(wire, endpoint, speech(endpoint, SPOKEN_S, from_s=SPOKEN_S))
        await wire.finish()
        if not wire.of("AddSegment"):
            raise UntestableError("no word was recognized in the recording")
        expect(bool(wire.of("AddPartialSegment")), "partials once they are on", "none")


async def _nothing_else_changes(endpoint: Endpoint) -> None:
    for config in ({"language": "de"}, {"diarization": "speaker"}):
        async with dial(endpoint) as wire:
            await wire.start()
            await wire.say(_change(**config))
            await wire.fails("invalid_config", 1003)


CASES = (
    Case(
        key="wishes.partials",
        title="SetRecognitionConfig switches partials on",
        clause="7.4",
        line="24.12",
        run=_partials_switched_on,
        audio_s=2 * SPOKEN_S,
    ),
    Case(
        key="wishes.nothing-else",
        title="SetRecognitionConfig changes nothing else: invalid_config, 1003",
        clause="7.4",
        run=_nothing_else_changes,
        needs=frozenset({"our-choice"}),
    ),
    Case(
        key="end.in-a-turn",
        title="EndOfStream in a turn: AddSegment, EndOfTurn in vad mode, EndOfTranscript in 5 s",
        clause="12.5",
        line="24.25",
        run=_end_in_a_turn,
        audio_s=2 * SPOKEN_S,
        needs=frozenset({"our-choice"}),
    ),
    Case(
        key="end.no-words",
        title="nothing was said: just EndOfTranscript",
        clause="12.5",
        line="24.25",
        run=_no_words,
        audio_s=SILENT_S,
    ),
    Case(
        key="end.speakers",
        title="get_speakers: one SpeakersResult before EndOfTranscript; GetSpeakers: one at once",
        clause="14",
        line="24.26",
        run=_speakers,
    ),
    Case(
        key="end.late-audio",
        title="audio after EndOfStream: no acknowledgement, one warning at most",
        clause="6",
        line="24.27",
        run=partial(common.drops_late_audio, Wire),
        audio_s=3,
    ),
    Case(
        key="end.no-message",
        title="no JSON, no object, no message, an unknown one: invalid_message, 1003",
        clause="6",
        run=partial(common.takes_no_nonsense, Wire, NO_MESSAGES),
        needs=frozenset({"our-choice"}),
    ),
    Case(
        key="end.closes",
        title="nothing after EndOfTranscript; the server closes, 1000, if the client does not",
        clause="6",
        run=partial(common.closes, Wire),
    ),
)
