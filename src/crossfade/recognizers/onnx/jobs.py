"""A decode: why it is wanted, what it works on, what it finds out."""

from dataclasses import dataclass
from enum import IntEnum

from crossfade.recognizers.onnx.hypothesis import Hypothesis
from crossfade.recognizers.onnx.segment import Segment
from crossfade.recognizers.onnx.speakers.encoder import Embedding
from crossfade.recognizers.onnx.speakers.tracker import SpeakerWindow
from crossfade.recognizers.onnx.terms import Terms


class JobKind(IntEnum):
    """Why a decode is wanted; from ``DUE`` on it goes ahead of all partials."""

    PREVIEW = 0
    """A partial before its time, since a thread has nothing else to do: shown, and forgotten."""
    PARTIAL = 1
    DUE = 2
    """A word has been open for nearly as long as it may be."""
    PAUSE = 3
    TURN = 4
    """A turn ends here. The segment goes on, so that the next turn is heard in its context."""
    CLOSE = 5

    @property
    def urgent(self) -> bool:
        """Someone waits for its end."""
        return self >= JobKind.DUE


@dataclass(frozen=True, slots=True)
class Wanted:
    """A decode that is due."""

    kind: JobKind
    until_ms: int | None = None
    """TURN: words that end later stay open; ``None``: none does."""
    forced: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """What a job found out."""

    hypothesis: Hypothesis
    voices: tuple[Embedding, ...] = ()
    """One for each of the job's speaker windows."""


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """A self-contained decode. Whoever holds it owns its segment until ``apply``."""

    wanted: Wanted
    segment: Segment
    through: int
    terms: Terms | None
    """Key terms that make some words easier to hear."""
    windows: tuple[SpeakerWindow, ...] = ()
    """Pieces of speech whose speaker is to be told before words are settled."""

    def run(self) -> Heard:
        """Do the arithmetic. For a worker thread."""
        kind = self.wanted.kind
        last = kind >= JobKind.TURN and self.wanted.until_ms is None
        voices = tuple(window.run() for window in self.windows)
        bias = self.terms.bias if self.terms is not None else None
        hypothesis = self.segment.decode(
            through=self.through, last=last, glimpse=kind is JobKind.PREVIEW, bias=bias
        )
        return Heard(hypothesis, voices)
