"""``crossfade serve`` with another server behind it, as its configuration file says."""

import asyncio

import pytest

from crossfade.cli.backends import upstream, vendor_of
from crossfade.client import connect
from crossfade.errors import ConfigError, UpstreamError
from crossfade.model import Final
from crossfade.settings import BackendSettings, SettingError, Settings, load
from processes import KEY, crossfade, serving

WORDS = ["These", "words", "come", "from", "a", "script"]


async def words(server, dialect, *, key=KEY):
    heard = []
    async with (
        asyncio.timeout(30),
        connect(f"ws://{server.address}", key=key, dialect=dialect, reconnect=None) as session,
    ):
        session.send_all([bytes(3200)] * 30)
        async for event in session:
            if isinstance(event, Final):
                heard += [word.text for word in event.words]
    return heard


def write(path, text):
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("vendor", ["speechmatics", "assemblyai"])
def test_any_client_is_served_by_the_backend_of_the_file(tmp_path, vendor):
    with serving(tmp_path / "a", "--key", "upstream-4711") as far:
        config = write(
            tmp_path / "crossfade.toml",
            f'[backends.vendor]\nvendor = "{vendor}"\nurl = "ws://{far.address}"\n'
            'key_env = "VENDOR_KEY"\n[route]\ndefault = ["vendor"]\n',
        )
        arguments = ("--key", KEY, "--config", str(config))
        with serving(
            tmp_path / "b", *arguments, backend=None, VENDOR_KEY="upstream-4711"
        ) as gateway:
            for dialect in ("speechmatics", "assemblyai"):
                assert asyncio.run(words(gateway, dialect)) == [
                    "These",
                    "words",
                    "come",
                    "from",
                    "a",
                    "script",
                ]
            code, log = gateway.stop()
    assert code == 0
    assert "upstream-4711" not in log


def test_a_session_fails_over_from_a_backend_that_is_not_there(tmp_path, unused_tcp_port):
    config = write(
        tmp_path / "crossfade.toml",
        f'[backends.dead]\nvendor = "speechmatics"\nurl = "ws://127.0.0.1:{unused_tcp_port}"\n',
    )
    arguments = ("--key", KEY, "--config", str(config), "--backend", "scripted")
    with serving(tmp_path, *arguments, backend="dead") as server:
        assert asyncio.run(words(server, "speechmatics"))
        _, log = server.stop()
    assert "backend dead failed" in log


def test_a_key_that_may_not_use_every_backend_of_the_route_is_refused(tmp_path):
    added = crossfade("keys", "add", "phone", "--backends", "aai", data_dir=tmp_path)
    with serving(tmp_path) as server, pytest.raises(UpstreamError) as caught:
        asyncio.run(words(server, "speechmatics", key=added.stdout.strip()))
    assert caught.value.code == 4003


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ("vendor = 'somebody'", "vendor can be speechmatics, assemblyai, local, scripted"),
        ("vendor = 'assemblyai'\nkey_env = 'NO_SUCH_KEY'", "NO_SUCH_KEY holds no key"),
        ("vendor = 'assemblyai'\nkey_file = '/no/such/file'", "cannot read /no/such/file"),
        ("vendor = 'assemblyai'\nregion = 'mars'", "regions of AssemblyAI"),
    ],
)
def test_a_backend_that_makes_no_sense_is_told_at_the_start(tmp_path, section, message):
    config = write(tmp_path / "c.toml", f"[backends.aai]\n{section}\n")
    done = crossfade("serve", "--backend", "aai", "--config", str(config), data_dir=tmp_path)
    assert done.returncode in (1, 2)
    assert message in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ("key = 'secret-4711'\nkey_env = 'X'", "only one of key and key_env"),
        ("url = 'http://host'", "ws:// or wss://"),
        ("url = 'wss://host'\nregion = 'eu'", "both say where it is"),
        ("key = 'secret-4711'\nkey_evn = 'X'", "no setting `key_evn`"),
    ],
)
def test_a_section_that_is_not_lawful_is_told_without_its_key(tmp_path, section, message):
    config = write(tmp_path / "c.toml", f"[backends.aai]\n{section}\n")
    with pytest.raises(SettingError, match=message) as caught:
        load({}, environ={}, file=config)
    assert "4711" not in str(caught.value)


def test_a_section_with_only_a_vendor_reaches_that_vendor():
    section = BackendSettings(vendor="speechmatics", region="us", key="secret-4711")
    reached = upstream("sm", "speechmatics", section)
    assert (reached.url, reached.key) == ("wss://us.rt.speechmatics.com/v2", "secret-4711")
    assert "4711" not in repr(reached) + repr(section)


def test_a_name_without_a_section_is_refused_with_those_that_there_are():
    settings = Settings(backend=("aia",), backends={"aai": BackendSettings(vendor="assemblyai")})
    with pytest.raises(ConfigError, match="no backend 'aia', only local, scripted, aai"):
        vendor_of("aia", settings)
