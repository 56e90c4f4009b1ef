"""The keys file."""

import json
import multiprocessing
import re
import stat

import pytest

from crossfade.errors import ConfigError, CredentialError
from crossfade.server import keys as keys_module
from crossfade.server.keys import KeyLimits, Keyring


@pytest.fixture
def path(tmp_path):
    return tmp_path / "data" / "keys.json"


def test_a_new_key_has_192_random_bits_and_its_hash_alone_is_kept(path):
    keyring = Keyring(path)
    key = keyring.add("phone")
    assert re.fullmatch(r"cf_[A-Za-z0-9_-]{32}", key)
    assert key not in path.read_text()
    assert keyring.find(key).name == "phone"


def test_the_file_and_its_folder_are_the_owners_only(path):
    Keyring(path).add("phone")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert sorted(item.name for item in path.parent.iterdir()) == ["keys.json", "keys.lock"]


def test_an_entry_keeps_its_limits(path):
    limits = KeyLimits(
        expires=2000, max_sessions=3, opens_per_minute=9, backends=("local", "aai"), may_mint=False
    )
    Keyring(path, now=lambda: 1000.5).add("phone", limits)
    (entry,) = json.loads(path.read_text())["keys"]
    entry.pop("sha256")
    assert entry == {
        "name": "phone",
        "created": 1000,
        "expires": 2000,
        "max_sessions": 3,
        "opens_per_minute": 9,
        "backends": ["local", "aai"],
        "may_mint": False,
    }
    (read,) = Keyring(path).entries()
    assert (read.max_sessions, read.opens_per_minute) == (3, 9)
    assert (read.backends, read.may_mint) == (("local", "aai"), False)


def test_rotating_replaces_the_key_and_keeps_the_limits(path):
    keyring = Keyring(path)
    old = keyring.add("phone", KeyLimits(max_sessions=3))
    new = keyring.rotate("phone")
    assert keyring.find(old) is None
    assert keyring.find(new).max_sessions == 3


def test_a_revoked_key_is_unknown(path):
    keyring = Keyring(path)
    key = keyring.add("phone")
    keyring.add("laptop")
    keyring.revoke("phone")
    assert keyring.find(key) is None
    assert [entry.name for entry in keyring.entries()] == ["laptop"]
    with pytest.raises(CredentialError):
        keyring.named("phone")


def test_another_process_is_followed_and_a_deleted_file_revokes_all(path):
    running, command = Keyring(path), Keyring(path)
    key = command.add("phone")
    assert running.find(key).name == "phone"
    path.unlink()
    assert running.find(key) is None


def test_every_hash_is_compared_in_constant_time_whichever_fits(path, monkeypatch):
    keyring = Keyring(path)
    keys = [keyring.add(f"key-{number}") for number in range(5)]
    compared = []
    compare = keys_module.hmac.compare_digest
    monkeypatch.setattr(
        keys_module.hmac,
        "compare_digest",
        lambda one, other: compared.append(other) or compare(one, other),
    )
    for shown in (keys[0], keys[4], "wrong"):
        compared.clear()
        keyring.find(shown)
        assert len(compared) == 5


@pytest.mark.parametrize(
    "entry",
    [
        pytest.param({"sha256": "é" * 64}, id="no-hash"),
        pytest.param({"sha256": "0" * 63}, id="short-hash"),
        pytest.param({"name": "a\nb"}, id="no-name"),
        pytest.param({"max_sessions": 0}, id="no-sessions"),
        pytest.param({"opens_per_minute": "5"}, id="no-number"),
    ],
)
def test_an_entry_that_makes_no_sense_is_an_error_at_once(path, entry):
    good = {"name": "phone", "sha256": "0" * 64, "created": 0}
    path.parent.mkdir()
    path.write_text(json.dumps({"keys": [good | entry]}))
    with pytest.raises(ConfigError, match="is not a keys file"):
        Keyring(path)


def test_a_name_twice_and_a_file_of_another_version_are_errors(path):
    good = {"name": "phone", "sha256": "0" * 64, "created": 0}
    path.parent.mkdir()
    for content in ({"keys": [good, good]}, {"keys": [good], "version": 2}):
        path.write_text(json.dumps(content))
        with pytest.raises(ConfigError, match="is not a keys file"):
            Keyring(path)


def test_a_key_expires(path):
    clock = [1000.0]
    keyring = Keyring(path, now=lambda: clock[0])
    key = keyring.add("phone", KeyLimits(expires=2000))
    clock[0] = 1999.9
    assert keyring.find(key)
    clock[0] = 2000.0
    with pytest.raises(CredentialError) as expired:
        keyring.find(key)
    assert expired.value.cause == "expired"


def test_keys_of_this_run_are_in_no_file(path):
    keyring = Keyring(path, run_keys=["one", "two"])
    assert keyring.find("two").name == "run-2"
    assert keyring.find("three") is None
    assert not path.exists()


@pytest.mark.parametrize("wrong", ["", "é", "\udcff", "cf_" + "x" * 32])
def test_what_is_no_key_is_unknown(path, wrong):
    assert Keyring(path, run_keys=["sesame"]).find(wrong) is None


@pytest.mark.parametrize("name", ["", "a" * 65, "-a", "a b", "a\n", "../a", "é"], ids=ascii)
def test_a_name_that_would_not_fit_a_log_line_is_refused(path, name):
    with pytest.raises(ConfigError) as refused:
        Keyring(path).add(name)
    assert refused.value.field == "name"


def test_a_name_is_given_once(path):
    keyring = Keyring(path)
    keyring.add("phone")
    with pytest.raises(ConfigError, match="already"):
        keyring.add("phone")


@pytest.mark.parametrize("method", ["rotate", "revoke"])
def test_only_keys_that_exist_can_be_changed(path, method):
    with pytest.raises(ConfigError, match="no key named phone"):
        getattr(Keyring(path), method)("phone")


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"keys": [{"name": "x"}]}', b"\xff"])
def test_a_damaged_file_is_an_error_and_is_not_overwritten(path, content):
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(ConfigError, match="is not a keys file"):
        Keyring(path)
    path.write_bytes(b'{"keys": []}')
    keyring = Keyring(path)
    path.write_bytes(content)
    with pytest.raises(ConfigError, match="is not a keys file"):
        keyring.add("phone")
    assert path.read_bytes() == content


def test_a_file_where_the_folder_should_be_is_an_error(tmp_path):
    (tmp_path / "data").write_text("")
    with pytest.raises(ConfigError):
        Keyring(tmp_path / "data" / "keys.json").add("phone")


def _add(path, number):
    Keyring(path).add(f"key-{number}")


def test_processes_that_add_at_the_same_moment_lose_no_key(path):
    spawn = multiprocessing.get_context("spawn")
    adding = [spawn.Process(target=Keyring(path).add, args=(f"key-{n}",)) for n in range(3)]
    for process in adding:
        process.start()
    for process in adding:
        process.join()
    assert {entry.name for entry in Keyring(path).entries()} == {"key-0", "key-1", "key-2"}
