"""What a client asks for in mid-session: sections 7.6 to 7.8, 12.6 and 13.2."""

import time
from statistics import median
from typing import Any

from crossfade.dialects.cases import Case, Endpoint, expect
from crossfade.dialects.speechmatics.conformance.session import (
    BYTES_PER_S,
    CHUNK_BYTES,
    SECOND,
    Message,
    Wire,
    dial,
    play,
    speech,
    words,
)

FORCE: Message = {"message": "ForceEndOfUtterance"}
FORCE_LIMIT_S = 1.0
"""Section 12.6: for so long the voice SDK waits."""

PIECE_S = 1.7
"""The ends of the pieces are in the middle of speech, the third one too."""
N_PIECES = 3


def _change(**config: Any) -> Message:
    return {"message": "SetRecognitionConfig", "transcription_config": config}


async def _play_on(wire: Wire, endpoint: Endpoint, start_s: float, seconds: float) -> None:
    """Play a piece of the speech and wait until it has been taken."""
    data = speech(endpoint, seconds, from_s=start_s)
    wanted = len(wire.of("AudioAdded")) + -(-len(data) // CHUNK_BYTES)
    await play(wire, endpoint, data)
    while len(wire.of("AudioAdded")) < wanted:
        await wire.hear("AudioAdded")


async def _forced_in_speech(endpoint: Endpoint) -> None:
    waits_s = []
    async with dial(endpoint) as wire:
        await wire.start(enable_partials=True, max_delay=4)
        for piece in range(N_PIECES):
            data = speech(endpoint, PIECE_S, from_s=piece * PIECE_S)
            await play(wire, endpoint, data, live=True)
            asked_at = time.monotonic()
            await wire.say(FORCE)
            waits_s.append(await _forced(wire) - asked_at)
        await wire.finish()
        rising = [word["start_time"] for word in words(wire.heard)]
        expect(rising == sorted(set(rising)), "each word once", "words out of order")
    # The middle one: a single hiccup of the network is nobody's fault.
    took_s = median(waits_s)
    expect(took_s <= FORCE_LIMIT_S, f"an answer within {FORCE_LIMIT_S:g} s", f"{took_s:.1f} s")


async def _forced_in_silence(endpoint: Endpoint) -> None:
    async with dial(endpoint) as wire:
        await wire.start(enable_partials=True)
        for _ in range(2):
            await wire.say(FORCE)
            await _forced(wire)
        await wire.say(SECOND, FORCE)
        await _forced(wire)
        await wire.finish()


async def _forced(wire: Wire) -> float:
    """Hear a forced final and then a forced end; return when."""
    before = len(wire.heard)
    end = await wire.hear("EndOfUtterance")
    kinds = [
        (message["message"], message.get("forced", False))
        for message in wire.heard[before:]
        if message["message"] == "AddTranscript"
    ]
    expect(end.get("forced") is True, "forced in EndOfUtterance", "none")
    expect(("AddTranscript", True) in kinds, "a forced AddTranscript before it", wire.told())
    return wire.heard_at[-1]


async def _forced_time_is_clamped(endpoint: Endpoint) -> None:
    async with dial(endpoint) as wire:
        await wire.start()
        await wire.say(SECOND, FORCE | {"timestamp": 99.5})
        at_s = (await wire.hear("EndOfUtterance"))["metadata"]["end_time"]
        expect(at_s <= len(SECOND) / BYTES_PER_S, "a cut within the audio", f"{at_s:g} s")
        await wire.finish()


async def _partials_on(endpoint: Endpoint) -> None:
    async with dial(endpoint) as wire:
        await wire.start()
        await _play_on(wire, endpoint, 0.0, 1.5)
        expect(not wire.of("AddPartialTranscript"), "no partials before", wire.told())
        await wire.say(_change(enable_partials=True))
        await _play_on(wire, endpoint, 1.5, 2.5)
        await wire.finish()
        expect(bool(wire.of("AddPartialTranscript")), "partials once they are on", "none")


async def _partials_off(endpoint: Endpoint) -> None:
    async with dial(endpoint) as wire:
        await wire.start(enable_partials=True, max_delay=1)
        await wire.say(_change(enable_partials=False))
        await _play_on(wire, endpoint, 0.0, 4.0)
        await wire.finish()
        n_partials = len(wire.of("AddPartialTranscript"))
        # What was already said when the change came in is not taken back.
        expect(n_partials <= 1, "no partials once they are off", f"{n_partials}")


async def _language_cannot_change(endpoint: Endpoint) -> None:
    for config in ({"language": "de"}, {"language": "en", "diarization": "speaker"}):
        async with dial(endpoint) as wire:
            await wire.start()
            await wire.say(_change(**config))
            await wire.fails("invalid_config", 1003)


async def _unchanged_is_accepted(endpoint: Endpoint) -> None:
    config: dict[str, Any] = {
        "language": "en",
        "operating_point": "enhanced",
        "additional_vocab": [{"content": "Crossfade", "sounds_like": ["cross fade"]}],
        "diarization": "speaker",
        "max_delay": 2,
        "streaming_mode": True,
    }
    extras: Message = {"translation_config": {"target_languages": []}, "audio_events_config": {}}
    async with dial(endpoint) as wire:
        await wire.start(**config)
        started = len(wire.heard)
        await wire.say(_change(**config) | extras, SECOND)
        await wire.finish()
        answers = {m["message"] for m in wire.heard[started:]}
        about_audio = {"Info", "AudioAdded", "AddTranscript", "EndOfTranscript"}
        expect(answers <= about_audio, "no acknowledgement", wire.told())


async def _speakers_are_told_now(endpoint: Endpoint) -> None:
    async with dial(endpoint) as wire:
        await wire.start(diarization="speaker")
        await wire.say({"message": "GetSpeakers"})
        await wire.hear("SpeakersResult")
        await wire.finish()


async def _speakers_are_told_at_the_end(endpoint: Endpoint) -> None:
    ask = {"message": "GetSpeakers", "final": True}
    async with dial(endpoint) as wire:
        await wire.start(diarization="speaker")
        await wire.say(ask, SECOND, ask)
        await wire.finish()
        told = len(wire.of("SpeakersResult"))
        expect(told == 1, "SpeakersResult once", f"{told} times")


async def _speakers_of_nobody(endpoint: Endpoint) -> None:
    async with dial(endpoint) as wire:
        await wire.start()
        await wire.say({"message": "GetSpeakers", "final": True}, SECOND)
        await wire.finish()
        results = [len(message["speakers"]) for message in wire.of("SpeakersResult")]
        expect(results == [0], "one empty SpeakersResult", wire.told())


CASES = (
    Case(
        key="wishes.force",
        title="a forced end in speech: AddTranscript and EndOfUtterance, forced, within 1 s",
        clause="12.6",
        line="21.22",
        run=_forced_in_speech,
        audio_s=N_PIECES * PIECE_S,
    ),
    Case(
        key="wishes.force-silence",
        title="a forced end is answered in silence too, and twice",
        clause="12.6",
        line="21.22",
        run=_forced_in_silence,
        audio_s=1,
        needs=frozenset({"our-choice"}),
    ),
    Case(
        key="wishes.force-later",
        title="a forced end ahead of the audio is at its end",
        clause="12.6",
        line="21.22",
        run=_forced_time_is_clamped,
        audio_s=1,
        needs=frozenset({"our-choice"}),
    ),
    Case(
        key="wishes.partials-on",
        title="SetRecognitionConfig turns partials on",
        clause="7.7",
        line="21.23",
        run=_partials_on,
        audio_s=4,
    ),
    Case(
        key="wishes.partials-off",
        title="SetRecognitionConfig turns partials off",
        clause="7.7",
        line="21.23",
        run=_partials_off,
        audio_s=4,
    ),
    Case(
        key="wishes.language",
        title="SetRecognitionConfig of what cannot change: invalid_config, 1003",
        clause="7.7",
        line="21.23",
        run=_language_cannot_change,
        needs=frozenset({"our-choice"}),
    ),
    Case(
        key="wishes.unchanged",
        title="the whole configuration again is accepted, and not acknowledged",
        clause="7.7",
        line="21.23",
        run=_unchanged_is_accepted,
        audio_s=1,
    ),
    Case(
        key="wishes.speakers-now",
        title="GetSpeakers is answered at once",
        clause="13.2",
        run=_speakers_are_told_now,
    ),
    Case(
        key="wishes.speakers-final",
        title="GetSpeakers final, twice: one answer, before EndOfTranscript",
        clause="13.2",
        run=_speakers_are_told_at_the_end,
        audio_s=1,
    ),
    Case(
        key="wishes.speakers-none",
        title="GetSpeakers without diarization: an empty list",
        clause="13.2",
        run=_speakers_of_nobody,
        audio_s=1,
        needs=frozenset({"our-choice"}),
    ),
)
