"""``crossfade doctor``: is this machine fit, and what to do where it is not."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from crossfade.cli.options import JSON_OPTION, example, load_settings, run, setting_options

if TYPE_CHECKING:  # imported where it is used: ``--help`` does not wait for numpy
    from crossfade.cli.checks import Check

_MARKS = {"ok": "ok", "warn": "warning", "broken": "BROKEN"}
_TITLES = {"tls": "TLS"}
_STYLES = {"ok": "green", "warn": "yellow", "broken": "bold red"}


@click.command(
    short_help="Look at everything that serving depends on.",
    epilog=example("crossfade doctor", "crossfade doctor --json"),
)
@setting_options(
    *("host", "port", "cert", "key_file", "tls"), *("threads", "data_dir", "model_dir")
)
@JSON_OPTION
def doctor(config: Path | None, *, as_json: bool, **flags: object) -> None:
    """Look at everything that serving depends on; takes a few seconds.

    Exits with 1 if anything is broken. Warnings tell what works, but could work better.
    """
    from crossfade.cli.checks import examine

    checks = run(examine(load_settings(flags, config)))
    broken = any(check.state == "broken" for check in checks)
    if as_json:
        rows = {check.name: _row(check) for check in checks}
        click.echo(json.dumps({"ok": not broken, "checks": rows}, indent=2))
    else:
        _print(checks)
    if broken:
        raise SystemExit(1)


def _row(check: "Check") -> dict[str, object]:
    return {
        "state": check.state,
        "value": check.value,
        "found": check.found,
        "advice": check.advice or None,
    }


def _print(checks: "list[Check]") -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, show_header=False, pad_edge=False)
    for check in checks:
        found = Text(check.found)
        if check.advice:
            found.append(f"\n{check.advice}", style="italic")
        state = Text(_MARKS[check.state], style=_STYLES[check.state])
        table.add_row(_TITLES.get(check.name, check.name), state, found)
    Console().print(table)
