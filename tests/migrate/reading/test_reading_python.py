"""Python programs of every shape: what is found in them, on which line, and what is not."""

from textwrap import dedent

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sample_programs
from crossfade.dialects import DIALECTS
from crossfade.migrate.reading.python import read
from crossfade.migrate.reading.source import Source, UnreadableError

PROGRAMS = {dialect.name: dialect.programs() for dialect in DIALECTS if dialect.programs}
TEXTS = [path.read_text() for vendor in PROGRAMS for path in sample_programs.programs(vendor)]


def found(vendor, text, *kinds):
    """What is found of these kinds: name → line, and value if that is known."""
    _, sightings = read(Source(dedent(text)), PROGRAMS[vendor])
    return {s.name: s for s in sightings if not kinds or s.kind in kinds}


def values(sightings):
    return {name.rpartition(".")[2]: sighting.value for name, sighting in sightings.items()}


def generations(vendor, text):
    uses, _ = read(Source(dedent(text)), PROGRAMS[vendor])
    return [(use.line, use.what.title, use.what.age) for use in uses]


START = """
def start(ws):
    ws.send(json.dumps({"message": "StartRecognition", "transcription_config": %s}))
"""


@pytest.mark.parametrize(
    "rest",
    [
        'CONFIG = {"language": "en", "max_delay": 2}' + START % "CONFIG",
        'CONFIG = dict(language="en", max_delay=2)' + START % "CONFIG",
        'BASE = {"language": "en"}\nCONFIG = {**BASE, "max_delay": 2}' + START % "CONFIG",
        'BASE = {"language": "en"}\nCONFIG = BASE | {"max_delay": 2}' + START % "CONFIG",
        'CONFIG = {"language": "en"}\nCONFIG["max_delay"] = 2' + START % "CONFIG",
        'CONFIG = {"language": "en"}\nCONFIG.update(max_delay=2)' + START % "CONFIG",
        'DELAY = 2\nCONFIG = {"language": "en", "max_delay": DELAY}' + START % "CONFIG.copy()",
        'def config():\n    return {"language": "en", "max_delay": 2}\n' + START % "config()",
        'class C:\n    def __init__(self):\n        self.c = {"language": "en", "max_delay": 2}\n'
        + START % "self.c",
    ],
    ids=[
        "plain",
        "dict",
        "spread",
        "joined",
        "assigned",
        "updated",
        "constant",
        "returned",
        "attribute",
    ],
)
def test_settings_are_found_however_the_dictionary_came_about(rest):
    told = found("speechmatics", rest, "setting")
    assert values(told) == {"language": "en", "max_delay": "2"}
    assert all(sighting.term is not None for sighting in told.values())


@pytest.mark.parametrize(
    "text",
    [
        'url = f"wss://streaming.assemblyai.com/v3/ws?sample_rate=8000&vad_threshold=0.4"',
        'url = BASE + "?" + urlencode({"sample_rate": 8000, "vad_threshold": 0.4})\nx = "/v3/ws"',
        'P = [("sample_rate", 8000), ("vad_threshold", 0.4)]\nu = urlencode(P) + "/v3/ws"',
        'P = {"sample_rate": 8000}\nP["vad_threshold"] = 0.4\nws_connect("/v3/ws", params=P)',
        'url = ("wss://streaming.assemblyai.com/v3/ws"\n  "?sample_rate=8000&vad_threshold=0.4")',
    ],
    ids=["literal", "encoded", "pairs", "params", "concatenated"],
)
def test_settings_are_found_however_the_query_came_about(text):
    assert values(found("assemblyai", text, "setting")) == {
        "sample_rate": "8000",
        "vad_threshold": "0.4",
    }


@pytest.mark.parametrize(
    ("vendor", "text"),
    [
        ("speechmatics", 'start = {"transcription_config": {"languge": "en", "max_delay": 2}}'),
        ("speechmatics", 'from speechmatics.rt import TranscriptionConfig as T\nT(languge="en")'),
        ("assemblyai", 'x = "wss://streaming.assemblyai.com/v3/ws?languge=en"'),
        ("assemblyai", 'urlencode({"format_turns": True, "languge": "en"})'),
        ("assemblyai", 'import assemblyai as aai\naai.RealtimeTranscriber(languge="en")'),
    ],
)
def test_a_setting_that_no_table_has_is_told_as_such(vendor, text):
    told = found(vendor, text, "setting")
    [name] = [name for name, sighting in told.items() if sighting.term is None]
    assert name.rpartition(".")[2] == "languge"


@pytest.mark.parametrize(
    ("value", "topic"),
    [
        ('"file"', "audio.file"),
        ('"raw"', None),
        ("kind", None),
    ],
)
def test_a_value_decides_what_a_setting_is_about(value, topic):
    text = f'START = {{"message": "StartRecognition", "audio_format": {{"type": {value}}}}}'
    assert found("speechmatics", text, "setting")["audio_format.type"].topic == topic


def test_lines_are_those_of_the_names():
    text = """\
        start = {
            "message": "StartRecognition",
            # a comment
            "transcription_config": {
                "language": "en",
            },
        }
    """
    sightings = found("speechmatics", text)
    assert sightings["StartRecognition"].line == 2
    assert sightings["transcription_config.language"].line == 5


def test_kinds_of_messages_are_found_where_programs_ask_for_them():
    text = """\
        handlers = {"AddTranscript": show, "Info": log}
        def on_message(m):
            if m["message"] == "RecognitionStarted" or m["message"] in ("Error", "Warning"):
                ...
            match m:
                case {"message": "EndOfTranscript" | "EndOfUtterance"}:
                    ...
            log.info("Error")
    """
    messages = found("speechmatics", text, "message")
    assert {name: sighting.line for name, sighting in messages.items()} == {
        "AddTranscript": 1,
        "Info": 1,
        "RecognitionStarted": 3,
        "Error": 3,
        "Warning": 3,
        "EndOfTranscript": 6,
        "EndOfUtterance": 6,
    }


def test_a_docstring_and_a_comment_say_nothing():
    text = '"""Like wss://eu2.rt.speechmatics.com/v2."""\nx = 1  # AddTranscript\n'
    assert read(Source(text), PROGRAMS["speechmatics"]) == ([], [])


def test_methods_are_found_on_what_holds_a_client():
    text = """\
        from assemblyai.streaming.v3 import StreamingClient

        class Captions:
            def __init__(self, options):
                self.client = StreamingClient(options)

            def stop(self):
                self.client.disconnect(terminate=True)
                self.file.disconnect()

        def force(client: StreamingClient):
            client.force_endpoint()
            client.fly_away()
    """
    calls = {name: s.line for name, s in found("assemblyai", text, "call").items()}
    assert calls == {
        "StreamingClient": 5,
        ".disconnect": 8,
        ".force_endpoint": 12,
        ".fly_away": 13,
    }


@pytest.mark.parametrize(
    ("vendor", "text", "expected"),
    [
        ("speechmatics", "import speechmatics\nspeechmatics.client.WebsocketClient(x)",
         [(2, "speechmatics-python", "superseded")]),
        ("speechmatics", "from speechmatics.rt import AsyncClient",
         [(1, "speechmatics-rt", "current")]),
        ("speechmatics", "from speechmatics.voice import VoiceAgentClient",
         [(1, "speechmatics-voice", "superseded")]),
        ("speechmatics", "import speechmatics.agent_stt as a\na.AgentSttAsyncClient()",
         [(2, "speechmatics-agent-stt", "current")]),
        ("speechmatics", 'u = "wss://preview.rt.speechmatics.com/v2/agent/adaptive"',
         [(1, "Voice Agent API preview (/v2/agent/{profile})", "retired")]),
        ("speechmatics", 'u = "wss://eu2.rt.speechmatics.com/v2/agent"',
         [(1, "Speechmatics Agent STT", "current")]),
        ("assemblyai", "import assemblyai as aai\naai.RealtimeTranscriber()",
         [(2, "assemblyai (RealtimeTranscriber)", "retired")]),
        ("assemblyai", "from assemblyai.streaming.v3 import StreamingClient",
         [(1, "assemblyai (streaming.v3)", "current")]),
        ("assemblyai", 'u = "wss://api.assemblyai.com/v2/realtime/ws?sample_rate=8000"',
         [(1, "AssemblyAI Realtime v2", "retired")]),
    ],
)  # fmt: skip
def test_the_generation_is_told(vendor, text, expected):
    assert generations(vendor, text) == expected


@pytest.mark.parametrize("vendor", PROGRAMS)
@pytest.mark.parametrize(
    "text",
    [
        "import assemblyai as aai\nprint(aai.Transcriber().transcribe('a.wav').text)",
        "import requests\nrequests.post('https://asr.api.speechmatics.com/v2/jobs')",
        "client.post('https://api.assemblyai.com/v2/transcript', json={'language_code': 'en'})",
        "from openai import OpenAI\nOpenAI().chat(model='x', messages=[{'type': 'Turn'}])",
        "log = {'message': 'Error', 'language': 'en', 'sample_rate': 16000}",
        "from crossfade import connect\nconnect(url, key=key, dialect='assemblyai')",
        "",
    ],
    ids=["batch-sdk", "batch-rest", "batch-raw", "another-vendor", "a-log", "our-sdk", "empty"],
)
def test_what_does_not_stream_with_a_vendor_is_none_of_our_business(vendor, text):
    assert read(Source(text), PROGRAMS[vendor]) == ([], [])


def test_what_is_no_python_says_so():
    with pytest.raises(UnreadableError):
        Source("print 'hello'\n")


def test_a_name_that_is_bound_to_itself_does_not_hang():
    text = 'c = c | {"max_delay": 1}\nc = {**c}\nx = {"transcription_config": c}\n'
    assert "transcription_config.max_delay" in found("speechmatics", text, "setting")


@settings(max_examples=30, deadline=None)  # libcst takes 50 ms for a program
@given(st.sampled_from(TEXTS), st.data())
def test_any_part_of_a_program_that_still_parses_can_be_read(text, data):
    lines = text.splitlines(keepends=True)
    start = data.draw(st.integers(0, len(lines)))
    end = data.draw(st.integers(start, len(lines)))
    part = "".join(lines[:start] + lines[end:])
    try:
        source = Source(part)
    except UnreadableError:
        return
    for programs in PROGRAMS.values():
        uses, sightings = read(source, programs)
        assert bool(uses) or not sightings
        assert all(1 <= sighting.line <= part.count("\n") + 1 for sighting in sightings)


@pytest.mark.parametrize(
    ("vendor", "program", "title", "settings"),
    [
        (
            "speechmatics",
            'from livekit.plugins import silero, speechmatics\nspeechmatics.STT(language="en")\n',
            "LiveKit plugin (speechmatics)",
            {"transcription_config.language"},
        ),
        (
            "assemblyai",
            "import pipecat.services.assemblyai.stt as s; s.AssemblyAISTTSettings(format_turns=1)",
            "Pipecat service (assemblyai)",
            {"format_turns"},
        ),
    ],
    ids=["livekit", "pipecat"],
)
def test_plugins_of_frameworks_are_told_with_their_settings(vendor, program, title, settings):
    uses, sightings = read(Source(program), PROGRAMS[vendor])
    assert [use.what.title for use in uses] == [title]
    assert {item.name for item in sightings if item.kind == "setting"} == settings


def test_an_address_with_a_region_of_the_programs_is_found():
    program = 'def url(region):\n    return f"wss://{region}.rt.speechmatics.com/v2"\n'
    _, sightings = read(Source(program), PROGRAMS["speechmatics"])
    assert [item.name for item in sightings] == ["{}.rt.speechmatics.com"]
