"""An upstream behind TLS whose certificate a private authority has issued."""

import asyncio

import pytest

import certificates
from crossfade.errors import UpstreamError
from crossfade.gateway import UpstreamRecognizer
from crossfade.gateway.upstream import NO_RETRY
from crossfade.model import Audio, Encoding, Final, Finish, RawAudio, SessionConfig
from crossfade.recognizers.scripted import ScriptedRecognizer, spoken
from crossfade.server.keys import Keyring
from crossfade.server.run import ServerConfig, running_server
from gateways import BY_NAME, backend

CONFIG = SessionConfig(
    language="en", audio=RawAudio(encoding=Encoding.PCM_S16LE, sample_rate_hz=16_000)
)
EITHER = pytest.mark.parametrize("behind", ["speechmatics", "assemblyai"])


@pytest.fixture
async def far(tmp_path):
    made = certificates.make(tmp_path)
    config = ServerConfig(data_dir=tmp_path, port=0, certfile=made.chain, keyfile=made.key)
    keyring = Keyring(tmp_path / "keys.json", run_keys=["upstream-key"])
    recognizer = ScriptedRecognizer(spoken("Good morning."))
    async with running_server(
        recognizer, data_dir=tmp_path, keyring=keyring, config=config
    ) as server:
        assert server.url.startswith("wss://")
        yield server, made


async def heard(behind, url, **more):
    reached = backend(behind, url, key="upstream-key", **more)
    stream = UpstreamRecognizer(reached, reconnect=NO_RETRY).open(CONFIG)
    try:
        async with asyncio.timeout(15):
            await stream.feed(Audio(data=bytes(32 * 3000)))
            await stream.feed(Finish())
            events = [event async for event in stream.events()]
    finally:
        await stream.aclose()
    return [word.text for event in events if isinstance(event, Final) for word in event.words]


@EITHER
@pytest.mark.parametrize("ttl_s", [None, 60], ids=["key", "token"])
async def test_an_authority_that_the_operator_names_is_trusted(far, behind, ttl_s, monkeypatch):
    server, made = far
    assert BY_NAME[behind].vendor is not None
    monkeypatch.setenv("SSL_CERT_FILE", str(made.authority))
    assert await heard(behind, server.url, token_ttl_s=ttl_s) == ["Good", "morning"]


@EITHER
@pytest.mark.parametrize("ttl_s", [None, 60], ids=["key", "token"])
async def test_nobody_elses_is_and_the_key_is_not_shown(far, behind, ttl_s, monkeypatch, caplog):
    server, _ = far
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    with pytest.raises(UpstreamError) as caught:
        await heard(behind, server.url, token_ttl_s=ttl_s)
    assert caught.value.cause == "gone"
    assert "upstream-key" not in caplog.text + str(caught.value)
