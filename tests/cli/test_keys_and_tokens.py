"""`crossfade keys` and `crossfade token`."""

import json

import httpx
from websockets.sync.client import connect

from processes import serving

FILE = "speech.wav"


def test_a_key_is_printed_once_and_listed_by_its_name_only(here, tmp_path):
    added = here("keys", "add", "laptop", "--max-sessions", "2")
    key = added.stdout.strip()
    assert key.startswith("cf_")
    listed = here("keys", "list")
    assert "laptop" in listed.stdout
    assert key not in listed.stdout
    assert key not in (tmp_path / "keys.json").read_text()


def test_keys_are_listed_as_json(here):
    here("keys", "add", "a", "--expires", "30d", "--backends", "local,x")
    (entry,) = json.loads(here("keys", "list", "--json").stdout)
    assert entry["expires"] - entry["created"] == 30 * 86_400
    assert (entry["name"], entry["backends"]) == ("a", ["local", "x"])


def test_a_rotated_key_is_another_one_of_the_same_name(here):
    old = json.loads(here("keys", "add", "a", "--json").stdout)
    new = json.loads(here("keys", "rotate", "a", "--json").stdout)
    assert old["name"] == new["name"]
    assert old["key"] != new["key"]


def test_a_running_server_follows_every_change_of_the_keys(here, tmp_path, speech_wav):
    with serving(tmp_path) as server:
        url = f"ws://{server.address}"
        key = here("keys", "add", "laptop").stdout.strip()

        def transcribe(key):
            stream = ["transcribe", speech_wav, "--url", url, "--dialect", "speechmatics"]
            return here(*stream, "--key", key)

        assert transcribe(key).returncode == 0
        here("keys", "revoke", "laptop")
        assert "does not accept the key" in transcribe(key).stderr


def test_a_token_is_made_of_a_key_and_printed(here):
    key = here("keys", "add", "laptop").stdout.strip()
    for name in ("speechmatics", "assemblyai"):
        made = here("token", "--dialect", name, "--json", CROSSFADE_KEY=key)
        token = json.loads(made.stdout)["token"]
        assert token.count(".") == 2


def test_a_keys_limits_are_listed(here):
    limits = ("--opens-per-minute", "5", "--no-mint")
    here("keys", "add", "a", *limits)
    (entry,) = json.loads(here("keys", "list", "--json").stdout)
    assert (entry["opens_per_minute"], entry["may_mint"]) == (5, False)
    row = here("keys", "list").stdout.splitlines()[1]
    assert row.split()[-4:] == ["any", "5", "all", "no"]


def test_keys_can_stand_in_a_file_of_their_own(here, tmp_path):
    file = ("--keys-file", str(tmp_path / "elsewhere.json"))
    assert here("keys", "add", "a", *file).returncode == 0
    assert "a " in here("keys", "list", *file).stdout
    assert "no keys yet" in here("keys", "list").stderr
    assert not (tmp_path / "keys.json").exists()


def test_a_secret_that_could_be_guessed_is_refused_and_not_repeated(here):
    key = here("keys", "add", "a").stdout.strip()
    done = here(
        *("token", "--dialect", "assemblyai", "--key", key),
        CROSSFADE_TOKEN_SECRET="hunter2",
    )
    assert done.returncode == 1
    assert "could be guessed" in done.stderr
    assert "hunter2" not in done.stderr


def opens(address: str, token: str) -> bool:
    """Whether a token opens a session."""
    with connect(f"ws://{address}/v3/ws?sample_rate=16000&token={token}") as socket:
        return json.loads(socket.recv(timeout=10))["type"] == "Begin"


def test_servers_with_the_same_files_accept_the_same_keys_and_each_others_tokens(here, tmp_path):
    keys, secrets = tmp_path / "keys.json", tmp_path / "token-secret"
    shared = ("--keys-file", str(keys), "--token-secret-file", str(secrets))
    key = here("keys", "add", "app", *shared[:2]).stdout.strip()
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
        assert here("keys", "rotate-secret", *shared[2:]).returncode == 0
        assert opens(other.address, token)
        here("keys", "rotate-secret", *shared[2:])
        assert not opens(other.address, token)
        here("keys", "revoke", "app", *shared[:2])
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
