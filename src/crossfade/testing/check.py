"""What holds for every dialect, whatever its vendor.

Noise is drawn from a seeded generator, so that a failure comes back on the next run.
"""

import random
from collections.abc import Sequence
from pathlib import Path

import msgspec

from crossfade.dialects.base import (
    Dialect,
    DialectSettings,
    Frame,
    Handshake,
    Refusal,
    ServerDialect,
)
from crossfade.errors import CrossfadeError
from crossfade.model import Audio, Command
from crossfade.testing.replay import replay, replay_client
from crossfade.testing.transcript import ClientSays, Line, Open, audio_size, read_transcript

_MAX_REASON_BYTES = 123
"""The longest reason of a close frame, RFC 6455 section 5.5."""


def check_dialect(
    dialect: Dialect, transcripts: Path, *, n_rounds: int = 300, seed: int = 20_260_801
) -> None:
    """Run every check on a dialect.

    * Each transcript, with both ends: see ``replay`` and ``replay_client``. What the server end
      says, the client end understands.
    * ``n_rounds`` sessions of frames in any order, the transcripts' own and noise, give nothing but
      commands or a ``CrossfadeError``, which the dialect can then put into words.
    * How audio is cut changes nothing.

    Args:
        dialect: The line of the register.
        transcripts: A folder of ``.jsonl`` files, at least one of them.
        n_rounds: How many sessions of noise.
        seed: Which noise.

    Raises:
        AssertionError: If something does not hold; the message names the transcript and line.
    """
    recordings = {path.name: read_transcript(path) for path in sorted(transcripts.glob("*.jsonl"))}
    assert recordings, f"no transcripts in {transcripts}"
    for name, lines in recordings.items():
        try:
            check_transcript(dialect, lines)
        except AssertionError as error:
            error.add_note(f"in {name}")
            raise
    check_any_frames(dialect, list(recordings.values()), n_rounds=n_rounds, seed=seed)
    for lines in recordings.values():
        check_audio_chunks(dialect, lines, seed=seed)


def check_transcript(dialect: Dialect, lines: Sequence[Line]) -> None:
    """Run both ends of a dialect through one transcript."""
    result = replay(lines, dialect.server(_SETTINGS))
    if result.config is not None:
        replay_client(
            lines, dialect.client(), config=result.config, times_words=dialect.times_words
        )


def check_any_frames(
    dialect: Dialect, recordings: Sequence[Sequence[Line]], *, n_rounds: int, seed: int
) -> None:
    """Feed the server end frames in any order."""
    rng = random.Random(seed)
    frames = [line.frame for lines in recordings for line in lines if isinstance(line, ClientSays)]
    for _ in range(n_rounds):
        server = dialect.server(_SETTINGS)
        if not _opened(server, _handshake(rng.choice(recordings))):
            continue
        for _ in range(rng.randrange(1, 12)):
            if _received(server, _any_frame(rng, frames)) is None:
                break


def check_audio_chunks(dialect: Dialect, lines: Sequence[Line], *, seed: int) -> None:
    """Cut the same audio in many ways: the same bytes come out, one command a frame."""
    rng = random.Random(seed)
    audio = rng.randbytes(20_000)
    for longest in (1, 3, 320, 4096, len(audio)):
        server = _listening_server(dialect, lines)
        if server is None:
            return  # a recording of a session that never came to audio
        position = 0
        while position < len(audio):
            chunk = audio[position : position + rng.randint(1, longest)]
            position += len(chunk)
            commands = server.receive(chunk)
            assert commands == [Audio(data=chunk)], f"{len(chunk)} bytes became {commands}"
        assert position == len(audio)


# Rules on the length and pace of frames are the session's time, which noise does not keep.
_SETTINGS = DialectSettings(lenient_audio=True)


def _listening_server(dialect: Dialect, lines: Sequence[Line]) -> ServerDialect | None:
    """Bring a server end to where it hears audio: at once, or after the client's first frame."""
    first = [line.frame for line in lines if isinstance(line, ClientSays)][:1]
    for frames in ([], first):
        server = dialect.server(_SETTINGS)
        if not _opened(server, _handshake(lines)):
            return None
        if all(_received(server, frame) is not None for frame in frames) and _takes_audio(server):
            return server
    return None


def _takes_audio(server: ServerDialect) -> bool:
    try:
        return audio_size(server.receive(bytes(2))) == 2
    except CrossfadeError:
        return False


def _handshake(lines: Sequence[Line]) -> Handshake:
    return next((line.handshake for line in lines if isinstance(line, Open)), Handshake(path="/"))


def _opened(server: ServerDialect, handshake: Handshake) -> bool:
    server.credential(handshake)
    try:
        server.open(handshake)
    except CrossfadeError as error:
        _check_refusal(server.refuse(error))
        return False
    return True


def _received(server: ServerDialect, frame: Frame) -> list[Command] | None:
    """Return commands, or ``None`` if the session is over."""
    try:
        commands = server.receive(frame)
    except CrossfadeError as error:
        _check_refusal(server.refuse(error))
        return None
    assert all(isinstance(command, Command) for command in commands), commands
    return commands


def _check_refusal(refusal: Refusal) -> None:
    for frame in refusal.frames:
        assert isinstance(frame, str), "a refusal is text"
        msgspec.json.decode(frame)
    code, reason = refusal.goodbye.code, refusal.goodbye.reason
    assert 1000 <= code < 5000, f"{code} is not a close code"
    assert len(reason.encode()) <= _MAX_REASON_BYTES, f"a close reason too long: {reason}"


def _any_frame(rng: random.Random, recorded: Sequence[str]) -> Frame:
    """A frame of the recordings, whole or damaged; or noise."""
    kind = rng.randrange(6)
    if kind == 0:
        return rng.randbytes(rng.choice((0, 1, rng.randrange(64))))
    if kind == 1 or not recorded:
        return "".join(map(chr, rng.choices(range(32, 0x3000), k=rng.randrange(40))))
    frame = rng.choice(recorded)
    if kind == 2:
        return frame[: rng.randrange(len(frame) + 1)]
    if kind == 3:
        return _with_one_value_changed(rng, frame)
    return frame


def _with_one_value_changed(rng: random.Random, frame: str) -> str:
    try:
        value = msgspec.json.decode(frame)
    except msgspec.DecodeError:
        return frame
    inner = value
    while isinstance(inner, dict) and inner:
        key = rng.choice(list(inner))
        if not isinstance(inner[key], dict) or rng.random() < 0.3:
            inner[key] = rng.choice([None, True, -1, 0.5, 10**12, "", "x", [], [1], {}, {"a": 1}])
            break
        inner = inner[key]
    return msgspec.json.encode(value).decode()
