"""Live captions in a terminal: what is settled plain, what may still change dim.

Where the output is no terminal, settled words only, a line for each sentence or turn.
"""

from collections.abc import Sequence
from types import TracebackType
from typing import Self

from rich.columns import Columns
from rich.console import Console
from rich.live import Live
from rich.panel import Panel
from rich.text import Text

from crossfade.client import Reconnected, Reconnecting, SessionEvent
from crossfade.client.lines import written
from crossfade.model import Final, Partial, TurnEnded, Word

_SHOWN_LINES = 7
_FRAME_WIDTH = 4
_SHOWN_WORDS = 150
"""More than fit into the shown lines, however short they are."""

_LONGEST_LINE_WORDS = 40
"""So many settled words wait for the end of their sentence, where lines are printed."""

_SENTENCE_ENDS = (".", "?", "!")
_TITLES = frozenset({"dr", "mr", "mrs", "ms", "st"})
"""Their full stop ends no sentence."""


class Captions:
    """What one session has said so far."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.words: list[Word] = []
        self._turns: list[list[Word]] = [[]]
        self.partial: tuple[Word, ...] = ()
        """What may still change."""
        self._n_printed = 0
        self._newest_ms = 0
        self._lag_ms: int | None = None
        self._is_lost = False
        self.is_line_due = False
        """What is not printed yet is worth a line."""

    def take(self, event: SessionEvent, *, sent_ms: int | None = None) -> None:
        """Follow one event.

        Args:
            event: The next one of the session.
            sent_ms: How much live audio was sent by now; ``None``: it is not live.
        """
        match event:
            case Final(words=words):
                self.words += words
                self._turns[-1] += words
                self._time(words, sent_ms)
            case Partial(words=words):
                self.partial = words
                self._time(words, sent_ms)
            case TurnEnded() if self._turns[-1]:
                self._turns.append([])
            case Reconnecting():
                self._is_lost = True
            case Reconnected():
                self._is_lost = False
            case _:
                pass  # the others say nothing that a reader of captions would see
        self.is_line_due = self._n_waiting > 0 and (
            isinstance(event, TurnEnded)
            or _ends_sentence(self.words[-1])
            or self._n_waiting >= _LONGEST_LINE_WORDS
        )

    @property
    def _n_waiting(self) -> int:
        return len(self.words) - self._n_printed

    @property
    def waiting(self) -> Sequence[Word]:
        """What is settled and not printed yet."""
        return self.words[self._n_printed :]

    @property
    def state(self) -> str | None:
        """How it goes: the lag, or that the connection is lost."""
        if self._is_lost:
            return "connection lost, trying again"
        return None if self._lag_ms is None else f"lag {self._lag_ms / 1000:.1f} s"

    def panel(self, console: Console, width: int) -> Panel:
        """Show the end of it, in a frame ``width`` characters wide."""
        turns = self._turns[-_SHOWN_LINES:]
        text = Text("\n").join(Text(written(turn[-_SHOWN_WORDS:])) for turn in turns)
        if self.partial:
            gap = " " if self._turns[-1] else ""
            text.append(gap + written(self.partial), style="dim")
        lines = text.wrap(console, width - _FRAME_WIDTH)[-_SHOWN_LINES:]
        return Panel(
            Text("\n").join(lines),
            title=self.title,
            subtitle=self.state,
            width=width,
            height=_SHOWN_LINES + 2,
        )

    def unprinted(self) -> str:
        """Return what was settled since the last call."""
        words, self._n_printed = self.waiting, len(self.words)
        return written(words)

    def _time(self, words: Sequence[Word], sent_ms: int | None) -> None:
        """Take the lag from the first sight of a word."""
        if sent_ms is not None and words and words[-1].end_ms > self._newest_ms:
            self._newest_ms = words[-1].end_ms
            self._lag_ms = max(0, sent_ms - self._newest_ms)


class LiveView:
    """Several captions side by side; line by line where the output is no terminal."""

    def __init__(self, console: Console, captions: Sequence[Captions]) -> None:
        self._console = console
        self._captions = captions
        self._live = Live(console=console, refresh_per_second=12) if console.is_terminal else None

    def __enter__(self) -> Self:
        if self._live is not None:
            self._live.start()
            self._draw()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._live is not None:
            self._live.stop()
        for captions in self._captions:
            self._print(captions)

    def show(self, captions: Captions, event: SessionEvent, *, sent_ms: int | None = None) -> None:
        """Show what one event changed; ``sent_ms`` as for ``Captions.take``."""
        captions.take(event, sent_ms=sent_ms)
        if self._live is not None:
            self._draw()
        elif captions.is_line_due:
            self._print(captions)

    def _draw(self) -> None:
        if self._live is not None:
            width = max(30, self._console.width // len(self._captions) - 1)
            panels = [captions.panel(self._console, width) for captions in self._captions]
            self._live.update(Columns(panels))

    def _print(self, captions: Captions) -> None:
        if self._live is None and (text := captions.unprinted()):
            line = f"{captions.title}: {text}" if captions.title else text
            self._console.print(line, highlight=False, markup=False, soft_wrap=True)


def _ends_sentence(word: Word) -> bool:
    return word.punctuation.endswith(_SENTENCE_ENDS) and word.text.casefold() not in _TITLES
