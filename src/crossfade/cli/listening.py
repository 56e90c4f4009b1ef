"""From the microphone to captions: in this process, and on a server."""

import asyncio
import signal
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path

import click

from crossfade.cli.backends import open_recognizer
from crossfade.cli.listen_view import ListenView
from crossfade.cli.outputs import Folder
from crossfade.client import SessionEvent, connect, sources
from crossfade.client.blocking import in_daemon
from crossfade.client.sources.portaudio import find
from crossfade.client.transcript import Format, writer
from crossfade.dialects.base import Dialect
from crossfade.errors import CrossfadeError
from crossfade.model import Audio, Final, Finish, SessionConfig, SilenceEndpointing, Word
from crossfade.recognizers.base import Recognizer, RecognizerStream
from crossfade.settings import Settings

TURN_SILENCE_MS = 800
MAX_DELAY_MS = 2000

METER_S = 0.1
"""How often the meter moves."""

LEAVE_S = 0.5
"""How long it may take to leave at once."""

Show = Callable[[SessionEvent, int], None]
"""Called with each event, and how much audio was sent by then, in milliseconds."""

Listener = Callable[[AsyncIterable[bytes], Show], Awaitable[int]]
"""Hears audio in the format ``MEDIA_AUDIO`` to its end; returns its length in milliseconds."""

Ear = AbstractAsyncContextManager[Listener]
"""Ready to hear as long as it is open."""


@asynccontextmanager
async def in_process(settings: Settings, language: str) -> AsyncIterator[Listener]:
    """Load the recognizer that the settings name.

    Raises:
        ModelError: If its files cannot be had.
    """
    recognizer = await open_recognizer(settings)
    try:
        await recognizer.start()
        yield partial(_recognize, recognizer, _config(language))
    finally:
        await recognizer.aclose()


@asynccontextmanager
async def on_server(
    url: str, dialect: Dialect, key: str | None, language: str
) -> AsyncIterator[Listener]:
    """Open a session with a server, before anything is recorded."""
    async with connect(url, key=key, dialect=dialect, config=_config(language)) as session:

        async def listen(audio: AsyncIterable[bytes], show: Show) -> int:
            session.send_all(audio)
            async for event in session:
                show(event, session.sent_ms)
            return session.sent_ms

        yield listen


async def listen_to(
    device: str | None, ear: Ear, *, save: Path | None, wanted: Format | None, as_json: bool
) -> None:
    """Listen until Ctrl-C and show what is heard.

    Raises:
        CrossfadeError: If there is no microphone, it is gone, or the ear fails. What was heard
            until then is shown and saved.
    """
    found = await in_daemon(lambda: find(device))  # before a model is loaded for nothing
    microphone = _Heard(sources.Microphone(found.number))
    with _saving(save, wanted, microphone) as keep:
        async with ear as listener:
            view = ListenView(microphone.source, as_json=as_json)
            microphone.on_open = view.begin
            with view, _interruptible(microphone.source, view):
                await _caption(listener, microphone, view, keep)
    if microphone.failure is not None:
        raise microphone.failure


async def _caption(
    listener: Listener, audio: AsyncIterable[bytes], view: ListenView, keep: "_Keep"
) -> None:
    def show(event: SessionEvent, sent_ms: int) -> None:
        if isinstance(event, Final):
            keep(event.words)  # what can be seen is in the file
        view.show(event, sent_ms)

    async with asyncio.TaskGroup() as tasks:
        meter = tasks.create_task(_move(view))
        await listener(audio, show)
        meter.cancel()


async def _move(view: ListenView) -> None:
    while True:
        view.refresh()
        await asyncio.sleep(METER_S)


class _Heard:
    """A microphone whose failure is not the end of what was recorded before it."""

    def __init__(self, source: sources.Microphone) -> None:
        self.source = source
        self.failure: CrossfadeError | None = None
        self.on_open: Callable[[], None] = lambda: None
        self._n_bytes = 0

    @property
    def ms(self) -> int:
        """How much was recorded."""
        audio = sources.MEDIA_AUDIO
        return self._n_bytes * 1000 // (audio.encoding.sample_bytes * audio.sample_rate_hz)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async with aclosing(aiter(self.source)) as blocks:
                async for data in blocks:
                    if not self._n_bytes:
                        self.on_open()
                    self._n_bytes += len(data)
                    yield data
        except sources.MicrophoneError as error:
            self.failure = error


@contextmanager
def _interruptible(microphone: sources.Microphone, view: ListenView) -> Iterator[None]:
    """The first Ctrl-C ends the recording, the second the program."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()

    def interrupt() -> None:
        if view.is_ending and task is not None:
            task.cancel()
            # Once more, for a server that does not answer when it is left.
            loop.call_later(LEAVE_S, task.cancel)
        view.is_ending = True
        microphone.stop()

    numbers = (signal.SIGINT, signal.SIGTERM)
    for number in numbers:
        loop.add_signal_handler(number, interrupt)
    try:
        yield
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)


_Keep = Callable[[Sequence[Word]], None]


@contextmanager
def _saving(save: Path | None, wanted: Format | None, microphone: _Heard) -> Iterator[_Keep]:
    """Write a file beside what is shown. It is completed however listening ends.

    Raises:
        CrossfadeError: If it cannot be written.
    """
    if save is None or wanted is None:
        yield lambda words: None
        return
    pen, sink = writer(wanted, save.stem), Folder({"": save}, overwrite=True).open("")
    try:
        yield lambda words: sink.write(pen.push(words))
    finally:
        if microphone.ms:
            sink.write(pen.end(audio_ms=microphone.ms))
            sink.commit()
            click.echo(f"Saved {save}", err=True)
        else:
            sink.abandon()


def _config(language: str) -> SessionConfig:
    return SessionConfig(
        language=language,
        audio=sources.MEDIA_AUDIO,
        endpointing=SilenceEndpointing(silence_ms=TURN_SILENCE_MS),
        max_delay_ms=MAX_DELAY_MS,
    )


async def _recognize(
    recognizer: Recognizer, config: SessionConfig, audio: AsyncIterable[bytes], show: Show
) -> int:
    stream = recognizer.open(config)
    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_feed(stream, audio))
            async for event in stream.events():
                show(event, stream.audio_ms)
        return stream.audio_ms
    finally:
        await stream.aclose()


async def _feed(stream: RecognizerStream, audio: AsyncIterable[bytes]) -> None:
    async for data in audio:
        await stream.feed(Audio(data=data))
    await stream.feed(Finish())
