"""`crossfade certs` and `serve --tls`, with clients that insist on TLS and know no exceptions.

The clients run in processes of their own: they trust what the environment said when they started.
"""

import json
import re
import shutil
import ssl
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from processes import KEY, environment, serving

SPEECHMATICS = """
import asyncio, sys
from speechmatics import rt

async def main(host, key, path):
    auth = rt.JWTAuth(key, mp_url=f"https://{host}")
    async with rt.AsyncClient(auth, url=f"wss://{host}/v2") as client:
        client.on(rt.ServerMessageType.ADD_TRANSCRIPT,
                  lambda message: print(message["metadata"]["transcript"], end=""))
        with open(path, "rb") as audio:
            await client.transcribe(audio)

asyncio.run(main(*sys.argv[1:]))
"""

ASSEMBLYAI = """
import sys, wave
import assemblyai.streaming.v3 as aai

host, key, path = sys.argv[1:]
maker = aai.RealTimeTranscriber(aai.RealTimeTranscriberOptions(api_key=key, api_host=host))
token = maker.create_temporary_token(expires_in_seconds=60)
client = aai.RealTimeTranscriber(aai.RealTimeTranscriberOptions(token=token, api_host=host))
client.on(aai.RealTimeEvents.Turn,
          lambda _, turn: turn.end_of_turn and print(turn.transcript, end=" "))
client.on(aai.RealTimeEvents.Error, lambda _, error: print("error:", error))
client.connect(aai.RealTimeParameters(sample_rate=16000))
with wave.open(path) as audio:
    while piece := audio.readframes(1600):
        client.stream(piece)
client.disconnect(terminate=True)
"""


def test_it_tells_where_everything_is_and_how_to_trust_it(here, tmp_path):
    done = here("certs", "--host", "speech.lan")
    assert done.returncode == 0
    authority = tmp_path / "tls" / "ca.pem"
    for text in (
        f"curl --cacert {authority}",
        f"SSL_CERT_FILE={authority}",
        f"NODE_EXTRA_CA_CERTS={authority}",
        "update-ca-certificates",
        "speech.lan",
        "127.0.0.1",
    ):
        assert text in done.stdout
    assert "BEGIN" not in done.stdout


def test_run_again_it_renews_the_certificate_and_keeps_names_and_authority(here):
    first = json.loads(here("certs", "--json", "--host", "speech.lan").stdout)
    before = [Path(first[name]).read_text() for name in ("ca", "cert")]
    second = json.loads(here("certs", "--json").stdout)
    authority, certificate = [Path(second[name]).read_text() for name in ("ca", "cert")]
    assert authority == before[0]
    assert certificate != before[1]
    assert "speech.lan" in second["names"]
    assert 390 < (second["expires"] - time.time()) / 86_400 < 398


def test_a_name_that_is_none_is_told(here):
    done = here("certs", "--host", "https://speech.lan")
    assert done.returncode == 1
    assert "is no name of a host" in done.stderr
    assert "Traceback" not in done.stderr


def test_tls_needs_nothing_made_before_and_plain_stays_where_it_is_wanted(tmp_path):
    with serving(tmp_path, "--key", KEY, "--tls", "--also-plain", "0") as server:
        assert re.search(r": wss://127.0.0.1:\d+/v3/ws\n", server.said)
        plain = re.search(r": ws://(127.0.0.1:\d+)/v3/ws\n", server.said)[1]
        assert "crossfade certs" in server.said
        trusting = ssl.create_default_context(cafile=tmp_path / "tls" / "ca.pem")
        secure = httpx.get(f"https://{server.address}/readyz", verify=trusting)
        assert secure.status_code == 200
        assert httpx.get(f"http://{plain}/readyz").status_code == 200


@pytest.fixture(scope="module")
def secure(tmp_path_factory):
    """A server behind TLS, and the environment in which clients trust it."""
    folder = tmp_path_factory.mktemp("data")
    with serving(folder, "--key", KEY, "--tls") as server:
        trust = str(folder / "tls" / "ca.pem")
        yield server, environment(folder) | {"SSL_CERT_FILE": trust}


def talk(program: str, secure, wav, **variables: str) -> subprocess.CompletedProcess[str]:
    server, trusting = secure
    return subprocess.run(
        [sys.executable, "-c", program, server.address, KEY, str(wav)],
        env=trusting | variables,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("program", [SPEECHMATICS, ASSEMBLYAI], ids=["speechmatics", "assemblyai"])
def test_official_clients_fetch_a_token_over_https_and_stream_over_wss(secure, speech_wav, program):
    done = talk(program, secure, speech_wav)
    assert "These words come" in done.stdout, done.stderr


@pytest.mark.parametrize("program", [SPEECHMATICS, ASSEMBLYAI], ids=["speechmatics", "assemblyai"])
def test_without_the_authority_they_go_away(secure, speech_wav, program):
    done = talk(program, secure, speech_wav, SSL_CERT_FILE="")
    assert done.returncode != 0
    assert "CERTIFICATE_VERIFY_FAILED" in done.stderr


def test_our_own_client_says_what_it_does_not_trust(here, secure, speech_wav):
    url = f"wss://{secure[0].address}"
    done = here("transcribe", speech_wav, "--url", url, "--dialect", "speechmatics", "--key", KEY)
    assert done.returncode == 1
    assert "is not trusted" in done.stderr
    assert "SSL_CERT_FILE" in done.stderr


def test_curl_trusts_it_as_the_command_says(secure):
    if shutil.which("curl") is None:
        pytest.skip("curl is not on this machine")
    server, trusting = secure
    url = f"https://{server.address}/readyz"
    told = ["curl", "--silent", "--fail", "--cacert", trusting["SSL_CERT_FILE"], url]
    assert subprocess.run(told, capture_output=True, check=True).stdout == b"ready\n"
    assert subprocess.run(["curl", "--silent", url], check=False).returncode == 60
