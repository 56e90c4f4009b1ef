"""``crossfade migrate``: what a program uses of one vendor, and what becomes of it at another."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from crossfade.cli.options import JSON_OPTION, DialectName, example
from crossfade.errors import CrossfadeError

if TYPE_CHECKING:
    from crossfade.dialects.base import Dialect
    from crossfade.migrate.rewriting import Rewritten


class TakenError(CrossfadeError):
    """There is a file where one was to be written."""


class NothingToRewriteError(CrossfadeError):
    """The program uses no other vendor."""


class _Destination(DialectName):
    """A dialect that programs can be led to."""

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> "Dialect":
        from crossfade.dialects import DIALECTS
        from crossfade.migrate.checking import led_to

        dialect = super().convert(value, param, ctx)
        known = led_to(DIALECTS)
        if dialect not in known:
            names = ", ".join(other.name for other in known)
            self.fail(f"programs can be led to {names}", param, ctx)
        return dialect


_TO = click.option(
    "--to",
    type=_Destination(),
    help="The protocol to go to.  [default: the one that the program does not speak]",
)
_FILE = click.Path(path_type=Path, dir_okay=False, exists=True)


@click.group(epilog=example("crossfade migrate check ."))
def migrate() -> None:
    """Lead programs from one vendor to another."""


@migrate.command(
    epilog=example("crossfade migrate check .", "crossfade migrate check client.py --json")
)
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
@_TO
@JSON_OPTION
def check(*, paths: tuple[Path, ...], to: "Dialect | None", as_json: bool) -> None:
    """Find what programs use of a vendor, and say what becomes of each setting, message and call.

    Reads Python programs, and line by line other languages, JSON, YAML, TOML and .env files,
    in PATHS and the folders below. Verdicts are those of docs/mapping.md. Exits with 1 if something
    is dropped, or is a setting that no table has.
    """
    from crossfade.cli import migrate_view
    from crossfade.dialects import DIALECTS
    from crossfade.migrate.checking import check as look

    report = look(paths, DIALECTS, to=to)
    if as_json:
        click.echo(json.dumps(migrate_view.as_json(report), indent=2))
    else:
        migrate_view.show(report)
    if report.loses:
        raise SystemExit(1)


@migrate.command(
    epilog=example(
        "crossfade migrate config start.json",
        "crossfade migrate config query.txt --json",
        "pbpaste | crossfade migrate config -",
    )
)
@click.argument("file", type=click.File("r", encoding="utf-8"))
@_TO
@JSON_OPTION
def config(*, file: TextIO, to: "Dialect | None", as_json: bool) -> None:
    """Write a captured configuration for the other vendor.

    FILE holds the first message of a session as JSON, or the address or the query of one; `-` is
    stdin. Prints what says the same in the other protocol; what becomes of each setting goes to
    stderr. Keys and tokens are left out.
    """
    from crossfade.cli import migrate_view
    from crossfade.dialects import DIALECTS
    from crossfade.migrate.converting import convert

    try:
        captured = file.read()
    except UnicodeDecodeError as error:
        raise click.UsageError(f"{file.name} is no text") from error
    converted = convert(captured, DIALECTS, to=to)
    if as_json:
        click.echo(json.dumps(migrate_view.converted_as_json(converted), indent=2))
        return
    migrate_view.show_verdicts(converted)
    if converted.message is None:
        click.echo(converted.url)
    else:
        click.echo(json.dumps(converted.message, indent=2, ensure_ascii=False))


@migrate.command(epilog=example("crossfade migrate rewrite client.py --to NAME --diff"))
@click.argument("path", type=_FILE)
@click.option("--to", type=_Destination(), required=True, help="The protocol to go to.")
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    help="Where to write it; `-` is stdout.  [default: beside it, its name with the protocol's]",
)
@click.option("--in-place", is_flag=True, help="Overwrite the program itself.")
@click.option("--diff", is_flag=True, help="Show what would change, and write nothing.")
@JSON_OPTION
def rewrite(
    *,
    path: Path,
    to: "Dialect",
    output: Path | None,
    in_place: bool,
    diff: bool,
    as_json: bool,
) -> None:
    """Write a Python program anew, so that it speaks the other vendor's protocol or uses its SDK.

    What is not about the vendor stays as it is. What could not be rewritten is marked in place and
    listed on stderr.
    """
    from crossfade.cli import migrate_view
    from crossfade.migrate.checking import MissingReaderError, reads_python

    if sum((output is not None, in_place, diff)) > 1:
        raise click.UsageError("choose one of --output, --in-place and --diff")
    if not reads_python():
        raise MissingReaderError
    from crossfade.migrate.rewriting import rewrite as write_anew
    from crossfade.migrate.rewriting import writable

    if to.name not in writable():
        names = " and ".join(writable())
        raise click.UsageError(
            f"programs are rewritten to {names} only; `migrate check --to {to.name}` says what "
            "becomes of each setting and message"
        )
    before = _program(path)
    done = write_anew(before, to=to.name)
    if done.text == before:
        raise NothingToRewriteError(
            f"nothing was found in {path} that would be written otherwise for {to.title}"
        )
    if diff:
        click.echo(migrate_view.difference(path, before, done.text), nl=False)
        target = None
    else:
        target = _write(path, done, to, output, in_place=in_place)
    migrate_view.show_marks(path if target is None else target, done)
    if as_json and not diff and target != Path("-"):
        click.echo(json.dumps(migrate_view.rewritten_as_json(target, done), indent=2))


def _program(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8")  # the ends of its lines are a part of it
    except UnicodeDecodeError as error:
        raise NothingToRewriteError(f"{path} is not UTF-8") from error


def _write(
    path: Path, done: "Rewritten", to: "Dialect", output: Path | None, *, in_place: bool
) -> Path:
    if output == Path("-"):
        sys.stdout.write(done.text)
        return Path("-")
    beside = path.with_name(f"{path.stem}.{to.name}{path.suffix}")
    target = path if in_place else output or beside
    if target is beside and beside.exists():
        raise TakenError(f"{beside} is there already; choose another name with --output")
    target.write_bytes(done.text.encode("utf-8"))
    return target
