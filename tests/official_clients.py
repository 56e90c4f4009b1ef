"""The vendors' own Python clients, unmodified, streaming a recording at the speed of speech."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field

import assemblyai.streaming.v3 as aai
from speechmatics import agent_stt, rt

from crossfade.audio.pcm import Samples, encode
from crossfade.model import Encoding

RATE_HZ = 16_000
CHUNK_BYTES = 1600  # 50 ms


@dataclass
class Heard:
    """What a client got, and when: seconds since its first audio."""

    finals: list[str] = field(default_factory=list)
    first_words_s: float | None = None
    ended_s: float | None = None
    """From the end of the audio to the closing message."""
    errors: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    first_words_arrived: float | None = None

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.finals).split())


def chunks(samples: Samples) -> list[bytes]:
    data = encode(samples, Encoding.PCM_S16LE)
    return [data[i : i + CHUNK_BYTES] for i in range(0, len(data), CHUNK_BYTES)]


async def paced(pieces: list[bytes], speed: float = 1.0) -> AsyncIterator[bytes]:
    """Give each piece at the time when a microphone would have it."""
    start = time.monotonic()
    sent = 0
    for piece in pieces:
        sent += len(piece)
        due = start + sent / 2 / RATE_HZ / speed
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        yield piece


async def speechmatics_hears(
    url: str, key: str, samples: Samples, *, config: rt.TranscriptionConfig | None = None
) -> Heard:
    """Stream through ``speechmatics-rt`` and read its finals."""
    heard = Heard()
    start = 0.0

    async with rt.AsyncClient(api_key=key, url=f"{url}/v2") as client:

        @client.on(rt.ServerMessageType.ADD_PARTIAL_TRANSCRIPT)
        def _on_partial(message):
            if message["metadata"]["transcript"] and heard.first_words_s is None:
                heard.first_words_s = time.monotonic() - start

        @client.on(rt.ServerMessageType.ADD_TRANSCRIPT)
        def _on_final(message):
            heard.finals.append(rt.TranscriptResult.from_message(message).metadata.transcript)

        @client.on(rt.ServerMessageType.ERROR)
        def _on_error(message):
            heard.errors.append(message["type"])

        await client.start_session(
            transcription_config=config
            or rt.TranscriptionConfig(language="en", enable_partials=True),
            audio_format=rt.AudioFormat(encoding=rt.AudioEncoding.PCM_S16LE, sample_rate=RATE_HZ),
        )
        start = time.monotonic()
        async for piece in paced(chunks(samples)):
            await client.send_audio(piece)
        end = time.monotonic()
        async with asyncio.timeout(10):
            await client.stop_session()
        heard.ended_s = time.monotonic() - end
    return heard


async def agent_stt_hears(
    url: str,
    key: str,
    samples: Samples,
    *,
    mode: agent_stt.TurnDetectionMode = agent_stt.TurnDetectionMode.VAD,
    config: agent_stt.TranscriptionConfig | None = None,
) -> Heard:
    """Stream through ``speechmatics-agent-stt`` and read its segments.

    Where the client ends turns, it does so behind the last sample, as at the end of an utterance.
    """
    heard = Heard()
    start = 0.0
    client = agent_stt.AgentSttAsyncClient(
        api_key=key,
        url=url,
        turn_config=agent_stt.TurnConfig(turn_detection_mode=mode),
        transcription_config=config or agent_stt.TranscriptionConfig(enable_partials=True),
    )

    @client.on(agent_stt.ServerMessageType.ADD_PARTIAL_SEGMENT)
    def _on_partial(message):
        if heard.first_words_s is None:
            heard.first_words_s = time.monotonic() - start

    @client.on(agent_stt.ServerMessageType.ADD_SEGMENT)
    def _on_segment(message):
        heard.finals.append(message["segment"]["transcript"])

    @client.on(agent_stt.ServerMessageType.ERROR)
    def _on_error(message):
        heard.errors.append(message["type"])

    ended = asyncio.Event()
    client.on(agent_stt.ServerMessageType.END_OF_TURN, lambda _: ended.set())
    await client.connect()
    start = time.monotonic()
    async for piece in paced(chunks(samples)):
        await client.send_audio(piece)
    end = time.monotonic()
    async with asyncio.timeout(10):
        if mode == agent_stt.TurnDetectionMode.EXTERNAL:
            ended.clear()
            client.finalize()
            await ended.wait()
        await client.disconnect()
    heard.ended_s = time.monotonic() - end
    heard.messages = [event["message"] for event in client.events]
    assert client.transcript == heard.text
    return heard


async def assemblyai_hears(
    url: str, key: str, samples: Samples, *, params: aai.RealTimeParameters | None = None
) -> Heard:
    """Stream through the asynchronous client of ``assemblyai`` and read its ends of turn."""
    heard = Heard()
    start = 0.0
    client = aai.AsyncRealTimeTranscriber(aai.RealTimeTranscriberOptions(api_key=key, api_host=url))

    async def on_turn(_, turn):
        if turn.words and heard.first_words_s is None:
            heard.first_words_s = time.monotonic() - start
        if turn.end_of_turn:
            heard.finals.append(turn.transcript)

    async def on_error(_, error):
        heard.errors.append(str(error))

    async def on_termination(_, message):
        heard.messages.append(f"terminated after {message.audio_duration_seconds} s")

    client.on(aai.RealTimeEvents.Turn, on_turn)
    client.on(aai.RealTimeEvents.Error, on_error)
    client.on(aai.RealTimeEvents.Termination, on_termination)
    await client.connect(params or aai.RealTimeParameters(sample_rate=RATE_HZ))
    start = time.monotonic()
    async for piece in paced(chunks(samples)):
        await client.stream(piece)
    end = time.monotonic()
    async with asyncio.timeout(10):
        await client.disconnect(terminate=True)
    heard.ended_s = time.monotonic() - end
    return heard


def assemblyai_sync_hears(url: str, key: str, samples: Samples) -> Heard:
    """The same through its synchronous client, for a thread of its own."""
    heard = Heard()
    client = aai.RealTimeTranscriber(aai.RealTimeTranscriberOptions(api_key=key, api_host=url))
    client.on(aai.RealTimeEvents.Turn, lambda _, turn: _keep(heard, turn))
    client.on(aai.RealTimeEvents.Error, lambda _, error: heard.errors.append(str(error)))
    client.on(
        aai.RealTimeEvents.Termination,
        lambda _, message: heard.messages.append(f"{message.audio_duration_seconds} s"),
    )
    client.connect(aai.RealTimeParameters(sample_rate=RATE_HZ, format_turns=True))

    def pieces() -> Iterator[bytes]:
        start = time.monotonic()
        for n, piece in enumerate(chunks(samples), start=1):
            time.sleep(max(0.0, start + n * 0.05 - time.monotonic()))
            yield piece

    client.stream(pieces())
    end = time.monotonic()
    client.disconnect(terminate=True)
    heard.ended_s = time.monotonic() - end
    return heard


def _keep(heard: Heard, turn) -> None:
    if turn.end_of_turn:
        heard.finals.append(turn.transcript)
