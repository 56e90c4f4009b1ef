"""`crossfade serve` as a process."""

import asyncio
import json
import re
import signal
import socket
import urllib.request

import pytest
from websockets.asyncio.client import connect as websocket

from crossfade import AudioAccepted, Final, connect
from crossfade.errors import UpstreamError
from processes import KEY, SCRIPTED_WORDS, crossfade, serving

CHUNKS = 30


def test_the_first_start_makes_a_key_that_works_and_prints_it_this_once(here, tmp_path, speech_wav):
    with serving(tmp_path) as server:
        key = re.search(r"cf_\S+", server.said)[0]
        done = here(
            *("transcribe", speech_wav, "--url", f"ws://{server.address}/v2"),
            *("--dialect", "speechmatics", "--key", key),
        )
        assert done.stdout.startswith("These words come")
        code, rest = server.stop()
    assert code == 0
    assert key not in rest
    with serving(tmp_path) as server:
        assert "cf_" not in server.said


def test_both_addresses_are_printed_and_the_server_is_ready(tmp_path):
    with serving(tmp_path, "--key", KEY) as server:
        assert f"Speechmatics: ws://{server.address}/v2\n" in server.said
        assert f"ws://{server.address}/v3/ws\n" in server.said
        with urllib.request.urlopen(f"http://{server.address}/readyz", timeout=10) as response:
            assert response.status == 200


def _final_words(event: object) -> list[str]:
    return [word.text for word in event.words] if isinstance(event, Final) else []


async def test_a_signal_lets_sessions_say_their_last_words(tmp_path):
    with serving(tmp_path, "--key", KEY) as server:
        url = f"ws://{server.address}"
        async with (
            asyncio.timeout(30),
            connect(url, key=KEY, dialect="speechmatics", reconnect=None) as session,
        ):
            for _ in range(CHUNKS):
                await session.send(bytes(3200))
            words: list[str] = []

            async def read() -> None:
                async for event in session:
                    words.extend(_final_words(event))
                    # The client cuts 100 ms into two chunks: with the last one all is received.
                    if isinstance(event, AudioAccepted) and event.number == 2 * CHUNKS:
                        server.process.send_signal(signal.SIGTERM)

            # First all words, then this protocol's "try again elsewhere".
            with pytest.raises(UpstreamError, match="job_error"):
                await read()
        assert words == SCRIPTED_WORDS.rstrip(".").split()
        assert server.process.wait(timeout=30) == 0


async def test_it_serves_on_when_nobody_reads_its_log(tmp_path):
    refused = asyncio.Semaphore(20)

    async def be_refused(url: str) -> None:
        async with refused, websocket(f"{url}/v3/ws?token=wrong") as socket:
            assert "Invalid API key" in await socket.recv()

    with serving(tmp_path, "--key", KEY, log_is_read=False) as server:
        url = f"ws://{server.address}"
        # A line each: twice what a pipe holds (64 KiB on Linux).
        async with asyncio.timeout(60), asyncio.TaskGroup() as clients:
            for _ in range(900):
                clients.create_task(be_refused(url))
        done = await asyncio.to_thread(
            urllib.request.urlopen, f"http://{server.address}/readyz", timeout=10
        )
        assert done.status == 200
        done.close()


def test_ctrl_c_stops_it_quietly(tmp_path):
    with serving(tmp_path, "--key", KEY) as server:
        code, rest = server.stop(signal.SIGINT)
    assert code == 0
    assert "Traceback" not in rest


def test_a_port_that_is_taken_is_told_with_what_to_do(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = crossfade("serve", "--backend", "scripted", "--port", port, data_dir=tmp_path)
    assert done.returncode == 1
    assert f"127.0.0.1 port {port} is taken by another program" in done.stderr
    assert "--port 0" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_address_of_another_machine_is_told(tmp_path):
    done = crossfade("serve", "--backend", "scripted", "--host", "192.0.2.1", data_dir=tmp_path)
    assert done.returncode == 1
    assert "192.0.2.1 is not an address of this machine" in done.stderr


def test_letting_everybody_in_from_everywhere_is_warned_of(tmp_path):
    with serving(tmp_path, "--no-auth", "--host", "0.0.0.0") as server:
        assert "warning: whoever reaches 0.0.0.0 can use this server" in server.said
    with serving(tmp_path, "--no-auth") as server:
        assert "warning" not in server.said


def test_letting_every_web_page_spend_your_money_is_warned_of(tmp_path):
    config = tmp_path / "crossfade.toml"
    config.write_text('[backends.far]\nvendor = "assemblyai"\nurl = "ws://127.0.0.1:1"\n')
    with serving(tmp_path, "--no-auth", "--config", str(config), backend="far") as server:
        assert "any page in a browser on this machine" in server.said
        assert "your account with far" in server.said


def test_log_lines_can_be_json_and_never_hold_the_key(here, tmp_path, speech_wav):
    with serving(tmp_path, "--key", KEY, "--log-format", "json") as server:
        here(
            *("transcribe", speech_wav, "--url", f"ws://{server.address}"),
            *("--dialect", "speechmatics", "--key", KEY),
        )
        _, rest = server.stop()
    lines = [json.loads(line) for line in rest.splitlines()]
    assert any("closed" in line["message"] for line in lines)
    assert {"time", "level", "logger", "message"} <= lines[0].keys()
    assert KEY not in server.said + rest
