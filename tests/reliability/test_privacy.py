"""Canaries in every place where a client can put something private, and where they must not be.

A phrase is spoken; keys and tokens are shown in every way that a dialect knows, right and wrong;
a webhook carries a secret. None of them may be in the log at INFO, in the metrics, in an answer to
somebody else, or in a file.
"""

import asyncio
import json
import logging
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import ConnectionClosed

import assemblyai_wire
import speechmatics_wire
from both_voices import SECOND, chunks
from crossfade.audio import encode
from crossfade.model import Encoding
from processes import serving

KEY = "canary-key-0123456789"
WRONG = "canary-wrong-key-987654"
TERM = "canaryterm"
HOOK_SECRET = "canary-hook-secret"
PHRASE = ("words come", "come from")
"""Parts of what the scripted recognizer says."""


async def insist(wire, *messages) -> None:
    """Say what is wrong, even to who has hung up."""
    with suppress(ConnectionClosed):
        await wire.say(*messages)
    await wire.hear_all()


async def talk_to_speechmatics(url: str) -> str:
    config = {
        "additional_vocab": [{"content": TERM}],
        "transcript_filtering_config": {"replacements": [{"from": TERM, "to": f"{TERM}s"}]},
    }
    async with speechmatics_wire.dial(f"{url}/v2", key=KEY) as wire:
        await wire.start(**config)
        await wire.say(*chunks(3 * SECOND))
        heard = await wire.finish()
    for path, key in ((f"/v2?jwt={WRONG}", None), ("/v2", KEY)):
        async with speechmatics_wire.dial(url + path, key=key) as wire:
            await insist(wire, {"message": TERM, "canary": WRONG}, f"{TERM} is not JSON")
    return "".join(
        m["metadata"]["transcript"] for m in heard if m["message"] == "AddTranscript"
    ).lower()


async def talk_to_assemblyai(url: str, token: str) -> str:
    asked = {"sample_rate": 16_000, "speech_model": assemblyai_wire.US, "keyterms_prompt": [TERM]}
    hook = {
        "webhook_url": f"https://hooks.invalid/{HOOK_SECRET}?secret={HOOK_SECRET}",
        "webhook_auth_header_name": "X-Secret",
        "webhook_auth_header_value": HOOK_SECRET,
    }
    async with assemblyai_wire.dial(url, token=token, **asked, **hook) as wire:
        await wire.hear("Begin")
        await wire.say(*chunks(3 * SECOND))
        heard = await wire.terminate()
    for options in ({"token": WRONG}, {"key": WRONG}, {"key": KEY, "canary_setting": WRONG}):
        async with assemblyai_wire.dial(url, **asked, **options) as wire:
            await insist(wire, {"type": TERM}, f"{TERM} is not JSON")
    return assemblyai_wire.text(heard).lower()


async def tokens(base: str) -> tuple[str, str]:
    """A temporary credential of each vendor."""
    async with httpx.AsyncClient() as http:
        ours = await http.get(
            f"{base}/v3/token", params={"expires_in_seconds": 60}, headers={"Authorization": KEY}
        )
        theirs = await http.post(
            f"{base}/v1/api_keys?type=rt",
            json={"ttl": 60},
            headers={"Authorization": f"Bearer {KEY}"},
        )
        for wrong in ({"Authorization": WRONG}, {"Authorization": f"Bearer {WRONG}"}):
            answer = await http.get(f"{base}/v3/token", headers=wrong)
            assert WRONG not in answer.text
    return ours.json()["token"], theirs.json()["key_value"]


@pytest.mark.parametrize("log_format", ["text", "json"])
async def test_no_canary_is_found_where_others_look(tmp_path, log_format):
    data_dir, scratch = tmp_path / "data", tmp_path / "scratch"
    data_dir.mkdir()
    scratch.mkdir()
    folders = {name: str(scratch) for name in ("TMPDIR", "HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME")}
    flags = ("--key", KEY, "--log-format", log_format, "--webhook-host", "hooks.invalid")
    flags += ("--drain-s", "0.5")  # nobody is at the webhook
    with serving(data_dir, *flags, **folders) as server:
        base, url = f"http://{server.address}", f"ws://{server.address}"
        token, jwt = await tokens(base)
        assert PHRASE[0] in await talk_to_speechmatics(url)
        async with speechmatics_wire.dial(f"{url}/v2?jwt={jwt}") as wire:
            await wire.start()
            await wire.finish()
        assert PHRASE[0] in await talk_to_assemblyai(url, token)
        async with httpx.AsyncClient() as http:
            shown = [
                (await http.get(f"{base}{path}")).text
                for path in (
                    "/metrics",
                    "/session_status",
                    "/readyz",
                    "/v1/discovery/features",
                    "/",
                )
            ]
        code, log = await asyncio.to_thread(server.stop)
    assert code == 0
    assert log.count("closed: code=") >= 3
    secrets = (KEY, WRONG, TERM, HOOK_SECRET, token, jwt, "canary", *PHRASE)
    places = {"log": server.said + log, "answers": "\n".join(shown)} | files_below(tmp_path)
    found = [
        f"{secret!r} in {place}"
        for place, text in places.items()
        for secret in secrets
        if secret in text.lower() or secret in text
    ]
    assert found == []


def files_below(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): path.read_bytes().decode(errors="replace")
        for path in folder.rglob("*")
        if path.is_file()
    }


async def test_every_line_of_a_session_in_json_says_whose_it_is(tmp_path):
    with serving(tmp_path, "--key", KEY, "--log-format", "json") as server:
        await talk_to_speechmatics(f"ws://{server.address}")
        _, log = await asyncio.to_thread(server.stop)
    lines = [json.loads(line) for line in log.splitlines()]
    of_sessions = [line for line in lines if line["message"].startswith("session ")]
    assert len(of_sessions) >= 4
    for line in of_sessions:
        assert line["session_id"] in line["message"]
    assert len({line["session_id"] for line in of_sessions}) == 3


@pytest.mark.model
async def test_real_speech_leaves_no_words_in_the_log(serve, voice, embedded, recordings, caplog):
    caplog.set_level(logging.INFO)
    recording = next(r for r in recordings if r.category == "read_en")
    async with serve(embedded) as server, voice.dial(server.url) as wire:
        await voice.started(wire)
        await wire.say(*chunks(encode(recording.samples(), Encoding.PCM_S16LE)))
        heard = voice.text(await voice.finish(wire)).lower().split()
        metrics = server.service.metrics.text().decode().lower()
    ours = [r for r in caplog.records if not r.name.startswith(("websockets", "httpx"))]
    log = "\n".join(record.getMessage() for record in ours).lower()
    rare = {word.strip(".,") for word in heard if len(word) > 6}
    assert rare
    assert {word for word in rare if word in log or word in metrics} == set()
