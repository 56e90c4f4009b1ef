"""Options that the benchmarks share, and what they ask for together."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from crossfade.cli.options import DialectName, load_settings, setting_options

if TYPE_CHECKING:  # imported where it is used: ``--help`` does not wait for numpy
    from crossfade.cli.benchmarks import Wanted
    from crossfade.dialects.base import Dialect

_Command = TypeVar("_Command", bound=Callable[..., Any])

_SHORTEST_S, _LONGEST_S = 1.0, 24 * 3600.0
_MAX_DELAY = click.IntRange(300, 60_000)

MAX_DELAY_OPTION = click.option(
    "--max-delay",
    "max_delay_ms",
    type=_MAX_DELAY,
    default=2000,
    show_default=True,
    metavar="MS",
    help="Longest wait of a word for its final, as the session asks for it.",
)

MAX_DELAYS_OPTION = click.option(
    "--max-delay",
    "max_delays_ms",
    type=_MAX_DELAY,
    default=(2000,),
    show_default=True,
    multiple=True,
    metavar="MS",
    help="Longest wait of a word for its final; several are measured one after the other.",
)

JSON_FILE_OPTION = click.option(
    "--json",
    "json_file",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    help="Write everything that was measured into this file; - prints it, and no table.",
)


def common_options(command: _Command) -> _Command:
    """Add the options that all benchmarks share."""
    options = [
        click.option(
            "--manifest",
            metavar="FILE",
            type=click.Path(path_type=Path, dir_okay=False),
            help="Recordings to play, one JSON object a line: file, text, words with times.  "
            "[default: those of the checkout]",
        ),
        click.option("--language", default="en", show_default=True, help="Spoken language."),
        click.option(
            "--dialect", type=DialectName(), help="Measure over sockets, in this protocol."
        ),
        click.option("--url", help="Measure the server at this address (ws:// or wss://)."),
        click.option(
            "--key", envvar="CROSSFADE_KEY", help="Key for that server.  [env: CROSSFADE_KEY]"
        ),
        JSON_FILE_OPTION,
        setting_options("model_dir", "threads", "backend"),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def paced(*, seconds: float) -> Callable[[_Command], _Command]:
    """Add the option of those benchmarks that take a chosen time."""
    return click.option(
        "--seconds",
        type=click.FloatRange(_SHORTEST_S, _LONGEST_S),
        default=seconds,
        show_default=True,
        help="Length of each stream.",
    )


def asked_for(
    *,
    config: Path | None,
    url: str | None,
    dialect: "Dialect | None",
    model_dir: str | None,
    threads: str | None,
    backend: tuple[str, ...],
    **common: Any,
) -> "Wanted":
    """Read what the options say of whom to measure, and how.

    Raises:
        click.UsageError: If that is contradictory.
    """
    from crossfade.cli.benchmarks import Wanted

    if url is not None and dialect is None:
        raise click.UsageError("--url needs --dialect: which protocol does the server speak?")
    flags: dict[str, object] = {"model_dir": model_dir, "threads": threads, "backend": backend}
    return Wanted(settings=load_settings(flags, config), url=url, dialect=dialect, **common)
