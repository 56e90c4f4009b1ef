"""``crossfade conformance``: does a server do what the reference of its protocol says?"""

import itertools
import math
import sys
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

from crossfade.cli.options import JSON_OPTION, DialectName, example, run

if TYPE_CHECKING:  # imported where it is used: ``--help`` does not wait for numpy
    from collections.abc import Callable, Iterable

    from rich.status import Status

    from crossfade.audio import Samples
    from crossfade.cli.conformance_report import Plans, Results
    from crossfade.dialects.base import Dialect
    from crossfade.testing.conformance import Outcome
    from crossfade.testing.endpoint import RemoteEndpoint

MOST_MINUTES = 24 * 60.0


@click.command(
    short_help="Hold a server against the references of its protocols.",
    epilog=example(
        "crossfade conformance ws://127.0.0.1:8765 --key YOUR_KEY",
        "crossfade conformance --list --only 'start.*'",
    ),
)
@click.argument("url", required=False)
@click.option(
    "--dialect",
    "dialects",
    type=DialectName(),
    multiple=True,
    help="The protocol to ask for; repeatable.  [default: the one that has this host or path, "
    "else all]",
)
@click.option(
    "--key", metavar="KEY", envvar="CROSSFADE_KEY", help="Key for the server.  [env: CROSSFADE_KEY]"
)
@click.option(
    "--minutes",
    type=click.FloatRange(0.0, MOST_MINUTES),
    default=15.0,
    show_default=True,
    metavar="N",
    help="Send no more audio than this; cases beyond it are skipped.",
)
@click.option("--yes", is_flag=True, help="Do not ask, though the server is on another machine.")
@click.option(
    "--only",
    multiple=True,
    metavar="PATTERN",
    help="Run only these cases, by name or by what they need: 'start.*', token; repeatable.",
)
@click.option("--skip", multiple=True, metavar="PATTERN", help="Leave these cases out; repeatable.")
@click.option(
    "--paced/--full-speed",
    default=None,
    help="Send all audio at the speed of speech, or as fast as the server takes it where no case "
    "is about time.  [default: paced, unless the server is on this machine]",
)
@click.option(
    "--at-once",
    type=click.IntRange(1, 100),
    default=1,
    show_default=True,
    metavar="N",
    help="Run so many cases side by side.",
)
@click.option("--list", "is_listed", is_flag=True, help="Show the cases, and run none.")
@JSON_OPTION
def conformance(
    url: str | None,
    dialects: "tuple[Dialect, ...]",
    *,
    key: str | None,
    minutes: float,
    yes: bool,
    only: tuple[str, ...],
    skip: tuple[str, ...],
    paced: bool | None,
    at_once: int,
    is_listed: bool,
    as_json: bool,
) -> None:
    """Hold a server, ours or a vendor's, against the references of its protocols.

    Each case is one claim of a reference, seen from outside. Exits with 1 if one does not hold.
    Says first how much audio it will send, and asks where that may cost money.
    """
    from crossfade.cli.conformance_report import listing, show
    from crossfade.client.refusals import is_loopback
    from crossfade.dialects import DIALECTS
    from crossfade.testing.conformance import spoken_at
    from crossfade.testing.endpoint import RemoteEndpoint

    address = _checked(url, is_listed=is_listed)
    chosen = list(dialects) or spoken_at(address, DIALECTS)
    if is_listed:
        listing(_plans(chosen, only, skip), as_json=as_json)
        return
    plans = _plans(chosen, only, skip, has_key=bool(key), budget_s=minutes * 60)
    is_here = is_loopback(address)
    _announce(address, plans, asks=not (is_here or yes))
    endpoint = RemoteEndpoint(
        url=address,
        key=key or None,
        speech=_speech(),
        paced=not is_here if paced is None else paced,
    )
    results = run(_examine(endpoint, plans, at_once))
    show(address, results, as_json=as_json)
    if any(outcome.state == "failed" for _, outcomes in results for outcome in outcomes):
        raise SystemExit(1)


def _plans(
    dialects: "Iterable[Dialect]",
    only: tuple[str, ...],
    skip: tuple[str, ...],
    *,
    has_key: bool = True,
    budget_s: float = math.inf,
) -> "Plans":
    """Choose cases of each protocol; they share the audio.

    Raises:
        click.UsageError: If there are none.
    """
    from crossfade.testing.conformance import cases_of, plan

    plans: Plans = []
    for dialect in dialects:
        left_s = budget_s - sum(each.audio_s for _, each in plans)
        cases = cases_of(dialect)
        each = plan(cases, only=only, skip=skip, has_key=has_key, budget_s=left_s)
        plans.append((dialect, each))
    if not any(each.cases or each.skipped for _, each in plans):
        raise click.UsageError("there is no such case; --list shows them all")
    return plans


def _checked(url: str | None, *, is_listed: bool) -> str:
    """The address to look at; any, if nothing will be looked at.

    Raises:
        click.UsageError: If it is none.
    """
    if url is None and is_listed:
        return ""
    if url is None:
        raise click.UsageError("Missing argument 'URL': where sessions are opened, ws:// or wss://")
    parts = urlsplit(url)
    if parts.scheme not in ("ws", "wss") or not parts.hostname:
        raise click.UsageError("URL must start with ws:// or wss:// and name a host")
    return url


def _announce(url: str, plans: "Plans", *, asks: bool) -> None:
    """Say what it will cost, and ask if that may be somebody's money.

    Raises:
        click.UsageError: If there is nobody to ask.
        click.Abort: If the answer is no.
    """
    from crossfade.client.refusals import place

    n_cases = sum(len(each.cases) for _, each in plans)
    minutes = sum(each.audio_s for _, each in plans) / 60
    names = " and ".join(dialect.title for dialect, _ in plans)
    click.echo(
        f"{n_cases} cases of {names} at {place(url)}: at most {minutes:.1f} minutes of audio.",
        err=True,
    )
    if not asks:
        return
    if not sys.stdin.isatty():
        raise click.UsageError("the server is on another machine: say --yes if it may be charged")
    click.confirm("Go on?", abort=True, err=True)


async def _examine(endpoint: "RemoteEndpoint", plans: "Plans", at_once: int) -> "Results":
    """Run every plan, one after the other.

    Raises:
        UpstreamError: If nothing listens there.
    """
    from rich.console import Console

    from crossfade.testing.conformance import examine

    await endpoint.reach()
    results: Results = []
    with Console(stderr=True).status("") as status:
        for dialect, each in plans:
            tell = _progress(status, dialect.title, len(each.cases))
            outcomes = await examine(endpoint, each.cases, at_once=at_once, tell=tell)
            results.append((dialect, [*outcomes, *each.skipped]))
    return results


def _progress(status: "Status", title: str, n_cases: int) -> "Callable[[Outcome], None]":
    """Say which case was the last, on a terminal."""
    numbers = itertools.count(1)

    def tell(outcome: "Outcome") -> None:
        status.update(f"{title}: {next(numbers)} of {n_cases}, {outcome.case.key}")

    return tell


def _speech() -> "Samples":
    """The demo's recording, which is real speech."""
    from importlib import resources

    import numpy as np

    from crossfade.audio import read_media

    file = resources.files("crossfade.cli") / "demo" / "speech.flac"
    with resources.as_file(file) as path:
        return np.concatenate(list(read_media(path)))
