"""A server process that is signalled, killed, out of disk or out of file descriptors."""

import asyncio
import json
import os
import re
import resource
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager, suppress
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidMessage

from both_voices import SECOND, VOICES, chunks, is_closed_as, letters
from processes import KEY, PROGRAMS, SCRIPTED_WORDS, crossfade, environment, serving

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="limits of another process: Linux")

WORDS = letters(SCRIPTED_WORDS)
LAST_WORDS = " ".join(WORDS.split()[-2:])
N_STREAMS = 8


def limit(process: subprocess.Popen, which: int, value: int) -> None:
    """Change a limit of a running process."""
    _, hard = resource.prlimit(process.pid, which)
    resource.prlimit(process.pid, which, (value, hard))


async def whole_session(voice, url: str) -> str:
    """Everything that a client hears who says three seconds."""
    async with voice.dial(url, key=KEY) as wire:
        await voice.started(wire)
        await wire.say(*chunks(3 * SECOND))
        return letters(voice.text(await voice.finish(wire)))


async def drained(voice, wire) -> None:
    heard = await wire.hear_all()
    assert letters(voice.text(heard)) == WORDS
    assert voice.verdict(heard) == voice.drained[0]
    assert is_closed_as(wire, voice.drained[1]), wire.closed


async def test_a_signal_under_load_costs_nobody_a_word(tmp_path):
    """Eight of eight get all final words and the closing message; nobody new is let in."""
    with serving(tmp_path, "--key", KEY) as server:
        url = f"ws://{server.address}"
        async with AsyncExitStack() as stack, asyncio.timeout(30):
            live = [VOICES[number % 2] for number in range(N_STREAMS)]
            wires = [await stack.enter_async_context(v.dial(url, key=KEY)) for v in live]
            for voice, wire in zip(live, wires, strict=True):
                await voice.started(wire)
                await wire.say(*chunks(3 * SECOND))
                # What is still in the socket at the signal was never taken.
                while LAST_WORDS not in str(await voice.hear_word(wire)):
                    pass
            server.process.send_signal(signal.SIGTERM)
            async with asyncio.TaskGroup() as group:
                for voice, wire in zip(live, wires, strict=True):
                    group.create_task(drained(voice, wire))
        assert await asyncio.to_thread(server.process.wait, 30) == 0


async def test_a_killed_server_is_back_at_once_on_the_same_port(tmp_path, voice):
    with serving(tmp_path, "--key", KEY) as first:
        port = first.address.rpartition(":")[2]
        async with voice.dial(f"ws://{first.address}", key=KEY) as wire:
            await voice.started(wire)
            await wire.say(*chunks(SECOND))
            first.process.kill()
            await wire.hear_all()
            assert wire.closed[0] == 1006  # nobody could say a word
        first.process.wait(timeout=10)
        # The later option counts: the same port, which a killed server must not keep.
        with serving(tmp_path, "--key", KEY, "--port", port) as second:
            assert second.address == first.address
            assert await whole_session(voice, f"ws://{second.address}") == WORDS


async def test_what_a_killed_server_had_written_is_whole(tmp_path):
    """A token made before the end is good after it: its secret was on disk, or nowhere."""
    with serving(tmp_path, "--key", KEY) as server:
        async with httpx.AsyncClient() as http:
            made = await http.get(
                f"http://{server.address}/v3/token",
                params={"expires_in_seconds": 60},
                headers={"Authorization": KEY},
            )
        server.process.kill()
    token = made.json()["token"]
    with serving(tmp_path, "--key", KEY) as server:
        voice = VOICES[1]
        async with voice.dial(f"ws://{server.address}", token=token) as wire:
            await voice.started(wire)


@pytest.mark.parametrize("delay_s", [0.0, 0.01, 0.03, 0.1])
def test_a_keys_file_is_whole_whenever_its_writer_is_killed(tmp_path, delay_s):
    program = (
        "import sys; from pathlib import Path; from crossfade.server.keys import Keyring\n"
        "ring = Keyring(Path(sys.argv[1])); print('go', flush=True)\n"
        "for number in range(10_000): ring.add(f'key-{number}')"
    )
    path = tmp_path / "keys.json"
    with subprocess.Popen(
        [sys.executable, "-c", program, str(path)], stdout=subprocess.PIPE
    ) as writer:
        writer.stdout.readline()
        with pytest.raises(subprocess.TimeoutExpired):
            writer.wait(delay_s)
        writer.kill()
    if path.exists():
        assert json.loads(path.read_text())["version"] == 1
    assert crossfade("keys", "add", "afterwards", data_dir=tmp_path).returncode == 0


@linux_only
async def test_a_full_disk_behind_the_log_stops_no_session(tmp_path, voice):
    log = tmp_path / "server.log"
    with logging_to(log, tmp_path) as process:
        async with asyncio.timeout(60):
            while "Ctrl-C stops it" not in log.read_text():  # noqa: ASYNC110 (a file has no events)
                await asyncio.sleep(0.05)
            url = "ws://" + re.search(r"wss?://([\d.]+:\d+)/", log.read_text())[1]
            limit(process, resource.RLIMIT_FSIZE, log.stat().st_size)  # to no file a byte more
            for _ in range(3):
                assert await whole_session(voice, url) == WORDS
            async with httpx.AsyncClient() as http:
                assert (await http.get(f"http{url[2:]}/readyz")).status_code == 200
            assert "closed" not in log.read_text()  # none of those lines found room
            process.send_signal(signal.SIGTERM)
            assert await asyncio.to_thread(process.wait, 30) == 0


@contextmanager
def logging_to(log: Path, data_dir: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A server whose stderr is a file."""
    command = [PROGRAMS / "crossfade", "serve", "--port", "0", "--backend", "scripted"]
    with log.open("wb") as stderr:
        process = subprocess.Popen(
            [*command, "--key", KEY], env=environment(data_dir), stderr=stderr, cwd=data_dir
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def test_a_full_disk_leaves_the_keys_as_they_were(tmp_path):
    crossfade("keys", "add", "first", data_dir=tmp_path)
    before = (tmp_path / "keys.json").read_bytes()
    files = sorted(os.listdir(tmp_path))
    program = (
        "import resource, sys; from crossfade.cli import main\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (64, 64))\n"
        "sys.argv = ['crossfade', 'keys', 'add', 'second']; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"CROSSFADE_DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 1
    assert "cannot write" in done.stderr
    assert "Traceback" not in done.stderr
    assert (tmp_path / "keys.json").read_bytes() == before
    assert sorted(os.listdir(tmp_path)) == files, "no half-written file is left"


@linux_only
async def test_out_of_file_descriptors_it_closes_on_who_comes_and_recovers(tmp_path, voice):
    with serving(tmp_path, "--key", KEY) as server:
        host, port = server.address.split(":")
        url = f"ws://{server.address}"
        async with voice.dial(url, key=KEY) as wire:
            await voice.started(wire)
            n_open = len(os.listdir(f"/proc/{server.process.pid}/fd"))
            limit(server.process, resource.RLIMIT_NOFILE, n_open + 10)
            strangers = [socket.create_connection((host, int(port)), 5) for _ in range(40)]
            refused = [each for each in strangers if await asyncio.to_thread(is_hung_up, each)]
            assert len(refused) >= 25
            await wire.say(*chunks(3 * SECOND))  # who is in, stays in
            assert letters(voice.text(await voice.finish(wire))) == WORDS
        for each in strangers:
            each.close()
        async with asyncio.timeout(20):
            await served_again(voice, url)
        code, said = await asyncio.to_thread(server.stop)
    assert code == 0
    assert said.count("no room for") == 1
    assert "Traceback" not in said


async def test_the_process_counts_connections_whatever_its_event_loop(tmp_path):
    with serving(tmp_path, "--key", KEY, "--connections", "4") as server:
        host, port = server.address.split(":")
        strangers = [socket.create_connection((host, int(port)), 5) for _ in range(12)]
        refused = [each for each in strangers if await asyncio.to_thread(is_hung_up, each)]
        # Half of all are for one address.
        assert len(refused) == 10
        for each in strangers:
            each.close()
        async with asyncio.timeout(10):
            await served_again(VOICES[0], f"ws://{server.address}")


async def served_again(voice, url: str) -> None:
    """Try until it works: the others' ends have to reach the server first."""
    while True:
        with suppress(ConnectionClosed, OSError, EOFError, InvalidMessage):
            assert await whole_session(voice, url) == WORDS
            return
        await asyncio.sleep(0.1)


def is_hung_up(connection: socket.socket) -> bool:
    connection.settimeout(0.3)
    try:
        return connection.recv(1) == b""
    except TimeoutError:
        return False
    except OSError:
        return True
