"""Frames of the client, good and bad: sections 6 and 7."""

import asyncio
import time
from itertools import pairwise

from crossfade.audio import Resampler, encode
from crossfade.dialects.assemblyai.conformance.session import (
    INVALID,
    KEEP_ALIVE,
    SENTENCE_S,
    U3,
    US,
    Message,
    converse,
    cut,
    dial,
    listened,
    play,
    sent,
    silence,
    speech,
    text,
    update,
)
from crossfade.dialects.cases import Case, Endpoint, UntestableError, expect
from crossfade.model import Encoding

TOO_LONG = "Input Duration Error: Input Duration Violation: "
IDLE_S = 5
LATE_S = 5.0
BEAT_S = 5.0
SHORT_FRAMES = 60


async def _not_json(endpoint: Endpoint) -> None:
    await _fatal(endpoint, "{not json", f"{INVALID}Invalid JSON: ")


async def _not_an_object(endpoint: Endpoint) -> None:
    await _fatal(endpoint, "[]", f"{INVALID}Invalid Message: []")


async def _unknown_type(endpoint: Endpoint) -> None:
    await _fatal(endpoint, {"type": "Bogus"}, f"{INVALID}Invalid Message Type: Bogus")


async def _no_type(endpoint: Endpoint) -> None:
    await _fatal(endpoint, {"terminate_session": True}, f"{INVALID}Invalid Message: ")


async def _limits_hold(endpoint: Endpoint) -> None:
    change = update(agent_context="x" * 2000)
    await _fatal(endpoint, change, f"{INVALID}Invalid 'agent_context': Value error, agent_context")


async def _fatal(endpoint: Endpoint, frame: Message | str, said: str) -> None:
    async with dial(endpoint, speech_model=U3) as wire:
        await wire.begin()
        await wire.say(frame)
        await wire.fails(3006, said)


async def _too_long_a_frame(endpoint: Endpoint) -> None:
    async with dial(endpoint) as wire:
        await wire.begin()
        await wire.say(silence(1200))
        await wire.fails(3007, f"{TOO_LONG}1200.0 ms")


async def _longest_frame(endpoint: Endpoint) -> None:
    await sent(endpoint, [silence(1000), silence(50), silence(1000)], 2.05)


async def _too_many_short_frames(endpoint: Endpoint) -> None:
    async with dial(endpoint) as wire, asyncio.TaskGroup() as group:
        await wire.begin()
        group.create_task(wire.play([silence(20)] * SHORT_FRAMES, 0.02 if endpoint.paced else None))
        await wire.fails(3007, f"{TOO_LONG}20.0 ms")


async def _short_tail(endpoint: Endpoint) -> None:
    await converse(endpoint, silence(1000), silence(10))


async def _duration_is_told(endpoint: Endpoint) -> None:
    for duration_ms, rounded_s in ((1400, 1), (1600, 2)):
        wire = await converse(endpoint, silence(duration_ms))
        told_s = wire.heard[-1]["audio_duration_seconds"]
        expect(told_s == rounded_s, f"{rounded_s} s for {duration_ms / 1000} s", f"{told_s} s")


async def _telephone(endpoint: Endpoint) -> None:
    samples = endpoint.speech[: int(SENTENCE_S * 16_000)]
    data = encode(Resampler(16_000, 8000).push(samples), Encoding.MULAW)
    parameters = {"speech_model": US, "encoding": "pcm_mulaw", "sample_rate": 8000}
    wire = await sent(endpoint, cut(data, 800), SENTENCE_S, **parameters)
    told_s = wire.heard[-1]["audio_duration_seconds"]
    expect(told_s == round(SENTENCE_S), f"{round(SENTENCE_S)} s of audio", f"{told_s} s")
    if not text(wire):
        raise UntestableError("no word was recognized in the recording")


async def _idle_session(endpoint: Endpoint) -> None:
    async with dial(endpoint, inactivity_timeout=IDLE_S) as wire:
        await wire.begin()
        since = time.monotonic()
        said = f"Session terminated due to inactivity: No messages received for {IDLE_S} seconds"
        await wire.fails(3006, said, within_s=IDLE_S + LATE_S)
        after_s = time.monotonic() - since
        expect(after_s >= IDLE_S - 0.5, f"the end after {IDLE_S} s", f"after {after_s:.1f} s")


async def _kept_alive(endpoint: Endpoint) -> None:
    async with dial(endpoint, inactivity_timeout=IDLE_S) as wire:
        await wire.begin()
        for _ in range(2):
            said = await wire.hear_for(3)
            expect(not said and wire.closed is None, "a session that stays open", wire.told())
            await wire.say(KEEP_ALIVE)
        await wire.terminate()


async def _null_changes_nothing(endpoint: Endpoint) -> None:
    names = ("min_turn_silence", "format_turns", "keyterms_prompt", "vad_threshold")
    async with dial(endpoint, speech_model=US) as wire:
        await wire.begin()
        await wire.say(update(**dict.fromkeys(names)), silence(500))
        await wire.terminate()
        expect(len(wire.heard) == 2, "no answer to UpdateConfiguration", wire.told())


async def _unknown_settings(endpoint: Endpoint) -> None:
    async with dial(endpoint, speech_model=US) as wire:
        await wire.begin()
        await wire.say(update(speaker_labels=True, sample_rate=8000, whatever=[1]), silence(500))
        await wire.terminate()


async def _format_is_turned_on(endpoint: Endpoint) -> None:
    change = update(format_turns=True)
    wire = await converse(endpoint, change, speech(endpoint, SENTENCE_S), speech_model=US)
    if not wire.ends():
        raise UntestableError("no turn ended in the recording")
    formatted = [turn["turn_is_formatted"] for turn in wire.ends()]
    expect(True in formatted, "formatted ends once format_turns is on", "none")


async def _heartbeat(endpoint: Endpoint) -> None:
    async with dial(endpoint, session_heartbeat=True) as wire:
        await wire.begin()
        since = time.monotonic()
        await play(wire, endpoint, silence(2000))
        beat = await wire.hear("Heartbeat", within_s=BEAT_S + LATE_S)
        after_s = time.monotonic() - since
        expect(after_s >= BEAT_S - 0.5, f"Heartbeat after {BEAT_S:g} s", f"after {after_s:.1f} s")
        told_ms = beat["total_audio_received_ms"]
        expect(told_ms == 2000, "total_audio_received_ms 2000", f"{told_ms}")
        await wire.terminate()


async def _silence_is_told(endpoint: Endpoint) -> None:
    async with dial(endpoint, speech_model=U3, acknowledge_silence=True) as wire:
        await wire.begin()
        await play(wire, endpoint, silence(4500))
        # None comes once Terminate is said.
        told = [await wire.hear("Silence") for _ in range(3)]
        await wire.terminate()
    for before, after in pairwise(told):
        expect(before["end_ms"] == after["start_ms"], "adjacent stretches", "a gap")
    length_s = (told[-1]["end_ms"] - told[0]["start_ms"]) / 1000 / len(told)
    expect(0.7 <= length_s <= 1.5, "stretches of about a second", f"{length_s:.1f} s each")


async def _nothing_unasked(endpoint: Endpoint) -> None:
    for model in (US, U3):
        wire = await listened(endpoint, SENTENCE_S, speech_model=model)
        known = ("Begin", "Turn", "SpeechStarted", "Termination")
        expect(len(wire.of(*known)) == len(wire.heard), f"only {', '.join(known)}", wire.told())


CASES = (
    Case(
        key="messages.no-json",
        title="no JSON: Error 3006 Invalid JSON",
        clause="7",
        line="16.8",
        run=_not_json,
        audio_s=1,
    ),
    Case(
        key="messages.no-object",
        title="no object: Error 3006 Invalid Message",
        clause="7",
        line="16.8",
        run=_not_an_object,
        audio_s=1,
    ),
    Case(
        key="messages.unknown",
        title="an unknown type: Error 3006 Invalid Message Type",
        clause="7",
        line="16.8",
        run=_unknown_type,
        audio_s=1,
    ),
    Case(
        key="messages.no-type",
        title="no type: Error 3006 Invalid Message",
        clause="7",
        line="16.8",
        run=_no_type,
        audio_s=1,
        needs=frozenset({"our-choice"}),
    ),
    Case(
        key="frames.too-long",
        title="a frame of 1200 ms: Error 3007 with 1200.0 ms",
        clause="6.2",
        line="16.9",
        run=_too_long_a_frame,
        audio_s=1.2,
    ),
    Case(
        key="frames.longest",
        title="frames of 50 and 1000 ms are accepted",
        clause="6.2",
        line="16.9",
        run=_longest_frame,
        audio_s=2.1,
    ),
    Case(
        key="frames.too-short",
        title="60 frames of 20 ms: Error 3007 with 20.0 ms",
        clause="6.2",
        line="16.10",
        run=_too_many_short_frames,
        audio_s=1.2,
    ),
    Case(
        key="frames.tail",
        title="the last frame may be short",
        clause="6.2",
        line="16.11",
        run=_short_tail,
        audio_s=1.1,
    ),
    Case(
        key="frames.duration",
        title="audio_duration_seconds is the audio, to the nearest second",
        clause="8.10",
        line="16.1",
        run=_duration_is_told,
        audio_s=3,
    ),
    Case(
        key="frames.telephone",
        title="μ-law at 8 kHz is counted and heard",
        clause="6.1",
        line="16.12",
        run=_telephone,
        audio_s=SENTENCE_S,
    ),
    Case(
        key="session.idle",
        title="inactivity_timeout=5 and nothing sent: Error 3006 after 5 s",
        clause="6.6",
        line="16.15",
        run=_idle_session,
        audio_s=IDLE_S,
    ),
    Case(
        key="session.keep-alive",
        title="KeepAlive every 3 s keeps the session open, and is not answered",
        clause="7.4",
        line="16.15",
        run=_kept_alive,
        audio_s=6,
    ),
    Case(
        key="session.heartbeat",
        title="session_heartbeat: a Heartbeat after 5 s",
        clause="8.4",
        run=_heartbeat,
        audio_s=5,
    ),
    Case(
        key="session.silence",
        title="acknowledge_silence: a Silence about every second, without gaps",
        clause="8.5",
        run=_silence_is_told,
        audio_s=4.5,
        needs=frozenset({"ears"}),
    ),
    Case(
        key="session.unasked",
        title="nothing but Begin, Turn, SpeechStarted and Termination, unasked",
        clause="1",
        line="16.22",
        run=_nothing_unasked,
        audio_s=2 * SENTENCE_S,
    ),
    Case(
        key="update.limits",
        title="UpdateConfiguration with an agent_context of 2000 characters: Error 3006",
        clause="7.5",
        line="16.16",
        run=_limits_hold,
        audio_s=1,
    ),
    Case(
        key="update.null",
        title="UpdateConfiguration with null changes nothing, and is not answered",
        clause="7.5",
        line="16.17",
        run=_null_changes_nothing,
        audio_s=1,
    ),
    Case(
        key="update.unknown",
        title="UpdateConfiguration with what cannot change then is ignored",
        clause="7.5",
        run=_unknown_settings,
        audio_s=1,
        needs=frozenset({"our-choice"}),
    ),
    Case(
        key="update.format",
        title="UpdateConfiguration turns formatted ends on",
        clause="7.5",
        run=_format_is_turned_on,
        audio_s=SENTENCE_S,
    ),
)
