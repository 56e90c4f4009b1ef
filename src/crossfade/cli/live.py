"""Live captions in a terminal: what is settled plain, what may still change dim."""

from collections.abc import Sequence
from types import TracebackType
from typing import Self

from rich.columns import Columns
from rich.console import Console
from rich.live import Live
from rich.panel import Panel
from rich.text import Text

from crossfade.client.captions import written
from crossfade.model import Event, Final, Partial, TurnEnded, Word

_SHOWN_LINES = 7
_FRAME_WIDTH = 4


class Captions:
    """What one session has said so far."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.words: list[Word] = []
        self._partial: tuple[Word, ...] = ()
        self._printed = 0

    def take(self, event: Event) -> None:
        """Follow one event."""
        match event:
            case Final(words=words):
                self.words += words
            case Partial(words=words):
                self._partial = words
            case _:
                pass  # the others say nothing that a reader of captions would see

    def panel(self, console: Console, width: int) -> Panel:
        """Show the end of it, in a frame ``width`` characters wide."""
        text = Text(written(self.words))
        if self._partial:
            text.append(" " + written(self._partial), style="dim")
        lines = text.wrap(console, width - _FRAME_WIDTH)[-_SHOWN_LINES:]
        return Panel(Text("\n").join(lines), title=self.title, width=width, height=_SHOWN_LINES + 2)

    def unprinted(self) -> str:
        """Return what was settled since the last call."""
        words, self._printed = self.words[self._printed :], len(self.words)
        return written(words)


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

    def show(self, captions: Captions, event: Event) -> None:
        """Show what one event changed."""
        captions.take(event)
        if self._live is not None:
            self._draw()
        elif isinstance(event, TurnEnded):
            self._print(captions)

    def _draw(self) -> None:
        if self._live is not None:
            width = max(30, self._console.width // len(self._captions) - 1)
            panels = [captions.panel(self._console, width) for captions in self._captions]
            self._live.update(Columns(panels))

    def _print(self, captions: Captions) -> None:
        if self._live is None and (text := captions.unprinted()):
            self._console.print(f"{captions.title}: {text}", highlight=False, soft_wrap=True)
