"""The page, piece by piece. Jinja2 is the extra ``crossfade[report]``; autoescape is always on."""

from collections.abc import Iterable, Iterator
from importlib import resources
from typing import TYPE_CHECKING

from crossfade.compare.figures import figures, percent
from crossfade.compare.heard import HeardClip
from crossfade.compare.page import pictures
from crossfade.compare.page.sections import Section, Sound, of_file, section
from crossfade.compare.report import Comparison
from crossfade.compare.summary import Curves
from crossfade.compare.verdict import verdict
from crossfade.errors import CrossfadeError

if TYPE_CHECKING:  # an extra, which is not there for everybody
    from jinja2 import Environment

OPEN_AT_FIRST = 3
"""Recordings that are unfolded from the beginning: the worst ones."""


class PageError(CrossfadeError):
    """The page cannot be written; the sentence says what to do."""


def check_installed() -> None:
    """See that the template engine is there, before an hour has been spent on what it is for.

    Raises:
        PageError: If it is not.
    """
    try:
        import jinja2  # noqa: F401  # only to see whether it can be
    except ImportError:
        message = "--html needs the package jinja2: pip install 'crossfade[report]'"
        raise PageError(message) from None


def pieces(
    report: Comparison,
    curves: Curves,
    heard: Iterable[HeardClip],
    *,
    with_audio: bool,
    sound: Sound = of_file,
) -> Iterator[str]:
    """Write the page; one recording is in memory at a time.

    Args:
        report: All figures.
        curves: Distributions of lags.
        heard: The recordings, in the report's order.
        with_audio: Put their sound into the page.
        sound: Where it comes from.
    """
    numbers = {side.letter: number for number, side in enumerate(report.sides)}
    plots = [
        pictures.plot(name, {numbers[letter]: each[key] for letter, each in curves.items()})
        for key, name in (("partial", "To first sight"), ("final", "To final"))
    ]
    template = _environment().get_template("page.html.j2")
    yield from template.generate(
        report=report,
        groups=figures(report),
        verdict=verdict(report),
        plots=[plot for plot in plots if plot is not None],
        sections=_sections(report, heard, sound, with_audio=with_audio),
        with_audio=with_audio,
        open_at_first=OPEN_AT_FIRST,
        pictures=pictures,
        percent=percent,
    )


def _sections(
    report: Comparison, heard: Iterable[HeardClip], sound: Sound, *, with_audio: bool
) -> Iterator[Section]:
    for number, (clip, row) in enumerate(zip(report.recordings, heard, strict=True), start=1):
        yield section(number, clip, row, sound=sound, with_audio=with_audio)


def _environment() -> "Environment":
    from jinja2 import Environment, FunctionLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=FunctionLoader(_file),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    # Ours, and nothing that anybody said: may stand as it is.
    environment.globals["style"] = Markup(_file("page.css"))
    environment.globals["script"] = Markup(_file("page.js"))
    return environment


def _file(name: str) -> str:
    return resources.files("crossfade.compare.page").joinpath(name).read_text(encoding="utf-8")
