"""Flags from the table of settings, and the rules of the command line that all commands share."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from crossfade.errors import CrossfadeError
from crossfade.settings import SETTINGS, Setting, SettingError, Settings, load

if TYPE_CHECKING:
    from crossfade.dialects.base import Dialect

_Command = TypeVar("_Command", bound=Callable[..., Any])
_T = TypeVar("_T")
_Error = TypeVar("_Error", bound=BaseException)

JSON_OPTION = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")


def example(*lines: str) -> str:
    """Return what a command's help ends with."""
    heading = "Example:" if len(lines) == 1 else "Examples:"
    return "\n".join(["\b", heading, *(f"  {line}" for line in lines)])  # \b: keep the lines apart


def setting_options(*names: str) -> Callable[[_Command], _Command]:
    """Give a command the flags of these settings, of all if none is named, and ``--config``.

    The command gets them by name, as ``load_settings`` wants them.
    """
    rows = [row for row in SETTINGS if not names or row.name in names]

    def decorate(command: _Command) -> _Command:
        for row in reversed(rows):
            command = _option(row)(command)
        return _CONFIG_OPTION(command)

    return decorate


def load_settings(flags: dict[str, object], config: Path | None) -> Settings:
    """Put flags, environment and file together.

    Raises:
        click.UsageError: If one of them has a value that is not allowed.
    """
    try:
        return load(flags, file=config)
    except SettingError as error:
        raise click.UsageError(str(error)) from error


def run(work: Coroutine[Any, Any, _T]) -> _T:
    """Run a command's coroutine, and take its one error out of the group it may come in.

    Raises:
        CrossfadeError: As raised by a task of a ``TaskGroup`` inside, without the group.
        OSError: The same: what it prints cannot be written.
    """
    try:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            return runner.run(work)
    except* (CrossfadeError, OSError) as group:
        error = first_error(group)
    raise error


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """The quickest event loop there is: 45 streams on two cores see words 5 to 20 % sooner.

    ``None``: Python's own, where uvloop is not made for the system.
    """
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


def first_error(group: BaseExceptionGroup[_Error]) -> _Error:
    """Return the error that came first of those that a group of tasks raised."""
    inner = group.exceptions[0]
    return first_error(inner) if isinstance(inner, BaseExceptionGroup) else inner


class DialectName(click.ParamType):  # type: ignore[type-arg]  # generic only in newer clicks
    """A name of the register, which is read only when it is needed."""

    name = "dialect"

    def get_metavar(self, param: click.Parameter, ctx: click.Context | None = None) -> str:
        """Show what there is to choose from."""
        return "|".join(_dialects())

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> "Dialect":
        """Find the dialect of this name."""
        found = _dialects().get(value)
        if found is None:
            self.fail(f"{value!r} is not one of {', '.join(_dialects())}", param, ctx)
        return found


def _dialects() -> "dict[str, Dialect]":
    from crossfade.dialects import DIALECTS

    return {dialect.name: dialect for dialect in DIALECTS}


_CONFIG_OPTION = click.option(
    "--config",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Configuration file.  [default: crossfade.toml here, if there is one; "
    "env: CROSSFADE_CONFIG]",
)


def _option(row: Setting) -> Callable[[_Command], _Command]:
    about = f"{row.help}  [default: {row.default_text}; env: {row.env}]"
    if row.is_switch:
        value = "false" if row.default is True else "true"
        return click.option(row.flag, row.name, flag_value=value, default=None, help=about)
    return click.option(
        row.flag, row.name, metavar=_metavar(row), multiple=row.is_repeatable, help=about
    )


def _metavar(row: Setting) -> str:
    if row.choices:
        return "|".join(row.choices)
    if row.type is Path:
        return "DIR" if row.name.endswith("_dir") else "FILE"
    if row.type is float:
        return "SECONDS" if row.name.endswith("_s") else "N"
    return "N" if row.type is int else row.flag.rpartition("-")[2].upper()
