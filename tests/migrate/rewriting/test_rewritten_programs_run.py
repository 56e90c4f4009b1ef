"""Sample programs, rewritten for the other vendor, run and print the words that are said.

They are processes of their own, which connect to a server of ours with a script. Those that nobody
could rewrite carry a mark that says so.
"""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

import sample_programs
from crossfade.migrate.rewriting import rewrite
from processes import CHECKOUT, KEY, SCRIPTED_WORDS, serving

EXAMPLES = CHECKOUT / "examples"
OTHER = {"speechmatics": "assemblyai", "assemblyai": "speechmatics"}
PROGRAMS = [program for name in OTHER for program in sample_programs.programs(name)]
LEFT_TO_PEOPLE = {
    "multichannel": "one session hears one channel",
    "raw_realtime_v2": "the protocol is retired",
    "sdk_agent": "another protocol",
    "sdk_legacy": "an old SDK",
    "sdk_realtime_v2": "an old SDK",
    "sdk_voice": "an SDK of a higher kind",
}
REWRITTEN = [program for program in PROGRAMS if program.stem not in LEFT_TO_PEOPLE]
N_AT_ONCE = 14
"""They mostly wait for time to pass."""


def named(program: Path) -> str:
    return f"{program.parent.name}-{program.stem}"


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    """All of them at the same time, or this would take minutes."""
    folder = tmp_path_factory.mktemp("rewritten")
    recording = sample_programs.silence(folder / "speech.wav", seconds=5)
    sample_programs.as_mulaw(recording)
    with serving(folder / "data", "--key", KEY, log_is_read=False) as server:
        yield asyncio.run(_run_all(server.address, folder, recording))


async def _run_all(address: str, folder: Path, recording: Path) -> dict[str, tuple[int, str, str]]:
    free = asyncio.Semaphore(N_AT_ONCE)
    variables = sample_programs.environment(address, KEY, recording=recording) | {
        # What the one vendor's program calls its host, the other's calls so too.
        "SPEECHMATICS_HOST": f"ws://{address}/v2",
    }

    async def run(name: str, text: str, *more: str) -> tuple[int, str, str]:
        path = folder / f"{name}.py"
        path.write_text(text)
        command = [sys.executable, path, *sample_programs.arguments(path, recording), *more]
        async with free:
            done = await asyncio.to_thread(
                subprocess.run,
                command,
                env=variables,
                capture_output=True,
                text=True,
                timeout=sample_programs.LIMIT_S,
                check=False,
            )
        return done.returncode, done.stdout, done.stderr

    runs = {}
    for program in REWRITTEN:
        home, away = program.parent.name, OTHER[program.parent.name]
        text = rewrite(program.read_text(), to=away).text
        runs[named(program)] = run(f"{program.stem}.{away}", text)
        if program.stem == "guide":
            runs[f"{home}-guide-token"] = run(f"guide.{away}.token", text, "--token")
            runs[f"{home}-guide-back"] = run(f"guide.{home}", rewrite(text, to=home).text)
    for name, more in (("raw", ()), ("raw", ("--temporary",)), ("sdk", ())):
        for home, away in OTHER.items():
            example = f"{home}_sdk" if name == "sdk" else f"raw_{home}_client"
            text = rewrite((EXAMPLES / f"{example}.py").read_text(), to=away).text
            text = text.replace("127.0.0.1:8765", address).replace("YOUR_KEY", KEY)
            text = text.replace('"speech.wav"', repr(str(recording)))
            given = () if name == "sdk" else ("--server", address, "--key", KEY)
            runs[f"{example}{''.join(more)}"] = run(f"{example}{len(runs)}", text, *given, *more)
    return dict(zip(runs, await asyncio.gather(*runs.values()), strict=True))


def words(text: str) -> list[str]:
    return [word.strip(".,?").lower() for word in text.split()]


@pytest.mark.parametrize(
    "name",
    [
        *map(named, REWRITTEN),
        *(f"{name}-guide-{how}" for name in OTHER for how in ("token", "back")),
        *(f"raw_{name}_client{how}" for name in OTHER for how in ("", "--temporary")),
        *(f"{name}_sdk" for name in OTHER),
    ],
)
def test_a_rewritten_program_prints_the_words_that_are_said(name, outcomes):
    code, printed, complaint = outcomes[name]
    assert code == 0, complaint
    heard, said = words(printed), words(SCRIPTED_WORDS)
    start = heard.index(said[0])
    assert heard[start : start + len(said)] == said
    assert heard.count(said[0]) == 1, "no word is shown twice"


def test_at_least_ten_of_twelve_shapes_besides_the_guides_run():
    shapes = [program for program in PROGRAMS if program.stem != "guide"]
    run = [program for program in REWRITTEN if program.stem != "guide"]
    assert len(shapes) >= 12
    assert len(run) >= 10


@pytest.mark.parametrize("program", PROGRAMS, ids=named)
def test_what_was_not_rewritten_is_marked_where_it_stands(program):
    rewritten = rewrite(program.read_text(), to=OTHER[program.parent.name])
    lines = rewritten.text.splitlines()
    assert all("# TODO(crossfade): " in lines[mark.line - 1] for mark in rewritten.marks)
    assert all(mark.what and mark.why for mark in rewritten.marks)
    assert len(rewritten.marks) == rewritten.text.count("# TODO(crossfade): ")
    if program.stem in LEFT_TO_PEOPLE:
        assert rewritten.marks
