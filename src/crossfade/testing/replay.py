"""Run one end of a dialect against a wire transcript.

The server end is fed the ``open``, ``client``, ``audio_…`` and ``event`` lines and must say the
``server`` and ``close`` lines, no more and no less. The client end swaps roles: it is fed the
``server`` and ``close`` lines and must report the words of the ``event`` lines.
"""

from collections import deque
from collections.abc import Sequence
from typing import NoReturn

import msgspec

from crossfade.dialects.base import ClientDialect, Frame, Goodbye, Handshake, ServerDialect
from crossfade.errors import CrossfadeError, UpstreamError
from crossfade.model import (
    Audio,
    ChannelEvent,
    Command,
    Event,
    Final,
    RawAudio,
    SessionConfig,
    Start,
    Word,
)
from crossfade.testing.transcript import (
    About,
    AudioBytes,
    AudioMs,
    ClientSays,
    Closes,
    Commands,
    Line,
    Open,
    Reports,
    ServerSays,
    matches,
)

_WIRE_PRECISION_MS = 10
"""The coarsest unit in which a protocol writes times, and so how much a round trip may lose."""


class TranscriptMismatchError(AssertionError):
    """A dialect did not do what the transcript says.

    Attributes:
        line: Number of the line, from 1.
    """

    def __init__(self, line: int, message: str) -> None:
        super().__init__(f"line {line}: {message}")
        self.line = line


class Replay:
    """What came of a server end on its way through a transcript."""

    def __init__(self) -> None:
        self.commands: list[Command] = []
        """All that ``open`` and ``receive`` gave."""
        self.said: list[Frame | Goodbye] = []
        """All that ``send`` and ``refuse`` gave."""
        self.error: CrossfadeError | None = None
        """Why the dialect ended the session, if it did."""

    @property
    def config(self) -> SessionConfig | None:
        """The session's configuration, once there was a ``Start``."""
        return next((c.config for c in self.commands if isinstance(c, Start)), None)


def replay(lines: Sequence[Line], server: ServerDialect) -> Replay:
    """Run the server's end of a dialect through a transcript.

    Raises:
        TranscriptMismatchError: At the first line at which it does something else.
        ValueError: If an ``audio_ms`` line comes where no raw audio format was agreed on.
    """
    run = _ServerRun(server)
    if not any(isinstance(line, Open) for line in lines):
        run.open(Handshake(path="/"))
    for number, line in enumerate(lines, start=1):
        run.step(number, line)
    run.expect_silence(len(lines))
    return run.result


def replay_client(
    lines: Sequence[Line],
    client: ClientDialect,
    *,
    config: SessionConfig,
    times_words: bool = True,
) -> list[Event]:
    """Run the client's end of a dialect through a transcript.

    Args:
        lines: The transcript.
        client: A fresh client end.
        config: What the session was asked to be; ``replay(...).config`` has it.
        times_words: The protocol says when each word was said, so that this is compared too.

    Returns:
        What the client end made of the ``server`` lines.

    Raises:
        TranscriptMismatchError: If it does not understand a line, hears other words than those of
            the ``event`` lines, or misjudges the close.
    """
    client.request("ws://localhost", key=None, config=config)
    client.open()
    heard: list[Event] = []
    broken: CrossfadeError | None = None
    for number, line in enumerate(lines, start=1):
        match line:
            case ServerSays():
                try:
                    heard += client.receive(line.frame)
                except UpstreamError as error:
                    broken = error
                except CrossfadeError as error:
                    raise TranscriptMismatchError(number, f"not understood: {error}") from error
            case Closes():
                _judge_close(number, line, client, broken)
            case About() | Open() | ClientSays() | AudioMs() | AudioBytes() | Commands():
                pass
            case Reports():
                pass
    _compare_words(lines, heard, times_words=times_words)
    return heard


class _ServerRun:
    """A server end, and what it has said that no line has named yet."""

    def __init__(self, server: ServerDialect) -> None:
        self.result = Replay()
        self._server = server
        self._unheard: deque[Frame | Goodbye] = deque()
        self._uncompared: deque[Command] = deque()

    def step(self, number: int, line: Line) -> None:
        if isinstance(line, Commands):
            self._compare_command(number, line)
            return
        if isinstance(line, Open | ClientSays | AudioMs | AudioBytes | Reports):
            self.expect_silence(number)
            self._uncompared.clear()
        match line:
            case Open():
                self.open(line.handshake)
            case ClientSays():
                self._receive(line.frame)
            case AudioMs():
                self._listen(number, line.chunk(self._raw_audio(number)), line.frames)
            case AudioBytes():
                self._listen(number, bytes(line.audio_bytes), line.frames)
            case Reports():
                self._say(self._server.send(line.event))
            case ServerSays() | Closes():
                self._compare_said(number, line)
            case About():
                pass

    def open(self, handshake: Handshake) -> None:
        self._server.credential(handshake)
        try:
            self._take(self._server.open(handshake))
        except CrossfadeError as error:
            self._refuse(error)

    def expect_silence(self, number: int) -> None:
        if self._unheard:
            _differ(number, said=self._unheard[0], expected="nothing")

    def _receive(self, frame: Frame) -> None:
        try:
            self._take(self._server.receive(frame))
        except CrossfadeError as error:
            self._refuse(error)

    def _listen(self, number: int, chunk: bytes, frames: int) -> None:
        for _ in range(frames):
            before = len(self.result.commands)
            self._receive(chunk)
            new = self.result.commands[before:]
            if self.result.error is None and new != [Audio(data=chunk)]:
                raise TranscriptMismatchError(number, f"{len(chunk)} bytes of audio became {new}")

    def _raw_audio(self, number: int) -> RawAudio:
        config = self.result.config
        if config is None or not isinstance(config.audio, RawAudio):
            raise ValueError(f"line {number}: no raw audio format yet; use audio_bytes")
        return config.audio

    def _take(self, commands: list[Command]) -> None:
        self.result.commands += commands
        self._uncompared.extend(commands)

    def _say(self, said: Sequence[Frame | Goodbye]) -> None:
        self.result.said += said
        self._unheard.extend(said)

    def _refuse(self, error: CrossfadeError) -> None:
        self.result.error = error
        refusal = self._server.refuse(error)
        self._say([*refusal.frames, refusal.goodbye])

    def _compare_command(self, number: int, line: Commands) -> None:
        command = self._uncompared.popleft() if self._uncompared else None
        if command != line.command:
            _differ(number, said=command, expected=line.command)

    def _compare_said(self, number: int, line: ServerSays | Closes) -> None:
        said = self._unheard.popleft() if self._unheard else None
        if isinstance(line, ServerSays):
            same = isinstance(said, str) and matches(msgspec.json.decode(said), line.server)
            expected: object = msgspec.json.encode(line.server).decode()
        else:
            wanted = line.close
            same = isinstance(said, Goodbye) and said.code == wanted.code
            same = same and wanted.reason in (None, getattr(said, "reason", None))
            expected = wanted
        if not same:
            _differ(number, said=said, expected=expected)


def _differ(number: int, *, said: object, expected: object) -> NoReturn:
    raise TranscriptMismatchError(number, f"\n  got      {said}\n  expected {expected}")


def _judge_close(
    number: int, line: Closes, client: ClientDialect, broken: CrossfadeError | None
) -> None:
    verdict = broken or client.closed(line.close.code, line.close.reason or "")
    if (verdict is None) != (line.close.code == 1000):
        raise TranscriptMismatchError(number, f"close {line.close.code} was judged {verdict!r}")


def _compare_words(lines: Sequence[Line], heard: Sequence[Event], *, times_words: bool) -> None:
    spoken = _final_words([line.event for line in lines if isinstance(line, Reports)])
    understood = _final_words(heard)
    if not spoken:
        return  # a recording of a foreign server has no events of ours to compare with
    if [_letters(word) for word in spoken] != [_letters(word) for word in understood]:
        _differ(len(lines), said=understood, expected=spoken)
    for ours, theirs in zip(spoken, understood, strict=True) if times_words else ():
        lost_ms = max(abs(ours.start_ms - theirs.start_ms), abs(ours.end_ms - theirs.end_ms))
        if lost_ms > _WIRE_PRECISION_MS:
            _differ(len(lines), said=theirs, expected=ours)


def _final_words(events: Sequence[Event]) -> list[Word]:
    """The words that will not change; those of several channels in the order of their finals."""
    apart = [event.event if isinstance(event, ChannelEvent) else event for event in events]
    return [word for event in apart if isinstance(event, Final) for word in event.words]


def _letters(word: Word) -> str:
    """What survives every protocol: some write words without capitals and marks."""
    return "".join(filter(str.isalnum, word.text)).casefold()
