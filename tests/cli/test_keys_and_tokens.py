"""`crossfade keys` and `crossfade token`."""

import json

import httpx
from websockets.sync.client import connect

from processes import crossfade, serving

FILE = "speech.wav"


def test_a_key_is_printed_once_and_listed_by_its_name_only(tmp_path):
    added = crossfade("keys", "add", "laptop", "--max-sessions", "2", data_dir=tmp_path)
    key = added.stdout.strip()
    assert key.startswith("cf_")
    listed = crossfade("keys", "list", data_dir=tmp_path)
    assert "laptop" in listed.stdout
    assert key not in listed.stdout
    assert key not in (tmp_path / "keys.json").read_text()


def test_keys_are_listed_as_json(tmp_path):
    crossfade("keys", "add", "a", "--expires", "30d", "--backends", "local,x", data_dir=tmp_path)
    (entry,) = json.loads(crossfade("keys", "list", "--json", data_dir=tmp_path).stdout)
    assert entry["expires"] - entry["created"] == 30 * 86_400
    assert (entry["name"], entry["backends"]) == ("a", ["local", "x"])


def test_a_rotated_key_is_another_one_of_the_same_name(tmp_path):
    old = json.loads(crossfade("keys", "add", "a", "--json", data_dir=tmp_path).stdout)
    new = json.loads(crossfade("keys", "rotate", "a", "--json", data_dir=tmp_path).stdout)
    assert old["name"] == new["name"]
    assert old["key"] != new["key"]


def test_a_running_server_follows_every_change_of_the_keys(tmp_path, speech_wav):
    with serving(tmp_path) as server:
        url = f"ws://{server.address}"
        key = crossfade("keys", "add", "laptop", data_dir=tmp_path).stdout.strip()

        def transcribe(key):
            stream = ["transcribe", speech_wav, "--url", url, "--dialect", "speechmatics"]
            return crossfade(*stream, "--key", key, data_dir=tmp_path)

        assert transcribe(key).returncode == 0
        crossfade("keys", "revoke", "laptop", data_dir=tmp_path)
        assert "does not accept the key" in transcribe(key).stderr


def test_a_token_is_made_of_a_key_and_printed(tmp_path):
    key = crossfade("keys", "add", "laptop", data_dir=tmp_path).stdout.strip()
    for name in ("speechmatics", "assemblyai"):
        made = crossfade("token", "--dialect", name, "--json", data_dir=tmp_path, CROSSFADE_KEY=key)
        token = json.loads(made.stdout)["token"]
        assert token.count(".") == 2


def test_a_keys_limits_are_listed(tmp_path):
    limits = ("--opens-per-minute", "5", "--no-mint")
    crossfade("keys", "add", "a", *limits, data_dir=tmp_path)
    (entry,) = json.loads(crossfade("keys", "list", "--json", data_dir=tmp_path).stdout)
    assert (entry["opens_per_minute"], entry["may_mint"]) == (5, False)
    row = crossfade("keys", "list", data_dir=tmp_path).stdout.splitlines()[1]
    assert row.split()[-4:] == ["any", "5", "all", "no"]


def test_keys_can_stand_in_a_file_of_their_own(tmp_path):
    file = ("--keys-file", str(tmp_path / "elsewhere.json"))
    assert crossfade("keys", "add", "a", *file, data_dir=tmp_path).returncode == 0
    assert "a " in crossfade("keys", "list", *file, data_dir=tmp_path).stdout
    assert "no keys yet" in crossfade("keys", "list", data_dir=tmp_path).stderr
    assert not (tmp_path / "keys.json").exists()


def test_a_secret_that_could_be_guessed_is_refused_and_not_repeated(tmp_path):
    key = crossfade("keys", "add", "a", data_dir=tmp_path).stdout.strip()
    done = crossfade(
        *("token", "--dialect", "assemblyai", "--key", key),
        data_dir=tmp_path,
        CROSSFADE_TOKEN_SECRET="hunter2",
    )
    assert done.returncode == 1
    assert "could be guessed" in done.stderr
    assert "hunter2" not in done.stderr


def opens(address: str, token: str) -> bool:
    """Whether a token opens a session."""
    with connect(f"ws://{address}/v3/ws?sample_rate=16000&token={token}") as socket:
        return json.loads(socket.recv(timeout=10))["type"] == "Begin"


def test_servers_with_the_same_files_accept_the_same_keys_and_each_others_tokens(tmp_path):
    keys, secrets = tmp_path / "keys.json", tmp_path / "token-secret"
    shared = ("--keys-file", str(keys), "--token-secret-file", str(secrets))
    key = crossfade("keys", "add", "app", *shared[:2], data_dir=tmp_path).stdout.strip()
    secrets.write_text("s" * 43)
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
    with serving(tmp_path / "one", *shared) as one, serving(tmp_path / "other", *shared) as other:
        assert "no keys yet" not in one.said
        made = httpx.get(
            f"http://{one.address}/v3/token?expires_in_seconds=60", headers={"Authorization": key}
        )
        token = made.json()["token"]
        assert opens(other.address, token)
        assert crossfade("keys", "rotate-secret", *shared[2:], data_dir=tmp_path).returncode == 0
        assert opens(other.address, token)
        crossfade("keys", "rotate-secret", *shared[2:], data_dir=tmp_path)
        assert not opens(other.address, token)
        crossfade("keys", "revoke", "app", *shared[:2], data_dir=tmp_path)
        for server in (one, other):
            refused = httpx.get(
                f"http://{server.address}/v3/token?expires_in_seconds=60",
                headers={"Authorization": key},
            )
            assert refused.status_code == 401
    assert sorted(item.name for item in (tmp_path / "one").iterdir()) == []


def test_a_server_with_a_shared_file_that_is_empty_makes_no_key_of_its_own(tmp_path):
    with serving(tmp_path, "--keys-file", str(tmp_path / "none.json")) as server:
        assert "nobody can come in" in server.said
        assert "cf_" not in server.said
    assert not (tmp_path / "none.json").exists()
