"""``crossfade serve`` with another server behind it, as its configuration file says."""

import asyncio
from urllib.request import urlopen

import pytest

from crossfade.cli.backends import upstream, vendor_of
from crossfade.client import connect
from crossfade.errors import ConfigError, UpstreamError
from crossfade.gateway.shadow_records import Began, Words, read_records
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
    assert "failover: backend dead (gone), going on with scripted from 0 ms" in log


def test_a_key_that_may_not_use_every_backend_of_the_route_is_refused(here, tmp_path):
    added = here("keys", "add", "phone", "--backends", "aai")
    with serving(tmp_path) as server, pytest.raises(UpstreamError) as caught:
        asyncio.run(words(server, "speechmatics", key=added.stdout.strip()))
    assert caught.value.code == 4003


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ("vendor = 'somebody'", "vendor can be speechmatics, assemblyai, "),
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
        ("key = 'secret-4711'\nmax_sessions = 0", "max_sessions must be 1 or more"),
        ("key = 'secret-4711'\nsession_s = 5", "session_s must be 10 or more"),
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


def test_the_limits_of_a_section_reach_the_gateway():
    section = BackendSettings(vendor="assemblyai", max_sessions=7, session_s=600.0)
    reached = upstream("aai", "assemblyai", section)
    assert (reached.max_sessions, reached.longest_s) == (7, 600.0)
    assert upstream("aai", "assemblyai", BackendSettings()).longest_s == 3 * 3600.0
    assert upstream("sm", "speechmatics", BackendSettings()).longest_s == 48 * 3600.0


def test_a_vendors_slots_are_the_servers(tmp_path):
    config = write(
        tmp_path / "crossfade.toml",
        '[backends.far]\nvendor = "assemblyai"\nurl = "ws://127.0.0.1:1"\nmax_sessions = 3\n',
    )
    with (
        serving(tmp_path, "--key", KEY, "--config", str(config), backend="far") as server,
        urlopen(f"http://{server.address}/metrics", timeout=10) as answer,
    ):
        shown = answer.read().decode()
    assert "crossfade_slots 3.0" in shown
    assert 'crossfade_backend_breaker{backend="far"} 0.0' in shown


def test_a_second_backend_hears_sessions_too_and_what_it_says_is_on_disk(tmp_path):
    config = write(tmp_path / "crossfade.toml", '[shadow]\nbackend = "scripted"\npercent = 100\n')
    with serving(tmp_path, "--key", KEY, "--config", str(config)) as server:
        assert asyncio.run(words(server, "assemblyai"))
        server.stop()
    [path] = (tmp_path / "shadow").glob("*.jsonl")
    began, *rest = read_records(path)
    assert isinstance(began, Began)
    assert began.backends == {"session": "scripted", "shadow": "scripted"}
    said = {side: [] for side in ("session", "shadow")}
    for record in rest:
        if isinstance(record, Words):
            said[record.side] += [word.text for word in record.words]
    assert said["session"] == said["shadow"] != []


def test_a_key_has_to_be_allowed_the_second_backend_too(here, tmp_path):
    added = here("keys", "add", "phone", "--backends", "scripted")
    key = added.stdout.strip()
    config = write(tmp_path / "c.toml", '[backends.other]\nvendor = "scripted"\n')
    arguments = ("--config", str(config), "--shadow-backend", "other")
    with serving(tmp_path, *arguments) as server, pytest.raises(UpstreamError) as caught:
        asyncio.run(words(server, "speechmatics", key=key))
    assert caught.value.code == 4003


def test_a_name_without_a_section_is_refused_with_those_that_there_are():
    settings = Settings(backend=("aia",), backends={"aai": BackendSettings(vendor="assemblyai")})
    with pytest.raises(ConfigError, match="no backend 'aia', only local, scripted, aai"):
        vendor_of("aia", settings)
