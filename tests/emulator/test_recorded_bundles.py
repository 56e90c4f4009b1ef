"""Sessions recorded by a server, and played again by an emulator."""

import json
import os
import stat
from functools import partial

import pytest

from crossfade.dialects import DIALECTS
from crossfade.emulator.bundle import is_bundle, read_bundle
from crossfade.emulator.recording import Recordings
from crossfade.emulator.script import ScriptError
from crossfade.emulator.scrubbing import SCRUBBED, Scrubber
from crossfade.emulator.serving import KEY
from crossfade.errors import ConfigError
from crossfade.recognizers.scripted import ScriptedRecognizer, spoken
from crossfade.server.keys import Keyring
from crossfade.server.run import ServerConfig, running_server
from crossfade.testing import read_transcript
from emulated_clients import (
    SILENCE,
    START,
    Told,
    assemblyai_told,
    converse,
    speechmatics_told,
)
from processes import CHECKOUT

MORNING = spoken("Good morning. Welcome aboard.")
RECORDED = CHECKOUT / "tests" / "transcripts"

BOTH = pytest.mark.parametrize(
    "told_by", [speechmatics_told, assemblyai_told], ids=["speechmatics", "assemblyai"]
)


@pytest.fixture
def recorded(tmp_path):
    """Let a client talk to a recording server; gives the bundle's path and what it was told."""

    async def recorded(told_by, *arguments, with_audio=False):
        folder = tmp_path / "bundles"
        recordings = Recordings(folder, with_audio=with_audio)
        async with running_server(
            ScriptedRecognizer(MORNING),
            data_dir=tmp_path,
            keyring=Keyring(tmp_path / "keys.json", run_keys=[KEY]),
            config=ServerConfig(data_dir=tmp_path, port=0),
            dialects=[recordings.of(dialect) for dialect in DIALECTS],
        ) as server:
            told = await told_by(server.url, *arguments)
        (path,) = folder.glob("*.jsonl")
        return path, told

    return recorded


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


@BOTH
async def test_a_recorded_session_is_played_again_byte_for_byte(recorded, emulator, told_by):
    patient = partial(told_by, patient=True)
    path, told = await recorded(patient)
    assert is_bundle(path)
    async with emulator(read_bundle(path, DIALECTS)) as (url, _):
        again, once_more = await patient(url), await patient(url)
    assert again == told
    assert once_more == told


async def test_a_client_that_cuts_its_audio_otherwise_hears_the_same(recorded, emulator):
    path, told = await recorded(speechmatics_told)
    async with emulator(read_bundle(path, DIALECTS)) as (url, _):
        again = await speechmatics_told(url, [bytes(800)] * 160)
    assert again.words == told.words
    assert [m["seq_no"] for m in again.of("AudioAdded")] == list(range(1, 161))


async def test_a_client_that_ends_sooner_hears_all_of_it_then(recorded, emulator):
    path, told = await recorded(assemblyai_told)
    async with emulator(read_bundle(path, DIALECTS)) as (url, _):
        again = await assemblyai_told(url, SILENCE[:4])
    assert again == told


async def test_a_client_of_another_protocol_hears_the_same_words(recorded, emulator):
    path, _ = await recorded(speechmatics_told)
    async with emulator(read_bundle(path, DIALECTS)) as (url, _):
        told = await assemblyai_told(url)
    assert told.turns == ["good morning welcome aboard"]
    assert told.of("Termination")


async def test_faults_happen_in_recorded_sessions_too(recorded, emulator):
    path, told = await recorded(speechmatics_told)
    bundle = read_bundle(path, DIALECTS)
    async with emulator(bundle, "duplicate_finals", "drop:at=end") as (url, _):
        again = await speechmatics_told(url)
    assert again.words == told.words * 2
    assert (again.of("EndOfTranscript"), again.code) == ([], 1006)
    async with emulator(bundle, "close:code=4000,after_words=1") as (url, _):
        cut_short = await speechmatics_told(url)
    assert (len(cut_short.words) > 0, cut_short.code) == (True, 4000)
    async with emulator(bundle, "capacity") as (url, _):
        assert (await speechmatics_told(url)).code == 4005


@pytest.mark.parametrize(
    "path",
    [
        RECORDED / "speechmatics" / "recorded_speechmatics_rt.jsonl",
        RECORDED / "speechmatics" / "two_sentences.jsonl",
        RECORDED / "assemblyai" / "recorded_assemblyai.jsonl",
    ],
    ids=lambda path: path.stem,
)
async def test_a_wire_transcript_is_a_recorded_session_without_times(emulator, path):
    bundle = read_bundle(path, DIALECTS)
    assert bundle.dialect == path.parent.name
    assert bundle.wire[-1].at_ms < 10, "nothing is waited for"
    told_by = {"speechmatics": speechmatics_told, "assemblyai": assemblyai_told}[bundle.dialect]
    async with emulator(bundle) as (url, _):
        told = await told_by(url)
    assert len(told.frames) >= len([m for m in bundle.wire if isinstance(m.what.said, str)])


# What is in a recording.


@BOTH
async def test_a_recording_is_a_transcript_with_times(recorded, told_by):
    path, told = await recorded(told_by)
    assert read_transcript(path)
    written = lines(path)
    assert [json.dumps(line["server"]) for line in written if "server" in line] == [
        json.dumps(message) for message in told.messages
    ]
    times = [line["at_ms"] for line in written]
    assert times == sorted(times)
    assert sum(line.get("audio_bytes", 0) for line in written) == len(SILENCE) * 3200
    assert written[-1]["close"]["code"] == 1000


async def test_keys_and_tokens_are_nowhere_in_it(recorded):
    secrets = ["s3cret-cookie", "s3cret-subprotocol", "s3cret-user", "s3cret-webhook"]
    query = (
        "sample_rate=16000&webhook_url=https://s3cret-user@example.com/"
        "&webhook_auth_header_name=X-Mine&webhook_auth_header_value=s3cret-webhook"
        f'&keyterms_prompt=["Crossfade"]&prompt={KEY}'
    )

    async def told_by(url):
        headers = {
            "Authorization": KEY,
            "Cookie": "session=s3cret-cookie",
            "X-Api-Key": "s3cret-subprotocol",
        }
        end = json.dumps({"type": "Terminate"})
        return await converse(f"{url}/v3/ws?{query}", headers, [*SILENCE, end])

    path, _ = await recorded(told_by)
    text = path.read_text()
    for secret in (KEY, *secrets):
        assert secret not in text
    opened = next(line["open"] for line in lines(path) if "open" in line)
    assert opened["headers"]["authorization"] == SCRUBBED
    assert ["keyterms_prompt", '["Crossfade"]'] in opened["query"], "that is no key"


async def test_audio_is_recorded_on_request_only(recorded):
    path, _ = await recorded(speechmatics_told, [b"\1\2" * 1600] * 3)
    assert not path.with_suffix(".audio").exists()


async def test_audio_is_recorded_as_it_came(recorded):
    chunks = [bytes([number]) * 3200 for number in range(5)]
    path, _ = await recorded(speechmatics_told, chunks, with_audio=True)
    assert path.with_suffix(".audio").read_bytes() == b"".join(chunks)


async def test_audio_inside_messages_is_audio(recorded):
    start = START | {
        "transcription_config": {
            "language": "en",
            "diarization": "channel",
            "channel_diarization_labels": ["l"],
        }
    }
    chunk = {"message": "AddChannelAudio", "channel": "l", "data": "AAAA" * 400}
    broken = {"message": "AddChannelAudio", "channel": "l", "data": "AAAA" * 400 + "?"}

    async def told_by(url):
        headers = {"Authorization": f"Bearer {KEY}"}
        return await converse(f"{url}/v2", headers, [json.dumps(m) for m in (start, chunk, broken)])

    path, told = await recorded(told_by)
    assert told.of("Error")
    assert "AAAA" not in path.read_text()
    assert [line["audio_bytes"] for line in lines(path) if "audio_bytes" in line] == [1200]


async def test_files_are_their_owners_only(recorded):
    path, _ = await recorded(speechmatics_told, SILENCE[:1], with_audio=True)
    for file in (path, path.with_suffix(".audio")):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


async def test_a_client_that_was_refused_is_recorded(recorded):
    async def told_by(url):
        wrong = {"Authorization": "wrong-key-of-somebody"}
        return await converse(f"{url}/v3/ws?sample_rate=16000", wrong, [])

    path, told = await recorded(told_by)
    assert isinstance(told, Told)
    assert "wrong-key-of-somebody" not in path.read_text()
    assert lines(path)[-1]["close"]["code"] == 1008


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_refused(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(ConfigError):
        Recordings(tmp_path / "bundles")


def test_a_folder_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError):
        Recordings(tmp_path / "file")


async def test_a_full_disk_ends_the_recording_and_not_the_session(recorded, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("crossfade.emulator.recording._private_file", full)

    async def told_by(url):
        told = await speechmatics_told(url)
        assert told.code == 1000
        raise RecordingNotLookedForError

    with pytest.raises(RecordingNotLookedForError):
        await recorded(told_by)


class RecordingNotLookedForError(Exception):
    pass


@pytest.mark.parametrize(
    ("name", "is_secret"),
    [
        *((name, True) for name in ("Authorization", "api_key", "apiKey", "X-Auth-Token", "jwt")),
        *((name, True) for name in ("Cookie", "Sec-WebSocket-Protocol", "client_secret")),
        *((name, False) for name in ("keyterms_prompt", "user-agent", "monkey", "language")),
    ],
)
def test_a_secret_is_known_by_its_name(name, is_secret):
    assert (Scrubber(None).headers({name: "value"})[name] == SCRUBBED) == is_secret
    assert (Scrubber(None).json({"a": [{name: "value"}]})["a"][0][name] == SCRUBBED) == is_secret


JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    "text",
    [
        "wss://host/v2?jwt=s3cret&language=en",
        "https://user:s3cret@host/",
        "it said Bearer s3cret-and-sixteen-more",
        "key%2Fs3cret",
        JWT,
    ],
)
def test_a_secret_is_known_in_the_midst_of_a_text(text):
    scrubbed = Scrubber("key/s3cret").text(text)
    assert "s3cret" not in scrubbed
    assert JWT not in scrubbed
    assert SCRUBBED in scrubbed


def test_a_secret_is_known_inside_of_a_parameter_that_holds_json():
    query = [("llm_gateway", '{"model": "m", "api_key": "s3cret"}'), ("terms", '["a",  "b"]')]
    assert Scrubber(None).query(query) == [
        ("llm_gateway", f'{{"model":"m","api_key":"{SCRUBBED}"}}'),
        ("terms", '["a",  "b"]'),
    ]


@pytest.mark.parametrize("said", ["Token two. Basic instincts.", "a?b=c", "Bearer of good news"])
def test_what_is_said_is_no_secret(said):
    assert Scrubber("a key").text(said) == said


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        pytest.param('{"about": "x"}\n{"nothing": 1}', "line 2", id="unknown-line"),
        pytest.param('{"about": "x", "dialect": "klingon"}', "klingon", id="unknown-protocol"),
        pytest.param('{"about": "x"}\n{"open": {"path": "/a/b/c"}}', "/a/b/c", id="unknown-path"),
        pytest.param("", "first line", id="empty"),
    ],
)
def test_a_file_that_is_no_recording_is_refused(tmp_path, text, complaint):
    path = tmp_path / "bundle.jsonl"
    path.write_text(text)
    with pytest.raises(ScriptError, match=complaint):
        read_bundle(path, DIALECTS)
