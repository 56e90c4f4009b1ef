"""Whatever a page names is there: links, commands and their options, settings, metrics, targets.

The blocks of commands that pages show are run by other tests; here are names within sentences.
"""

import re

import click
import pytest

from crossfade import cli
from crossfade.server.metrics_page import page as metrics_page
from crossfade.settings import SETTINGS
from processes import CHECKOUT

PAGES = [
    *(CHECKOUT / name for name in ("README.md", "CHANGELOG.md")),
    *sorted((CHECKOUT / "docs").rglob("*.md")),
]
OF_OTHER_PROGRAMS = {
    *("--ssl-mode", "--auth-token"),  # the `speechmatics` command
    *("--external", "--no-partials", "--speakers", "--strict"),  # an example for Agent STT
}

every_page = pytest.mark.parametrize(
    "page", PAGES, ids=lambda page: str(page.relative_to(CHECKOUT))
)


def codes(page):
    """What stands between backquotes, and the lines of blocks."""
    text = page.read_text()
    blocks = re.findall(r"^```\w*\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    rest = re.sub(r"^```\w*\n(.*?)^```", "", text, flags=re.DOTALL | re.MULTILINE)
    lines = [line.removeprefix("$ ") for block in blocks for line in block.splitlines()]
    return [*lines, *(" ".join(span.split()) for span in re.findall(r"`([^`]+)`", rest))]


def anchors(page):
    """What GitHub makes of headings."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    plain = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {heading.replace(" ", "-") for heading in plain}


def options_of(command):
    return {"--help", "-h", "--version"} | {
        option for each in command.params for option in (*each.opts, *each.secondary_opts)
    }


def every_command(command=cli.crossfade):
    yield command
    for inner in getattr(command, "commands", {}).values():
        yield from every_command(inner)


def commands_in(code):
    """Follow the words of a command line: every command that it stands for, and what is unknown."""
    found = [cli.crossfade]
    for word in code.split()[1:]:
        if not all(isinstance(each, click.Group) for each in found) or not word[0].islower():
            break
        found = [each.commands.get(name) for each in found for name in word.split("|")]
        assert None not in found, f"there is no {code}"
    return found


@every_page
def test_links_lead_somewhere(page):
    for link in re.findall(r"\]\((?!https?:)([^)\s]+)\)", page.read_text()):
        name, _, anchor = link.partition("#")
        target = (page.parent / name) if name else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


@every_page
def test_commands_and_their_options_are_there(page):
    for code in codes(page):
        if code.startswith("crossfade "):
            known = set().union(*map(options_of, commands_in(code)))
            named = re.findall(r"(?<=\s)--?[a-z][a-z-]*", code.partition(" #")[0])
            assert set(named) <= known, code


@every_page
def test_options_that_stand_alone_are_there(page):
    known = set().union(OF_OTHER_PROGRAMS, *map(options_of, every_command()))
    named = {code.split()[0] for code in codes(page) if re.match(r"--[a-z]", code)}
    assert named <= known


@every_page
def test_settings_variables_and_metrics_are_there(page):
    text = page.read_text()
    variables = {row.env for row in SETTINGS} | {"CROSSFADE_CONFIG"}
    named = set(re.findall(r"\bCROSSFADE_(?!TEST_)[A-Z_]+\b", text))
    assert named <= variables
    keys = {row.key for row in SETTINGS if row.key is not None}
    sections = "|".join({key.partition(".")[0] for key in keys} - {"server"})
    assert set(re.findall(rf"`((?:{sections})\.[a-z_]+)`", text)) <= keys
    metrics = set(re.findall(r"`(crossfade_\w+)`", metrics_page()))
    for name in re.findall(r"`(crossfade_\w+?)(?:_total)?[`{]", text):
        assert name in metrics


@every_page
def test_targets_of_make_are_there(page):
    makefile = (CHECKOUT / "Makefile").read_text()
    for code in codes(page):
        if code.startswith("make "):
            assert re.search(rf"^{code.split()[1]}:", makefile, re.MULTILINE), code
