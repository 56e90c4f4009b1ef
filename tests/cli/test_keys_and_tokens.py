"""`crossfade keys` and `crossfade token`."""

import json

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
