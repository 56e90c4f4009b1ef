"""The server behind a certificate of its own: the same port for wss and https, and no other."""

import json
import ssl

import httpx
import pytest
from websockets.exceptions import InvalidMessage

import certificates
from crossfade.errors import ConfigError
from crossfade.server.run import Server, ServerConfig
from crossfade.server.tls import Tls
from plain_client import hear, talk
from processes import KEY, crossfade, serving


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return certificates.make(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def trusting(made):
    return ssl.create_default_context(cafile=made.authority)


async def test_sockets_and_requests_share_the_port(serve, made, trusting):
    async with serve(certfile=made.chain, keyfile=made.key) as server:
        assert server.url == f"wss://127.0.0.1:{server.port}"
        async with talk(server, ssl=trusting) as socket:
            assert await hear(socket, "session_started")
        async with httpx.AsyncClient(verify=trusting) as client:
            ready = await client.get(f"https://127.0.0.1:{server.port}/readyz")
            assert ready.status_code == 200


async def test_a_client_that_does_not_know_the_authority_goes_away(serve, made):
    async with serve(certfile=made.chain, keyfile=made.key) as server:
        with pytest.raises(ssl.SSLCertVerificationError):
            async with talk(server):
                pass


async def test_plain_talk_to_a_tls_port_is_cut_off(serve, made):
    async with serve(certfile=made.chain, keyfile=made.key) as server:
        plain = f"ws://127.0.0.1:{server.port}"
        with pytest.raises((InvalidMessage, ConnectionError)):
            async with talk(type("Plain", (), {"url": plain})):
                pass


@pytest.mark.parametrize(
    ("names", "message"),
    [
        pytest.param(("none.pem", "key.pem"), "No such file or directory", id="no-certificate"),
        pytest.param(("chain.pem", "none.pem"), "No such file or directory", id="no-key"),
        pytest.param(("authority.pem", "key.pem"), "KEY_VALUES_MISMATCH", id="not-its-key"),
        pytest.param(("chain.pem", None), "cannot speak TLS", id="no-key-in-the-file"),
        pytest.param((None, "key.pem"), "without its certificate", id="a-key-alone"),
    ],
)
async def test_files_that_are_of_no_use_are_told(
    tmp_path, recognizer, keyring, made, names, message
):
    folder = made.chain.parent
    certfile, keyfile = (folder / name if name else None for name in names)
    config = ServerConfig(data_dir=tmp_path, port=0, certfile=certfile, keyfile=keyfile)
    with pytest.raises(ConfigError, match=message) as error:
        await Server(config, recognizer, keyring).start()
    assert error.value.field == "certificate"


def test_the_command_says_so_too(tmp_path, made):
    done = crossfade("serve", "--port", "0", "--cert", tmp_path / "none.pem", data_dir=tmp_path)
    assert done.returncode == 1
    assert "cannot speak TLS by" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_command_serves_with_a_certificate(tmp_path, made, trusting):
    files = ("--cert", str(made.chain), "--key-file", str(made.key))
    with serving(tmp_path, "--key", KEY, *files) as server:
        assert f"wss://{server.address}/v3/ws" in server.said
        token = httpx.get(
            f"https://{server.address}/v3/token?expires_in_seconds=60",
            headers={"Authorization": KEY},
            verify=trusting,
        )
        assert json.loads(token.content)["token"]


def test_a_renewal_during_a_renewal_ends_nothing(tmp_path, monkeypatch):
    """As by a program that writes the key first and the certificate after it."""
    before = certificates.make(tmp_path)
    tls = Tls(before.chain, before.key)
    read = Tls._read

    def read_and_replace(self):
        context = read(self)
        before.key.write_text("half a key")
        return context

    monkeypatch.setattr(Tls, "_read", read_and_replace)
    certificates.make(tmp_path)
    tls.renew()
