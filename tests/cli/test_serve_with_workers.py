"""``serve --workers``: several processes behind one port, as clients and operators see them."""

import asyncio
import os
import signal
import socket
import sys
from contextlib import AsyncExitStack, suppress
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import ConnectionClosed

from assemblyai_wire import TERMINATE, US, dial, quiet, text
from crossfade.cli.workers import share
from crossfade.settings import BackendSettings, Settings
from processes import KEY, crossfade, serving

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="finds processes in /proc")

TWO = ("--workers", "2", "--max-sessions", "4", "--key", KEY)
LIMIT_S = 30


def workers_of(server) -> list[int]:
    """The processes that serve: all its children but the one that multiprocessing itself has."""
    pid = server.process.pid
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in children if "spawn_main" in command_of(child)]


def is_running(pid) -> bool:
    """``False`` too for one that nobody has asked how it ended."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False


def command_of(pid) -> str:
    return Path(f"/proc/{pid}/cmdline").read_text()


def session(server, **options):
    return dial(f"ws://{server.address}", key=KEY, sample_rate=16_000, speech_model=US, **options)


async def close_code(wire) -> int:
    """How a session ends that is to be ended in order."""
    with suppress(ConnectionClosed):
        await wire.say(*quiet(3000), TERMINATE)
    await wire.hear_all()
    return wire.socket.close_code


async def in_threads(function, *arguments):
    async with asyncio.timeout(LIMIT_S):
        return await asyncio.to_thread(function, *arguments)


async def everything_arrives(wire) -> None:
    """What has not arrived when a server is told to leave is not heard."""
    while "come" not in [word["text"] for word in (await wire.hear("Turn"))["words"]]:
        pass


async def test_sessions_spread_over_the_workers_until_all_of_them_are_full(tmp_path):
    with serving(tmp_path, *TWO) as server:
        async with AsyncExitStack() as stack:
            wires = [await stack.enter_async_context(session(server)) for _ in range(4)]
            for wire in wires:
                await wire.hear("Begin")
            async with httpx.AsyncClient() as http:
                assert (await http.get(f"http://{server.address}/readyz")).status_code == 503
            async with session(server) as fifth:
                error = (await fifth.hear_all())[-1]
                assert error["error_code"] == 3009
            for wire in wires:
                await wire.say(*quiet(3000))
                assert text(await wire.terminate()).startswith("these words come")
        async with session(server) as wire:
            await wire.hear("Begin")
        assert len(workers_of(server)) == 2
        assert server.stop()[0] == 0


async def test_every_worker_drains_when_the_server_is_told_to_stop(tmp_path):
    with serving(tmp_path, *TWO) as server:
        async with AsyncExitStack() as stack:
            wires = [await stack.enter_async_context(session(server)) for _ in range(4)]
            for wire in wires:
                await wire.hear("Begin")
                await wire.say(*quiet(3000))
            for wire in wires:
                await everything_arrives(wire)
            stopped = asyncio.create_task(in_threads(server.stop))
            for wire in wires:
                assert text(await wire.hear_all()).startswith("these words come")
            assert (await stopped)[0] == 0


async def test_a_worker_that_dies_is_replaced_and_the_others_go_on(tmp_path):
    with serving(tmp_path, *TWO) as server:
        async with AsyncExitStack() as stack:
            wires = [await stack.enter_async_context(session(server)) for _ in range(3)]
            for wire in wires:
                await wire.hear("Begin")
            victim, survivor = workers_of(server)
            os.kill(victim, signal.SIGKILL)
            # A worker has two slots, so each of them has a session.
            assert {await close_code(wire) for wire in wires} == {1000, 1006}
        await in_threads(server.wait_until_it_says, "is back")
        now = workers_of(server)
        assert survivor in now
        assert len(now) == 2
        code, log = await in_threads(server.stop)
        assert code == 0
        assert "died (exit code -9)" in server.said + log


async def test_workers_do_not_outlive_a_parent_that_was_killed(tmp_path):
    with serving(tmp_path, *TWO) as server:
        workers = workers_of(server)
        async with session(server) as wire:
            await wire.hear("Begin")
            await wire.say(*quiet(3000))
            await everything_arrives(wire)
            server.process.kill()
            assert text(await wire.hear_all()).startswith("these words come")
        await in_threads(server.kill)  # returns when nobody holds its stderr any more
        assert not any(map(is_running, workers))


def test_a_worker_that_cannot_start_ends_the_server_with_its_reason(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        flags = ("--workers", "2", "--backend", "scripted", "--port", "0", "--key", KEY)
        done = crossfade("serve", *flags, "--metrics-port", str(port - 1), data_dir=tmp_path)
    assert done.returncode == 1
    taken_port = f"127.0.0.1 port {port} is taken by another program"
    assert f"{taken_port}; choose another with --metrics-port" in done.stderr
    assert "Traceback" not in done.stderr


def test_what_is_there_for_all_is_divided():
    settings = Settings(workers=3, max_sessions=10, metrics_port=9000)
    shares = [share(settings, number) for number in range(3)]
    assert [each.max_sessions for each in shares] == [4, 4, 4]
    assert [each.metrics_port for each in shares] == [9000, 9001, 9002]
    assert share(Settings(workers=2), 1).max_sessions == 0, "measured by each"
    assert share(Settings(workers=2, threads=5), 1).threads == 5
    assert share(Settings(workers=1000), 1).threads == 1


def test_workers_together_open_no_more_sessions_with_a_backend_than_it_allows():
    backends = {
        "aai": BackendSettings(vendor="assemblyai", max_sessions=10),
        "sm": BackendSettings(vendor="speechmatics"),
    }
    settings = Settings(workers=4, backends=backends)
    shares = [share(settings, number).backends for number in range(4)]
    assert [each["aai"].max_sessions for each in shares] == [3, 3, 2, 2]
    assert {each["sm"].max_sessions for each in shares} == {None}
