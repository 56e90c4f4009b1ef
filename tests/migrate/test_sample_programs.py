"""The programs that the other tests migrate do run, as they are; and what they set, is told.

Each of them runs once, against a server with a script, through a tap that keeps what it said. So
its configuration is known from the wire, and ``migrate check`` has to find all of it in the text.
"""

import asyncio
import json
from contextlib import AsyncExitStack
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest

import sample_programs
from crossfade.dialects import DIALECTS
from crossfade.migrate.checking import check
from processes import KEY, SCRIPTED_WORDS, serving
from tap import tapped

RUNNING = [
    pytest.param(program, id=f"{program.parent.name}-{program.stem}")
    for dialect in DIALECTS
    for program in sample_programs.programs(dialect.name)
    if program.stem not in sample_programs.OUT_OF_REACH
]
BARE = [parameter for parameter in RUNNING if "sdk" not in parameter.id]
"""Programs on bare sockets: they set nothing but what is written in them."""

N_AT_ONCE = 6
"""They mostly wait for time to pass."""


class Run:
    """What a program printed, and what it said to the server."""

    def __init__(self, printed: str, address: str, said: list[str | bytes]) -> None:
        self.words = " ".join(printed.split())
        self.query = dict(parse_qsl(urlsplit(address).query))
        self.messages = [json.loads(frame) for frame in said if isinstance(frame, str)]


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """All of them at the same time, or this would take minutes."""
    folder = tmp_path_factory.mktemp("programs")
    recording = sample_programs.silence(folder / "speech.wav", seconds=4)
    sample_programs.as_mulaw(recording)
    with serving(folder / "data", "--key", KEY, log_is_read=False) as server:
        yield asyncio.run(_run_all(server.address, recording))


async def _run_all(address: str, recording: Path) -> dict[Path, Run]:
    free = asyncio.Semaphore(N_AT_ONCE)

    async def run(program: Path) -> Run:
        async with free, AsyncExitStack() as stack:
            tap = await stack.enter_async_context(tapped(f"ws://{address}"))
            here = urlsplit(tap.url).netloc
            printed = await asyncio.to_thread(
                sample_programs.run, program, here, KEY, recording, tokens=address
            )
            return Run(printed, tap.call.path, tap.call.said)

    programs = [p for (p,) in (parameter.values for parameter in RUNNING) if _is_installed(p)]
    return dict(zip(programs, await asyncio.gather(*map(run, programs)), strict=True))


def _is_installed(program: Path) -> bool:
    return sample_programs.LEGACY.get(program.stem, program).exists()


@pytest.mark.parametrize("program", RUNNING)
def test_a_sample_program_prints_the_words_that_are_said(program, runs):
    if program not in runs:
        pytest.skip("its SDK is not here: make clients")
    assert SCRIPTED_WORDS.rstrip(".").lower() in runs[program].words.lower()


@pytest.mark.parametrize("program", BARE)
def test_every_setting_on_the_wire_was_found_in_the_program_and_has_a_verdict(program, runs):
    run = runs[program]
    found = {item.name: item for item in check([program], DIALECTS).findings}
    sent = set(run.query) - {"jwt"}
    for message in run.messages:
        if "transcription_config" in message or message.get("type") == "UpdateConfiguration":
            sent |= set(leaves({k: v for k, v in message.items() if k not in {"message", "type"}}))
    assert sent
    assert sent <= set(found)
    assert {found[name].verdict for name in sent} <= {"kept", "adapted", "degraded", "dropped"}


@pytest.mark.parametrize("program", BARE)
def test_every_message_that_a_program_sent_was_found_in_it(program, runs):
    found = {item.name for item in check([program], DIALECTS).findings if item.kind == "message"}
    sent = {message.get("message", message.get("type")) for message in runs[program].messages}
    assert sent <= found


def test_there_are_at_least_twelve_shapes_besides_the_guides():
    assert len([parameter for parameter in RUNNING if "guide" not in parameter.id]) >= 12


def leaves(value, path=""):
    """The paths of all fields that are no objects; of lists, those of what is in them."""
    match value:
        case dict():
            for name, inner in value.items():
                yield from leaves(inner, f"{path}.{name}" if path else name)
        case list() if any(isinstance(item, dict) for item in value):
            for item in value:
                yield from leaves(item, path)
        case _:
            yield path
