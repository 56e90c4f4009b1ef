"""Sessions that a gateway's shadow mode has recorded, as clips of a comparison. Nothing is played.

A is who served a session, B the second backend. Words, lags and turns are the recorded ones. No
partials are in a record, nor what its session asked for, nor how long it was open: that stays
unknown, and the report says so. Files are read one by one; only figures are kept.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from crossfade.audio import SAMPLE_RATE_HZ, PcmDecoder, Resampler, Samples, read_media
from crossfade.compare.heard import HeardClip, HeardSide, HeardTurn, HeardWord
from crossfade.compare.report import Comparison
from crossfade.compare.sides import SideFacts
from crossfade.compare.summary import Curves, Summary
from crossfade.errors import AudioError, CrossfadeError
from crossfade.gateway.shadow_records import (
    VERSION,
    Began,
    DamagedRecordError,
    Ended,
    Record,
    RecordedWord,
    Side,
    Turn,
    Words,
    read_records,
)
from crossfade.model import ContainerAudio, RawAudio

LETTERS: dict[Side, str] = {"session": "A", "shadow": "B"}

TARGETS: dict[Side, str] = {"session": "served the sessions", "shadow": "heard them as a shadow"}

NEVER_RECORDED = (
    "what sessions asked for: their longest delay, and the silence that ends a turn",
    "how often words changed after they were shown: partials are not kept",
    "how long sessions were open, and so what they cost",
)

_BLOCK_BYTES = 65_536
_GAP_MS = 20
"""So much less sound than was heard may be a cut in a sample; more is a gap."""


class NoSessionError(CrossfadeError):
    """A file, or a folder, has nothing that can be compared; the sentence names it."""


@dataclass(frozen=True)
class RecordedSession:
    """One finished record."""

    clip: HeardClip
    """Its path is that of the record."""
    began: Began
    sound: Path | None
    """The whole sound, in the format of the session; ``None``: it was not kept, or has gaps."""

    @property
    def backends(self) -> tuple[str, str]:
        """Who served it, and who heard it too."""
        return self.began.backends["session"], self.began.backends["shadow"]

    @property
    def has_positions(self) -> bool:
        """Whether anybody knows which audio came when: of bare samples alone."""
        return isinstance(self.began.audio, RawAudio)


@dataclass
class _SideSoFar:
    words: list[HeardWord] = field(default_factory=list)
    turns: list[Turn] = field(default_factory=list)
    ends: list[HeardTurn] = field(default_factory=list)
    """Of turns that had words."""
    ended: Ended | None = None

    def add(self, record: Words | Turn | Ended) -> None:
        match record:
            case Words(words=words):
                self.words += map(_word, words)
            case Turn():
                self._add_end(record)
            case Ended():
                self.ended = record

    def _add_end(self, turn: Turn) -> None:
        speech_end_ms = self.words[-1].end_ms if self.words else -1
        if speech_end_ms == (self.ends[-1].speech_end_ms if self.ends else -1):
            return  # no words since
        told_ms = None if turn.lag_ms is None else float(turn.at_ms + turn.lag_ms)
        self.turns.append(turn)
        self.ends.append(HeardTurn(speech_end_ms, told_ms))

    @property
    def reach_ms(self) -> int:
        """As far as it knows that there was audio."""
        return max([0, *(word.end_ms for word in self.words), *(turn.at_ms for turn in self.turns)])

    def heard(self, audio_ms: int) -> HeardSide:
        """Sum it up; a turn that ended where the audio did was ended by that."""
        cause = None if self.ended is None else self.ended.cause
        decided = zip(self.turns, self.ends, strict=True)
        return HeardSide(
            words=tuple(self.words),
            turns=tuple(end for turn, end in decided if not audio_ms or turn.at_ms < audio_ms),
            changed=None,
            failure=None if cause is None else f"did not come to its end: {cause}",
        )


def read_session(path: Path) -> RecordedSession:
    """Read one record.

    Raises:
        NoSessionError: If it is damaged or not finished, or lines are missing in it.
    """
    try:
        records = read_records(path)
        began = _began(path, next(records, None))
        sides = _sides(path, records)
    except DamagedRecordError as error:
        raise NoSessionError(str(error)) from None
    except OSError as error:
        raise NoSessionError(f"{path} cannot be read: {error.strerror}") from error
    audio_ms = max(side.ended.audio_ms for side in sides.values() if side.ended is not None)
    clip = HeardClip(
        name=path.name,
        path=str(path),
        stamp="",
        audio_ms=audio_ms or max(side.reach_ms for side in sides.values()),
        sides={LETTERS[name]: side.heard(audio_ms) for name, side in sides.items()},
    )
    return RecordedSession(clip, began, _whole_sound(path, began, audio_ms))


def compared(folder: Path, *, left_out: Callable[[str], None]) -> tuple[Comparison, Curves]:
    """Compare the sessions of a folder.

    Where its records are of several pairs of backends, those of the newest record are compared.

    Args:
        folder: Where a gateway writes its records.
        left_out: Told of each file that cannot be compared, with the reason.

    Raises:
        NoSessionError: If there is no finished session.
    """
    problems: list[str] = []
    counts: dict[tuple[str, str], _Count] = {}
    newest: tuple[str, str] | None = None
    for path in sorted(folder.glob("*.jsonl")):  # the names begin with the time
        try:
            session = read_session(path)
        except NoSessionError as error:
            problems.append(str(error))
            left_out(str(error))
            continue
        newest = session.backends
        counts.setdefault(newest, _Count(newest)).add(session)
    if newest is None:
        raise NoSessionError(f"{folder} has no record of a finished session")
    chosen = counts.pop(newest)
    for other in counts.values():
        problems.append(other.say_left_out(newest))
        left_out(problems[-1])
    return chosen.report(problems), chosen.summary.curves()


def clips(report: Comparison) -> Iterator[HeardClip]:
    """Read the sessions of a report again, in its order.

    Raises:
        NoSessionError: If one is not there any more.
    """
    for entry in report.recordings:
        yield read_session(Path(entry.path)).clip


def sound(clip: HeardClip) -> Iterator[Samples]:
    """Yield the samples of a session.

    Raises:
        AudioError: If its sound was not kept, or has gaps.
    """
    session = read_session(Path(clip.path))
    if session.sound is None:
        raise AudioError(f"{clip.name}: its sound was not kept")
    if isinstance(session.began.audio, RawAudio):
        return _decoded(session.sound, session.began.audio)
    return read_media(session.sound)


class _Count:
    """The sessions of one pair of backends."""

    def __init__(self, backends: tuple[str, str]) -> None:
        self._backends = backends
        self.summary = Summary(_facts(backends))
        self._n_sessions = self._n_with_positions = self._n_with_sound = 0

    def add(self, session: RecordedSession) -> None:
        self.summary.add(session.clip)
        self._n_sessions += 1
        self._n_with_positions += session.has_positions
        self._n_with_sound += session.sound is not None

    def report(self, left_out: Sequence[str]) -> Comparison:
        return self.summary.report(None, left_out=left_out, not_recorded=self._not_recorded())

    def say_left_out(self, compared: tuple[str, str]) -> str:
        return (
            f"{self._n_sessions} sessions of {' and '.join(self._backends)}: "
            f"the newest are of {' and '.join(compared)}"
        )

    def _not_recorded(self) -> Iterator[str]:
        yield from NEVER_RECORDED
        n_unknown = self._n_sessions - self._n_with_positions
        if n_unknown:
            yield (
                f"lags and length of {n_unknown} of {self._n_sessions} sessions, which sent media "
                "or packets and no bare samples: their length is taken to be as far as words reach"
            )
        n_silent = self._n_sessions - self._n_with_sound
        if n_silent:
            yield f"the sound, or all of it, of {n_silent} of {self._n_sessions} sessions"


def _facts(backends: tuple[str, str]) -> list[SideFacts]:
    return [
        SideFacts(letter=LETTERS[side], name=name, target=TARGETS[side], dialect=None, rules=None)
        for side, name in zip(LETTERS, backends, strict=True)
    ]


def _began(path: Path, record: Record | None) -> Began:
    if record is None:
        raise NoSessionError(f"{path} is not finished: nothing is in it yet")
    if not isinstance(record, Began) or record.backends.keys() != LETTERS.keys():
        raise NoSessionError(f"{path} does not begin as a record does")
    if record.version != VERSION:
        raise NoSessionError(f"{path} is a record of version {record.version}, not {VERSION}")
    return record


def _sides(path: Path, records: Iterator[Record]) -> dict[Side, _SideSoFar]:
    sides = {side: _SideSoFar() for side in LETTERS}
    for record in records:
        if isinstance(record, Began):
            raise NoSessionError(f"{path} begins twice")
        sides[record.side].add(record)
    ends = [side.ended for side in sides.values() if side.ended is not None]
    if len(ends) < len(sides):
        raise NoSessionError(f"{path} is not finished: the session goes on, or was cut off")
    if n_lost := max(ended.n_lost for ended in ends):
        raise NoSessionError(f"{path} is not whole: {n_lost} lines did not find room")
    return sides


def _word(recorded: RecordedWord) -> HeardWord:
    return HeardWord(
        text=recorded.text,
        mark=recorded.punctuation,
        start_ms=recorded.start_ms,
        end_ms=recorded.end_ms,
        confidence=recorded.confidence,
        partial_ms=recorded.partial_lag_ms,
        final_ms=recorded.final_lag_ms,
    )


def _whole_sound(path: Path, began: Began, audio_ms: int) -> Path | None:
    """Where the sound is, if it is of use: with a gap, words would stand at other places in it."""
    if began.audio_file is None:
        return None
    file = path.with_name(Path(began.audio_file).name)  # it is beside the record, whatever it says
    try:
        n_bytes = file.stat().st_size
    except OSError:
        return None
    match began.audio:
        case RawAudio(encoding=encoding, sample_rate_hz=rate_hz):
            kept_ms = n_bytes * 1000 // (rate_hz * encoding.sample_bytes)
            return file if abs(kept_ms - audio_ms) <= _GAP_MS else None
        case ContainerAudio():
            return file
        case _:
            return None  # packets: where one ends is not in the file


def _decoded(path: Path, audio: RawAudio) -> Iterator[Samples]:
    pcm, resampler = PcmDecoder(audio.encoding), Resampler(audio.sample_rate_hz, SAMPLE_RATE_HZ)
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK_BYTES):
                if (samples := resampler.push(pcm.decode(block))).size:
                    yield samples
    except OSError as error:
        raise AudioError(f"{path} cannot be read: {error.strerror}") from error
    if (samples := resampler.flush()).size:
        yield samples
