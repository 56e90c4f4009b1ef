"""Whatever the audio looks like, the words are the same: sections 5 and 9."""

import asyncio
import base64
import struct

from crossfade.audio import Resampler, encode
from crossfade.dialects.cases import (
    Case,
    Endpoint,
    HungUpError,
    UnmetError,
    UntestableError,
    expect,
)
from crossfade.dialects.speechmatics.conformance.common import count
from crossfade.dialects.speechmatics.conformance.session import (
    BYTES_PER_S,
    FILE,
    SECOND,
    SENTENCE_S,
    Message,
    converse,
    cut,
    dial,
    end_message,
    listened,
    play,
    speech,
    start_message,
    text,
)
from crossfade.model import Encoding
from crossfade.scoring import normalize, word_errors

MOST_WORDS_CHANGED = 0.2
"""Another encoding or rate is another sound to a recognizer: one word in five may differ."""

PONG_LIMIT_S = 10.0
"""Section 5: a published client hangs up after so long."""

WAITING_S = 20.0
"""So much audio is sent at once while pings are answered."""

CHANNELS = ("agent", "customer")


async def _acknowledgements(endpoint: Endpoint) -> None:
    await _acknowledged(endpoint, [bytes(320)] * 200)


async def _empty_messages(endpoint: Endpoint) -> None:
    await _acknowledged(endpoint, [b"", bytes(3200), b"", b"", bytes(3200)])


async def _acknowledged(endpoint: Endpoint, chunks: list[bytes]) -> None:
    audio_s = sum(map(len, chunks)) / BYTES_PER_S
    wire = await converse(endpoint, chunks, audio_s)
    count(wire, len(chunks))


async def _fragments(endpoint: Endpoint) -> None:
    async with dial(endpoint) as wire:
        await wire.start()
        for _ in range(3):
            await wire.socket.send(cut(SECOND, 1024))  # as .NET does it
        await wire.finish()
        count(wire, 3)


async def _any_cut(endpoint: Endpoint) -> None:
    data = speech(endpoint, SENTENCE_S)
    heard = []
    for n_bytes in (4096, 321, len(data)):  # 321: in the middle of a sample
        chunks = cut(data, n_bytes)
        wire = await converse(endpoint, chunks, SENTENCE_S)
        count(wire, len(chunks))
        heard.append(text(wire.heard))
    _same(heard)


async def _every_encoding(endpoint: Endpoint) -> None:
    heard = []
    for encoding in Encoding:
        audio_format = {"type": "raw", "encoding": encoding.value, "sample_rate": 16_000}
        chunks = cut(speech(endpoint, SENTENCE_S, encoding), 8192)
        wire = await converse(endpoint, chunks, SENTENCE_S, audio_format)
        heard.append(text(wire.heard))
    _same(heard)


async def _every_rate(endpoint: Endpoint) -> None:
    samples = endpoint.speech[: int(SENTENCE_S * 16_000)]
    heard = [text((await listened(endpoint, SENTENCE_S)).heard)]
    for rate_hz in (8000, 44_100, 48_000):
        data = encode(Resampler(16_000, rate_hz).push(samples), Encoding.PCM_S16LE)
        audio_format = {"type": "raw", "encoding": "pcm_s16le", "sample_rate": rate_hz}
        wire = await converse(endpoint, cut(data, 8192), SENTENCE_S, audio_format)
        heard.append(text(wire.heard))
    _same(heard)


async def _wav_files(endpoint: Endpoint) -> None:
    data = speech(endpoint, SENTENCE_S)
    heard = [text((await listened(endpoint, SENTENCE_S)).heard)]
    for said_bytes in (len(data), 0xFFFFFFFF, 0):
        chunks = cut(_wav(data, said_bytes), 4096)
        wire = await converse(endpoint, chunks, SENTENCE_S, FILE)
        count(wire, len(chunks))
        heard.append(text(wire.heard))
    _same(heard)


def _wav(data: bytes, said_bytes: int) -> bytes:
    """A WAV file that says it has ``said_bytes`` of samples, as pipes do."""
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, 16_000, BYTES_PER_S, 2, 16)
    whole = min(said_bytes + 36, 0xFFFFFFFF)
    head = struct.pack("<4sI4s", b"RIFF", whole, b"WAVE")
    return head + form + struct.pack("<4sI", b"data", said_bytes) + data


async def _at_once(endpoint: Endpoint) -> None:
    chunks = cut(speech(endpoint, SENTENCE_S), 1600)
    async with dial(endpoint) as wire, asyncio.TaskGroup() as group:
        await wire.start()
        group.create_task(wire.say(*chunks, end_message()))
        await wire.hear("EndOfTranscript", within_s=SENTENCE_S + endpoint.patience_s)
    async with dial(endpoint) as live, asyncio.TaskGroup() as group:
        await live.start()
        hearing = group.create_task(
            live.hear("EndOfTranscript", within_s=SENTENCE_S + endpoint.patience_s)
        )
        await play(live, endpoint, b"".join(chunks), live=True)
        await live.say(end_message())
        await hearing
    _same([text(live.heard), text(wire.heard)])


def _same(heard: list[str]) -> None:
    """The first text's words are those of the others."""
    first, *others = map(normalize, heard)
    if not first:
        raise UntestableError("no word was recognized in the recording")
    worst = max(word_errors(first, other).rate for other in others)
    expect(worst <= MOST_WORDS_CHANGED, "the same words", f"{worst:.0%} of the words are different")


async def _no_media(endpoint: Endpoint) -> None:
    async with dial(endpoint) as wire:
        await wire.say(start_message(FILE), *[b"this is no audio" * 256] * 4, end_message())
        await wire.fails("invalid_audio_type", 1003)


async def _pongs(endpoint: Endpoint) -> None:
    async with dial(endpoint) as wire, asyncio.TaskGroup() as group:
        await wire.start()
        group.create_task(wire.play(cut(speech(endpoint, WAITING_S), 3200), None))
        for _ in range(3):
            try:
                async with asyncio.timeout(PONG_LIMIT_S):
                    await wire.socket.ping()
            except TimeoutError:
                raise UnmetError(f"a pong within {PONG_LIMIT_S:g} s", "none") from None
            except HungUpError as error:
                raise UnmetError("a pong", str(error)) from None


async def _channels(endpoint: Endpoint) -> None:
    data = base64.b64encode(SECOND).decode()
    config: Message = {"diarization": "channel", "channel_diarization_labels": list(CHANNELS)}
    async with dial(endpoint) as wire:
        await wire.start(**config)
        for channel in CHANNELS * 2:
            await wire.say({"message": "AddChannelAudio", "channel": channel, "data": data})
        for channel in CHANNELS:
            await wire.say({"message": "EndOfChannel", "channel": channel, "last_seq_no": 2})
        await wire.hear("EndOfTranscript")
        for channel in CHANNELS:
            numbers = [
                message["seq_no"]
                for message in wire.of("ChannelAudioAdded")
                if message["channel"] == channel
            ]
            expect(numbers == [1, 2], "ChannelAudioAdded 1, 2 for each channel", wire.told())
        _name_their_channel(wire.of("AddTranscript", "AddPartialTranscript", "EndOfUtterance"))


def _name_their_channel(messages: list[Message]) -> None:
    named = all(message.get("channel") in CHANNELS for message in messages)
    expect(named, "a channel in every transcript", "one without, or of another")


CASES = (
    Case(
        key="audio.acknowledged",
        title="N messages: AudioAdded 1 to N, no more, no fewer",
        clause="9.4",
        line="21.13",
        run=_acknowledgements,
        audio_s=2,
    ),
    Case(
        key="audio.empty",
        title="an empty message is acknowledged too",
        clause="9.1",
        line="21.13",
        run=_empty_messages,
        audio_s=1,
        needs=frozenset({"our-choice"}),
    ),
    Case(
        key="audio.fragments",
        title="a message in fragments is acknowledged once",
        clause="5",
        line="21.12",
        run=_fragments,
        audio_s=3,
    ),
    Case(
        key="audio.cut",
        title="however audio is cut, the words are the same",
        clause="9.1",
        line="21.11",
        run=_any_cut,
        audio_s=3 * SENTENCE_S,
    ),
    Case(
        key="audio.encodings",
        title="pcm_s16le, pcm_f32le and mulaw give the same words",
        clause="9.1",
        line="21.10",
        run=_every_encoding,
        audio_s=3 * SENTENCE_S,
    ),
    Case(
        key="audio.rates",
        title="8, 16, 44.1 and 48 kHz give the same words",
        clause="9.1",
        line="21.10",
        run=_every_rate,
        audio_s=4 * SENTENCE_S,
    ),
    Case(
        key="audio.files",
        title="WAV through file, its length unknown too, gives the same words",
        clause="9.2",
        line="21.14",
        run=_wav_files,
        audio_s=4 * SENTENCE_S,
    ),
    Case(
        key="audio.no-media",
        title="what is no media file: invalid_audio_type, 1003",
        clause="9.2",
        line="21.28",
        run=_no_media,
        audio_s=1,
        needs=frozenset({"ears", "our-choice"}),
    ),
    Case(
        key="audio.at-once",
        title="audio sent at once gives the words of real time",
        clause="9.5",
        line="21.15",
        run=_at_once,
        audio_s=2 * SENTENCE_S,
    ),
    Case(
        key="audio.pongs",
        title="pongs come within 10 s while 20 s of audio wait",
        clause="5",
        line="21.16",
        run=_pongs,
        audio_s=WAITING_S,
    ),
    Case(
        key="audio.channels",
        title="channels are acknowledged apart and end one by one",
        clause="13.3",
        run=_channels,
        audio_s=4,
        needs=frozenset({"sessions"}),
    ),
)
