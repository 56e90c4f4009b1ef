"""``check_dialect`` on a dialect small enough to break in every way."""

import json

import msgspec
import pytest

from crossfade.dialects.base import (
    AudioRules,
    ClientRequest,
    Credential,
    Dialect,
    Goodbye,
    Refusal,
)
from crossfade.errors import CrossfadeError, ProtocolError, UpstreamError
from crossfade.model import (
    Audio,
    Encoding,
    Final,
    Finish,
    RawAudio,
    SessionConfig,
    SessionEnded,
    Start,
    Word,
)
from crossfade.testing import (
    TranscriptMismatchError,
    check_dialect,
    parse_transcript,
    replay,
    replay_client,
)

CONFIG = SessionConfig(
    language="en", audio=RawAudio(encoding=Encoding.PCM_S16LE, sample_rate_hz=8000)
)


class ParrotServer:
    """Hears ``{"do": "start"}``, audio and ``{"do": "stop"}``; says ``{"words": […]}``."""

    def __init__(self, settings):
        self.started = False

    def credential(self, handshake):
        return Credential(secret=None, accepts=frozenset(), token_scope="")

    def open(self, handshake):
        if handshake.path == "/closed":
            raise ProtocolError("closed")
        return []

    def receive(self, frame):
        if isinstance(frame, bytes):
            return self.hear(frame)
        try:
            do = msgspec.json.decode(frame, type=dict).get("do")
        except (msgspec.MsgspecError, UnicodeError) as exc:
            raise ProtocolError("not JSON") from exc
        if do == "start":
            self.started = True
            return [Start(config=CONFIG)]
        if do == "stop" and self.started:
            return [Finish()]
        raise ProtocolError("not now")

    def hear(self, chunk):
        if not self.started:
            raise ProtocolError("start first")
        return [Audio(data=chunk)]

    def send(self, event):
        match event:
            case Final():
                return [json.dumps({"words": [msgspec.to_builtins(w) for w in event.words]})]
            case SessionEnded():
                return [json.dumps({"bye": 1}), Goodbye(code=1000)]
            case _:
                return []

    def refuse(self, error):
        return Refusal(
            frames=(json.dumps({"error": str(error)}),), goodbye=Goodbye(code=1003, reason="no")
        )


class ParrotClient:
    ended = False
    ready = True

    def request(self, url, *, key, config):
        return ClientRequest(url=url)

    def audio_rules(self):
        return AudioRules()

    def audio_format(self, wanted):
        return wanted

    def open(self):
        return ['{"do": "start"}']

    def send(self, command):
        return []

    def receive(self, frame):
        message = msgspec.json.decode(frame)
        if "error" in message:
            raise UpstreamError(message["error"])
        if "bye" in message:
            self.ended = True
            return [SessionEnded(audio_ms=0, session_ms=0)]
        if "words" not in message:
            raise ProtocolError("unknown")
        words = tuple(msgspec.convert(word, Word) for word in message["words"])
        return [Final(turn=0, words=words, through_ms=0)]

    def closed(self, code, reason):
        return None if self.ended else UpstreamError("too soon", code=code)


def parrot(server=ParrotServer, client=ParrotClient):
    return Dialect(
        name="parrot",
        title="Parrot",
        paths=("/",),
        server=server,
        client=client,
        token_scope="",
        token_ttl_s=(1, 1),
    )


HI = {"text": "Hi", "start_ms": 0, "end_ms": 100, "confidence": 1.0}
SAID = HI | {"punctuation": "", "speaker": None, "volume": None}
LINES = [
    {"about": "made up for this test"},
    {"client": {"do": "start"}},
    {"command": {"type": "start", "config": msgspec.to_builtins(CONFIG)}},
    {"audio_ms": 20, "frames": 2},
    {"audio_bytes": 3},
    {"event": {"type": "final", "turn": 0, "words": [HI], "through_ms": 100}},
    {"server": {"words": [SAID]}},
    {"client": {"do": "stop"}},
    {"command": {"type": "finish"}},
    {"event": {"type": "session_ended", "audio_ms": 40, "session_ms": 1}},
    {"server": {"bye": "<int>"}},
    {"close": {"code": 1000, "reason": ""}},
]


def transcript(*, lines=LINES, replaced=None, without=()):
    lines = [line for number, line in enumerate(lines, 1) if number not in without]
    for number, line in (replaced or {}).items():
        lines[number - 1] = line
    return parse_transcript(map(json.dumps, lines))


def replay_parrot(**changes):
    return replay(transcript(**changes), ParrotServer(None))


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "one.jsonl").write_text("\n".join(map(json.dumps, LINES)), encoding="utf-8")
    return tmp_path


# replay ---------------------------------------------------------------------------------------


def test_a_replay_gives_commands_and_what_was_said():
    result = replay_parrot()
    assert result.config == CONFIG
    assert result.error is None
    assert [type(c).__name__ for c in result.commands] == ["Start", *["Audio"] * 3, "Finish"]
    assert [len(c.data) for c in result.commands if isinstance(c, Audio)] == [320, 320, 3]
    assert result.said[-1] == Goodbye(code=1000)


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        pytest.param({"replaced": {7: {"server": {"words": []}}}}, 7, id="other-words"),
        pytest.param({"replaced": {7: {"close": {"code": 1000}}}}, 7, id="a-close-not-a-frame"),
        pytest.param({"replaced": {11: {"server": {"bye": "<str>"}}}}, 11, id="another-kind"),
        pytest.param({"replaced": {12: {"close": {"code": 1001}}}}, 12, id="another-code"),
        pytest.param(
            {"replaced": {12: {"close": {"code": 1000, "reason": "x"}}}}, 12, id="another-reason"
        ),
        pytest.param({"without": (7,)}, 7, id="said-more-than-the-transcript"),
        pytest.param({"without": (12,)}, 11, id="said-more-at-the-end"),
        pytest.param({"without": (6,)}, 6, id="said-less"),
        pytest.param({"replaced": {9: {"command": {"type": "keep_alive"}}}}, 9, id="command"),
        pytest.param({"replaced": {2: {"client": "{"}}}, 3, id="an-error-instead-of-a-command"),
    ],
)
def test_a_replay_fails_at_the_first_line_that_differs(changes, line):
    with pytest.raises(TranscriptMismatchError) as caught:
        replay_parrot(**changes)
    assert caught.value.line == line


def test_a_refusal_is_said_like_anything_else():
    lines = transcript(
        lines=[
            {"about": "x"},
            {"open": {"path": "/closed"}},
            {"server": {"error": "closed"}},
            {"close": {"code": 1003}},
        ]
    )
    assert isinstance(replay(lines, ParrotServer(None)).error, ProtocolError)
    replay_client(lines, ParrotClient(), config=CONFIG)


def test_audio_in_milliseconds_needs_a_format():
    with pytest.raises(ValueError, match="line 2: no raw audio format"):
        replay_parrot(lines=[{"about": "x"}, {"audio_ms": 20}])


# replay_client --------------------------------------------------------------------------------


def test_the_client_end_hears_the_words_of_the_events():
    heard = replay_client(transcript(), ParrotClient(), config=CONFIG)
    assert [type(event).__name__ for event in heard] == ["Final", "SessionEnded"]


@pytest.mark.parametrize(
    ("said", "is_same"),
    [
        (SAID | {"text": "hi", "punctuation": "."}, True),
        (SAID | {"end_ms": 110}, True),
        (SAID | {"end_ms": 111}, False),
        (SAID | {"text": "Ho"}, False),
    ],
)
def test_words_may_lose_capitals_and_marks_and_ten_milliseconds(said, is_same):
    lines = transcript(replaced={7: {"server": {"words": [said]}}})
    if is_same:
        replay_client(lines, ParrotClient(), config=CONFIG)
        return
    with pytest.raises(TranscriptMismatchError):
        replay_client(lines, ParrotClient(), config=CONFIG)


def test_a_message_that_the_client_end_does_not_understand_fails():
    with pytest.raises(TranscriptMismatchError, match="line 7: not understood"):
        replay_client(transcript(replaced={7: {"server": {"x": 1}}}), ParrotClient(), config=CONFIG)


def test_a_close_that_the_client_end_misjudges_fails():
    with pytest.raises(TranscriptMismatchError, match="line 11: close 1000"):
        replay_client(transcript(without=(11,)), ParrotClient(), config=CONFIG)


# check_dialect --------------------------------------------------------------------------------


def test_a_sound_dialect_passes(folder):
    check_dialect(parrot(), folder)


def test_a_folder_without_transcripts_fails(tmp_path):
    with pytest.raises(AssertionError, match="no transcripts"):
        check_dialect(parrot(), tmp_path)


def test_the_transcript_at_fault_is_named(folder):
    (folder / "two.jsonl").write_text('{"about": "x"}\n{"server": {}}', encoding="utf-8")
    with pytest.raises(TranscriptMismatchError) as caught:
        check_dialect(parrot(), folder)
    assert caught.value.__notes__ == ["in two.jsonl"]


class CrashesOnNoise(ParrotServer):
    def receive(self, frame):
        if isinstance(frame, str):
            json.loads(frame)
        return super().receive(frame)


class GivesNonsense(ParrotServer):
    def receive(self, frame):
        return ["hello"] if frame == b"" else super().receive(frame)


class SaysTooMuch(ParrotServer):
    def refuse(self, error):
        return Refusal(frames=(), goodbye=Goodbye(code=1003, reason="µ" * 62))


class ClosesOddly(ParrotServer):
    def refuse(self, error):
        return Refusal(frames=(), goodbye=Goodbye(code=999))


class SwallowsShortChunks(ParrotServer):
    def hear(self, chunk):
        return super().hear(chunk) if len(chunk) != 1 else []


@pytest.mark.parametrize(
    "broken", [CrashesOnNoise, GivesNonsense, SaysTooMuch, ClosesOddly, SwallowsShortChunks]
)
def test_a_broken_dialect_fails(folder, broken):
    with pytest.raises((AssertionError, ValueError)) as caught:
        check_dialect(parrot(server=broken), folder)
    assert not isinstance(caught.value, CrossfadeError)
