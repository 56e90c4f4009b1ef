"""``crossfade demo``: a server and live captions through every dialect, in the first minute."""

from pathlib import Path

import click

from crossfade.cli.options import example, load_settings, run, setting_options


@click.command(
    short_help="Serve, and caption a recording in every protocol: begin here.",
    epilog=example("crossfade demo", "crossfade demo --once"),
)
@click.option("--once", is_flag=True, help="End after the captions.")
@setting_options("port", "data_dir", "model_dir", "threads", "backend")
def demo(*, once: bool, config: Path | None, **flags: object) -> None:
    """Start a server on this machine and stream a recording through each of its dialects.

    Then it prints what clients need to connect, and serves until Ctrl-C.
    """
    from crossfade.cli.demonstration import show
    from crossfade.cli.serving import check

    settings = load_settings(flags, config)
    check(settings)
    if not run(show(settings, once=once)):
        raise SystemExit(1)
