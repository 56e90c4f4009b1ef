"""Progress bars on stderr: one for each recording in work, one for all of them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.text import Text

from crossfade.cli.engines import Advance


class Bars:
    """Shows nothing but messages where stderr is no terminal."""

    def __init__(self, n_files: int) -> None:
        self._console = Console(stderr=True)
        columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
        self._bars = Progress(
            *columns,
            console=self._console,
            transient=True,
            disable=not self._console.is_terminal,
        )
        self._n_files, self._n_done = n_files, 0
        self._all: TaskID | None = None

    def __enter__(self) -> "Bars":
        if self.is_shown:
            self._bars.start()
        if self._n_files > 1:
            self._all = self._bars.add_task("", total=self._n_files)
            self.count(0)
        return self

    def __exit__(self, *_: object) -> None:
        if self.is_shown:  # it would print an empty line
            self._bars.stop()

    @property
    def is_shown(self) -> bool:
        """Whether anybody sees them."""
        return not self._bars.disable

    def say(self, message: str) -> None:
        """Print a message, above the bars if there are any."""
        self._console.print(Text(message), soft_wrap=True)

    def count(self, n_more: int = 1) -> None:
        """So many more recordings are done with."""
        self._n_done += n_more
        if self._all is not None:
            about = f"{self._n_done} of {self._n_files}"
            self._bars.update(self._all, completed=self._n_done, description=about)

    @contextmanager
    def track(self, name: str, length_s: Callable[[], float | None]) -> Iterator[Advance]:
        """Show a recording as long as it is in work; its length is asked for if it is shown."""
        total_s = length_s() if self.is_shown else None
        row = self._bars.add_task(name, total=total_s)
        try:
            yield lambda read_s: self._bars.advance(row, read_s)
        finally:
            self._bars.remove_task(row)
