"""What ``crossfade listen`` shows: captions with a level meter, or lines where nobody looks.

In a terminal a turn scrolls up when it has ended. Below are the open one, plain where it is settled
and dim where it may still change, and one line that tells how the microphone is doing.
"""

import time
from collections.abc import Sequence
from types import TracebackType
from typing import Self

import click
import msgspec
from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from crossfade.cli.live import Captions
from crossfade.client import SessionEvent
from crossfade.client.lines import written
from crossfade.client.sources import Microphone, Trouble
from crossfade.model import TurnEnded, Word

METER_CELLS = 20
METER_FLOOR_DB = -60.0
_LOUD_DB, _TOO_LOUD_DB = -6.0, -1.0

_OPEN_LINES = 6


class ListenView:
    """One microphone and what was said into it."""

    def __init__(self, microphone: Microphone, *, as_json: bool) -> None:
        """Show it on stdout, and what goes wrong on stderr."""
        self._microphone = microphone
        self._as_json = as_json
        self._captions = Captions("")
        self._console = Console(highlight=False)
        is_seen = self._console.is_terminal and not as_json
        # Drawn when we say so, not by a thread of its own.
        self._live = Live(console=self._console, auto_refresh=False, transient=True)
        self._is_live = is_seen
        self._trouble: Trouble | None = None
        self._began_s = time.monotonic()
        self.is_ending = False
        """Nothing is recorded any more, the last words are waited for."""

    def __enter__(self) -> Self:
        if self._is_live:
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._is_live:
            self._live.stop()
        self._print()

    def begin(self) -> None:
        """The microphone gives sound."""
        device = self._microphone.device
        if device is not None:
            self._tell(f"Listening to {device.name} ({device.rate_hz} Hz). Ctrl-C ends.")
        self._began_s = time.monotonic()

    def show(self, event: SessionEvent, sent_ms: int) -> None:
        """Show what one event changed."""
        self._captions.take(event, sent_ms=sent_ms)
        is_due = isinstance(event, TurnEnded) if self._is_live else self._captions.is_line_due
        if is_due:
            self._print()
        if self._is_live:
            self.refresh()

    def refresh(self) -> None:
        """Show how loud it is, or what is wrong."""
        trouble = None if self.is_ending else self._microphone.trouble
        if self._is_live:
            self._live.update(Group(*self._open_turn(), self._status(trouble)), refresh=True)
        elif trouble is not self._trouble and trouble is not None:
            self._tell(trouble.value)
        self._trouble = trouble

    def _tell(self, message: str) -> None:
        if self._is_live:  # above what is drawn, which a line on stderr would break
            self._console.print(message, style="dim", markup=False, soft_wrap=True)
        else:
            click.echo(message, err=True)

    def _print(self) -> None:
        words = self._captions.waiting
        if not words:
            return
        text = self._captions.unprinted()
        line = _json(words, text) if self._as_json else text
        self._console.print(line, markup=False, soft_wrap=True)

    def _open_turn(self) -> list[Text]:
        text = Text(written(self._captions.waiting))
        if self._captions.partial:
            text.append(" " if text else "").append(written(self._captions.partial), style="dim")
        return list(text.wrap(self._console, self._console.width)[-_OPEN_LINES:])

    def _status(self, trouble: Trouble | None) -> Text:
        """One line, cut where the terminal ends."""
        minutes, seconds = divmod(int(time.monotonic() - self._began_s), 60)
        line = Text(f"{minutes}:{seconds:02} ", no_wrap=True, overflow="ellipsis")
        if self.is_ending:
            return line.append("the last words; Ctrl-C leaves at once", style="bold")
        line.append_text(meter(self._microphone.level_db))
        if trouble is not None:
            return line.append(f" {trouble.value}", style="bold yellow")
        return line.append(f" {self._captions.state or ''}", style="dim")


def meter(level_db: float) -> Text:
    """Draw a level: a bar from ``METER_FLOOR_DB`` to full scale."""
    share = min(max(0.0, 1 - level_db / METER_FLOOR_DB), 1.0)
    n_full = round(share * METER_CELLS)
    style = "red" if level_db > _TOO_LOUD_DB else "yellow" if level_db > _LOUD_DB else "green"
    return Text.assemble(("█" * n_full, style), ("░" * (METER_CELLS - n_full), "dim"))


def _json(words: Sequence[Word], text: str) -> str:
    line = {"start_ms": words[0].start_ms, "end_ms": words[-1].end_ms, "text": text}
    return msgspec.json.encode({**line, "words": [_fields(word) for word in words]}).decode()


def _fields(word: Word) -> dict[str, object]:
    return {
        name: value
        for name, value in msgspec.structs.asdict(word).items()
        if value not in (None, "")
    }
