"""``crossfade compare``: the same audio to several recognizers or servers at once."""

import logging
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from crossfade.cli.options import example, load_settings, run, setting_options
from crossfade.errors import ConfigError

_FILE = click.Path(path_type=Path, dir_okay=False)
_SECONDS = click.FloatRange(0.05, 60.0)

_OF_REPORTS = ("html_file", "no_audio", "json_file")
"""Options that recorded sessions take too; all others are about what is played."""


@click.command(
    short_help="Compare recognizers or servers on your own recordings.",
    epilog=example(
        "crossfade compare talk.mp3 --a local:max_delay=0.7 --b local:max_delay=2 --html talk.html",
        "crossfade compare calls/ --reference texts/ --a local --b NAME --json calls.json",
        "crossfade compare --shadow DATA/shadow --html shadow.html",
    ),
)
@click.argument("audio", nargs=-1, type=click.Path(path_type=Path), metavar="[AUDIO]...")
@click.option("--a", "first", metavar="SIDE", help="Who is compared.")
@click.option("--b", "second", metavar="SIDE", help="... and with whom.")
@click.option("--with", "others", multiple=True, metavar="SIDE", help="One more; can be repeated.")
@click.option(
    "--reference",
    metavar="PATH",
    type=click.Path(path_type=Path, exists=True),
    help="What is said: a text file, or a folder with NAME.txt for each recording.",
)
@click.option(
    "--manifest",
    metavar="FILE",
    type=_FILE,
    help="Recordings with references, one JSON object a line, as for `crossfade bench`; instead of "
    "AUDIO.",
)
@click.option(
    "--shadow",
    metavar="DIR",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Sessions that a gateway's [shadow] has recorded; instead of AUDIO and sides. Nothing is "
    "played.",
)
@click.option(
    "--language", metavar="CODE", default="en", show_default=True, help="Spoken language."
)
@click.option(
    "--max-delay",
    "max_delay_s",
    type=_SECONDS,
    default=2.0,
    show_default=True,
    metavar="S",
    help="Longest wait of a word for its final, in seconds, where a side says nothing else.",
)
@click.option(
    "--silence",
    "silence_s",
    type=_SECONDS,
    default=0.8,
    show_default=True,
    metavar="S",
    help="Silence that ends a turn, in seconds, where a side says nothing else.",
)
@click.option(
    "--unpaced",
    is_flag=True,
    help="As fast as it is taken, instead of in real time: changes no word, tells no lag. For "
    "recognizers in this process only.",
)
@click.option(
    "--jobs",
    metavar="N",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    help="Recordings at a time. Several load this machine, and lags with it.",
)
@click.option(
    "--key",
    metavar="KEY",
    envvar="CROSSFADE_KEY",
    help="Key for sides that are a URL.  [env: CROSSFADE_KEY]",
)
@click.option(
    "--html", "html_file", metavar="FILE", type=_FILE, help="Write a report into this one file."
)
@click.option("--no-audio", is_flag=True, help="The report holds no audio: 14 MB an hour less.")
@click.option(
    "--json",
    "json_file",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    help="Write all figures into this file; - prints them, and no table.",
)
@click.option(
    "--work",
    metavar="FILE",
    type=_FILE,
    help="Keep finished recordings here: the same command goes on after Ctrl-C.  [default: beside "
    "the report, until that is complete]",
)
@setting_options("model_dir", "threads")
@click.pass_context
def compare(
    context: click.Context,
    /,
    audio: tuple[Path, ...],
    first: str | None,
    second: str | None,
    others: tuple[str, ...],
    *,
    shadow: Path | None,
    config: Path | None,
    model_dir: str | None,
    threads: str | None,
    **options: Any,
) -> None:
    """Compare recognizers or servers: words, errors, lag, turns, cost.

    A SIDE is a backend of the configuration, `local`, or DIALECT=URL; settings of its own follow
    a colon: local:max_delay=0.7,silence=0.5. All hear the same audio in the same moments. With
    --shadow nothing is played: the sides are those that a gateway has recorded.
    """
    if shadow is not None:
        from crossfade.cli.compare_shadow import compare_records

        _refuse_what_is_played(context)
        compare_records(shadow, **{name: options[name] for name in _OF_REPORTS})
        return
    if first is None or second is None:
        missing = "first" if first is None else "second"
        raise click.MissingParameter(ctx=context, param=_parameters(context)[missing])

    from crossfade.cli.comparison import Wanted, compare_and_publish

    # Each session would say the same about what its protocol cannot carry; reports say it once.
    logging.getLogger("crossfade.client").setLevel(logging.ERROR)
    settings = load_settings({"model_dir": model_dir, "threads": threads}, config)
    try:
        wanted = Wanted(settings=settings, audio=audio, typed=(first, second, *others), **options)
    except ConfigError as error:
        raise click.UsageError(str(error)) from error
    run(compare_and_publish(wanted))


def _refuse_what_is_played(context: click.Context) -> None:
    for name, parameter in _parameters(context).items():
        is_typed = context.get_parameter_source(name) is ParameterSource.COMMANDLINE
        if is_typed and name not in ("shadow", *_OF_REPORTS):
            hint = parameter.get_error_hint(context)
            raise click.UsageError(f"--shadow compares what was recorded, and takes no {hint}")


def _parameters(context: click.Context) -> dict[str, click.Parameter]:
    return {each.name or "": each for each in context.command.params}
