"""The machine's own authority, and what it signs."""

import asyncio
import ssl
import stat
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from crossfade.errors import ConfigError
from crossfade.server import certificates, listener
from crossfade.server.certificates import ensure, issue, own_names
from crossfade.server.tls import Tls
from plain_client import hear, talk

NAMES = ("localhost", "127.0.0.1", "::1")


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "tls"


def loaded(path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def strict_client(authority) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=authority)
    context.verify_flags |= ssl.VERIFY_X509_STRICT  # the default from Python 3.13 on
    return context


def test_names_and_addresses_stand_in_the_certificate(folder):
    issued = issue(folder, (*NAMES, "speech.lan", "*.lab.example", "bücher.example"))
    names = loaded(issued.certificate).extensions.get_extension_for_class(
        x509.SubjectAlternativeName
    )
    dns = ["localhost", "speech.lan", "*.lab.example", "xn--bcher-kva.example"]
    assert names.value.get_values_for_type(x509.DNSName) == dns
    addresses = [ip_address("127.0.0.1"), ip_address("::1")]
    assert names.value.get_values_for_type(x509.IPAddress) == addresses
    assert set(issued.names) == {*dns, "127.0.0.1", "::1"}


def test_the_certificate_lasts_as_long_as_browsers_accept_and_the_authority_longer(folder):
    issued = issue(folder, NAMES)
    left = issued.expires - datetime.now(UTC)
    assert timedelta(days=396) < left < timedelta(days=398)
    authority_left = loaded(issued.authority).not_valid_after_utc - datetime.now(UTC)
    assert authority_left > timedelta(days=3600)


def test_the_files_are_the_owners_only(folder):
    issue(folder, NAMES)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    files = {item.name: stat.S_IMODE(item.stat().st_mode) for item in folder.iterdir()}
    assert files.pop("ca.lock") == 0o600
    names = ("ca.pem", "ca-key.pem", "server.pem", "server-key.pem")
    assert files == dict.fromkeys(names, 0o600)


async def test_clients_that_trust_the_authority_connect_and_others_do_not(serve, folder):
    issued = issue(folder, NAMES)
    trusting = strict_client(issued.authority)
    async with serve(certfile=issued.certificate, keyfile=issued.key) as server:
        async with talk(server, ssl=trusting) as socket:
            assert await hear(socket, "session_started")
        with pytest.raises(ssl.SSLCertVerificationError):
            async with talk(server, ssl=ssl.create_default_context()):
                pass
        with pytest.raises(ssl.SSLCertVerificationError, match="match"):
            async with talk(server, ssl=trusting, server_hostname="another.example"):
                pass


def test_a_certificate_that_does_is_kept(folder):
    first = ensure(folder, (*NAMES, "speech.lan"))
    assert ensure(folder, NAMES) == first


def test_another_name_gives_a_new_certificate_with_the_old_names_by_the_same_authority(folder):
    first = ensure(folder, (*NAMES, "speech.lan"))
    authority, certificate = first.authority.read_bytes(), first.certificate.read_bytes()
    second = ensure(folder, ("192.168.1.20",))
    assert set(second.names) == {*NAMES, "speech.lan", "192.168.1.20"}
    assert second.certificate.read_bytes() != certificate
    assert second.authority.read_bytes() == authority


def at(monkeypatch, moment):
    monkeypatch.setattr(certificates, "_now", lambda: moment.replace(microsecond=0))


def test_a_certificate_is_renewed_within_its_last_month(folder, monkeypatch):
    first = ensure(folder, NAMES)
    at(monkeypatch, first.expires - timedelta(days=31))
    assert ensure(folder, NAMES) == first
    at(monkeypatch, first.expires - timedelta(days=29))
    assert ensure(folder, NAMES).expires > first.expires


def test_an_authority_in_its_last_year_is_replaced(folder, monkeypatch):
    first = ensure(folder, NAMES)
    old = loaded(first.authority)
    at(monkeypatch, old.not_valid_after_utc - timedelta(days=300))
    second = ensure(folder, NAMES)
    assert loaded(second.authority).serial_number != old.serial_number
    loaded(second.certificate).verify_directly_issued_by(loaded(second.authority))


def test_without_its_key_the_authority_signs_nothing_more_and_that_is_told(folder):
    ensure(folder, NAMES)
    (folder / "ca-key.pem").unlink()
    assert ensure(folder, NAMES)
    with pytest.raises(ConfigError, match="a new authority is made"):
        issue(folder, NAMES)


@pytest.mark.parametrize("name", ["ca.pem", "ca-key.pem", "server.pem"])
def test_files_that_are_not_what_they_should_be_are_told(folder, name):
    issue(folder, NAMES)
    (folder / name).write_text("nonsense")
    with pytest.raises(ConfigError, match=rf"{name} is not"):
        issue(folder, NAMES)


@pytest.mark.parametrize("name", ["", "a b", "https://a", "a..b", "x" * 64, "me@here"])
def test_what_is_no_name_is_told_before_anything_is_made(folder, name):
    with pytest.raises(ConfigError) as refused:
        issue(folder, (name,))
    assert refused.value.field == "host"
    assert not folder.exists()


def test_a_server_on_every_network_has_more_names_than_one_at_home():
    assert set(NAMES) < set(own_names())
    assert own_names("speech.lan")[-1] == "speech.lan"
    assert not {"0.0.0.0", "::"} & {*own_names("0.0.0.0"), *own_names("::")}


async def serial_seen(server, context) -> int:
    async with talk(server, ssl=context) as socket:
        certificate = socket.transport.get_extra_info("ssl_object").getpeercert(binary_form=True)
    return x509.load_der_x509_certificate(certificate).serial_number


async def test_a_running_server_takes_over_a_renewed_certificate(serve, folder, monkeypatch):
    monkeypatch.setattr(listener, "_TICK_S", 0.1)
    monkeypatch.setattr(listener, "_TICKS_PER_RENEWAL", 1)
    issued = issue(folder, NAMES)
    trusting = strict_client(issued.authority)
    async with (
        serve(certfile=issued.certificate, keyfile=issued.key) as server,
        talk(server, ssl=trusting) as socket,
    ):
        before = await serial_seen(server, trusting)
        renewed = issue(folder, NAMES)
        async with asyncio.timeout(10):
            while await serial_seen(server, trusting) == before:
                pass
        assert await serial_seen(server, trusting) == loaded(renewed.certificate).serial_number
        assert await hear(socket, "session_started")  # who is in stays in


def test_files_that_do_not_fit_together_keep_the_certificate_in_use(folder, caplog):
    issued = issue(folder, NAMES)
    tls = Tls(issued.certificate, issued.key)
    good = issued.key.read_bytes()
    issue(folder, NAMES)
    right = issued.key.read_bytes()
    issued.key.write_bytes(good)  # the old key beside the new certificate
    tls.renew()
    tls.renew()
    assert caplog.text.count("stays in use") == 1
    issued.key.unlink()
    issued.key.write_bytes(right)
    with caplog.at_level("INFO"):
        tls.renew()
    assert "was renewed" in caplog.text


def test_an_encrypted_key_is_told_and_not_asked_about(folder):
    issued = issue(folder, NAMES)
    key = serialization.load_pem_private_key(issued.key.read_bytes(), password=None)
    issued.key.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"secret"),
        )
    )
    with pytest.raises(ConfigError, match="is encrypted"):
        Tls(issued.certificate, issued.key)
