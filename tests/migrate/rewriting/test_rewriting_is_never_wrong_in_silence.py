"""What programs do besides stays, what is not understood is marked, what comes out is Python."""

import ast

import pytest

from crossfade.migrate.rewriting import rewrite

MARK = "# TODO(crossfade): "

READER = """
import json
import os
import requests
import websockets

URL = os.environ.get("SPEECHMATICS_URL", "wss://eu2.rt.speechmatics.com/v2")
START = {
    "message": "StartRecognition",
    "audio_format": {"type": "raw", "encoding": "pcm_s16le", "sample_rate": 16000},
    "transcription_config": {"language": "en", "operating_point": "enhanced"},
}


async def main(key, path):
    async with websockets.connect(URL, additional_headers={"Authorization": f"Bearer {key}"}) as ws:
        await ws.send(json.dumps(START))
        async for frame in ws:
            data = json.loads(frame)
"""
TURNS = """
import json
import websockets

URL = "wss://streaming.eu.assemblyai.com/v3/ws?sample_rate=16000&speech_model=u3-rt-pro"


async def main(key):
    async with websockets.connect(URL, additional_headers={"Authorization": key}) as ws:
        async for frame in ws:
            data = json.loads(frame)
"""


def to_turns(inside="", outside="", *, before=READER):
    """A program that reads transcripts, with more inside of its loop and behind it, rewritten."""
    body = "".join(f"            {line}\n" for line in inside.split("\n"))
    done = rewrite(f"{before}{body}\n{outside}", to="assemblyai")
    ast.parse(done.text)
    return done.text


def from_turns(inside="", outside=""):
    """The other way."""
    body = "".join(f"            {line}\n" for line in inside.split("\n"))
    done = rewrite(f"{TURNS}{body}\n{outside}", to="speechmatics")
    ast.parse(done.text)
    return done.text


def marked(text, what):
    """The line that stands under a mark."""
    lines = text.split("\n")
    at = next(n for n, line in enumerate(lines) if line.lstrip().startswith(f"{MARK}{what}"))
    return next(line.strip() for line in lines[at:] if not line.lstrip().startswith("#"))


# What is said to others.


@pytest.mark.parametrize(
    "others",
    [
        pytest.param(
            "def ask(k):\n    head = {'Authorization': f'Bearer {k}'}\n"
            "    return requests.post('https://api.example.com/v1', headers=head)",
            id="a-key-of-somebody-else",
        ),
        pytest.param(
            "def ask():\n    data = requests.get('https://api.example.com').json()\n"
            "    return data['message'], data['id'], data['metadata']['transcript_id']",
            id="json-of-somebody-else",
        ),
        pytest.param(
            "def ask(k):\n    r = requests.post('https://api.example.com/v1', json={'ttl': 60})\n"
            "    return r.json()['key_value']",
            id="a-token-of-somebody-else",
        ),
        pytest.param(
            "async def speak(browser: WebSocket, data):\n    await browser.send_bytes(data)",
            id="audio-for-somebody-else",
        ),
        pytest.param(
            "async def tell(text):\n"
            "    async with websockets.connect('wss://chat.example.com/socket') as chat:\n"
            "        await chat.send(json.dumps({'message': text}))",
            id="a-socket-to-somebody-else",
        ),
    ],
)
def test_what_is_said_to_others_stays_to_the_byte(others):
    assert to_turns("print(data['metadata']['transcript'])", others).endswith(f"\n{others}")


def test_settings_are_put_where_this_vendors_session_is_opened():
    first = READER.replace(
        "async def main",
        "async def other():\n    await websockets.connect('wss://chat.example.com/socket')\n\n\n"
        "async def main",
    )
    text = to_turns("pass", before=first)
    assert "connect('wss://chat.example.com/socket')" in text
    assert "?{urlencode(START)}" in text


def test_a_second_session_is_marked():
    again = "async def again():\n    return await websockets.connect(URL)"
    assert marked(to_turns("pass", again), "another session").startswith("return await")


def test_json_of_a_browser_is_not_the_servers():
    others = (
        "async def command(browser):\n    told = json.loads(await browser.receive_text())\n"
        "    return told['type'] == 'stop'"
    )
    assert from_turns("print(data['transcript'])", others).endswith(others)


# Where messages go.


@pytest.mark.parametrize(
    ("inside", "outside"),
    [
        pytest.param("show(data)", "def show(m):\n    print(m['{}'])", id="to-a-function"),
        pytest.param("show(json.loads(frame))", "def show(m):\n    print(m['{}'])", id="decoded"),
        pytest.param(
            "await QUEUE.put(data)",
            "async def show():\n    m = await QUEUE.get()\n    print(m['{}'])",
            id="through-a-queue",
        ),
        pytest.param(
            "m = await take(ws)\nprint(m['{}'])",
            "async def take(ws):\n    return json.loads(await ws.recv())",
            id="from-a-function",
        ),
        pytest.param(
            "threading.Thread(target=show, args=(data,)).start()",
            "def show(m):\n    print(m['{}'])",
            id="to-a-thread",
        ),
    ],
)
def test_messages_are_followed(inside, outside):
    source = "metadata']['transcript"
    text = to_turns(inside.replace("{}", source), outside.replace("{}", source))
    assert "m['metadata']" not in text
    assert 'm["transcript"]' in text


TABLE = """
def on_final(m):
    print(m["metadata"]["transcript"])


HANDLERS = {
    "RecognitionStarted": print,
    "AddTranscript": on_final,
    "AddPartialTranscript": lambda m: print("...", m["metadata"]["transcript"]),
    "EndOfUtterance": print,
    "AudioAdded": print,
}
"""


def test_a_table_of_handlers_is_asked_for_the_names_that_it_holds():
    text = to_turns(
        'handler = HANDLERS.get(data["message"])\nif handler:\n    handler(data)', TABLE
    )
    assert "handler = HANDLERS.get(name_of(data))" in text
    assert 'print("...", m["transcript"])' in text
    assert 'def on_final(m):\n    print(m["transcript"])' in text
    assert marked(text, "EndOfUtterance") == "HANDLERS = {"
    assert marked(text, "AudioAdded") == "HANDLERS = {"
    names = {}
    function = text[text.index("def name_of") :].partition("\n\n\n")[0]
    exec(function, names)
    said = [
        {"type": "Begin"},
        {"type": "Turn", "end_of_turn": False},
        {"type": "Turn", "end_of_turn": True},
        {"type": "Termination"},
    ]
    assert [names["name_of"](message) for message in said] == [
        *("RecognitionStarted", "AddPartialTranscript", "AddTranscript", "Termination"),
    ]


def test_a_table_that_has_to_have_every_name_is_marked():
    text = from_turns('HANDLERS[data["type"]](data)', 'HANDLERS = {"Begin": print, "Turn": print}')
    assert marked(text, "a table of handlers") == "HANDLERS[name_of(data)](data)"


def test_a_function_of_the_programs_own_by_a_helpers_name_is_marked():
    text = to_turns(
        'HANDLERS.get(data["message"])(data)', TABLE + "\n\ndef name_of(x):\n    pass\n"
    )
    assert marked(text, "name_of") == "def name_of(x):"


@pytest.mark.parametrize(
    ("inside", "what", "line"),
    [
        pytest.param(
            'if data["message"].startswith("Add"):\n    pass',
            'data["message"]',
            'if data["type"].startswith("Add"):',
            id="a-part-of-a-name",
        ),
        pytest.param(
            'getattr(self, data["message"])(data)',
            'data["message"]',
            'getattr(self, data["type"])(data)',
            id="a-method-of-that-name",
        ),
        pytest.param(
            'if "metadata" in data:\n    pass',
            "metadata in",
            'if "metadata" in data:',
            id="a-field",
        ),
        pytest.param(
            'emitter.on("AddTranscript", print)',
            "AddTranscript",
            'emitter.on("AddTranscript", print)',
            id="an-emitter",
        ),
        pytest.param(
            'match data:\n    case {"message": "AddTranscript"}:\n        pass',
            "AddTranscript",
            "match data:",
            id="a-pattern-of-the-whole",
        ),
        pytest.param(
            'if data["message"] in ("AddTranscript", "AddTranslation"):\n    pass',
            "AddTranslation",
            'if data["type"] == "Turn" and data["end_of_turn"]:',
            id="a-name-among-others",
        ),
        pytest.param(
            'if data["message"] in ("Warning", "Error"):\n    print(data["reason"])',
            'data["reason"]',
            'print(data["error"])',
            id="a-field-that-two-messages-have",
        ),
    ],
)
def test_what_is_not_understood_is_marked(inside, what, line):
    assert marked(to_turns(inside), what) == line


def test_settings_that_go_through_a_function_are_marked():
    text = rewrite(
        READER.replace("await ws.send(json.dumps(START))", "await say(ws, START)"), to="assemblyai"
    ).text
    assert marked(text, "settings") == "START = {"


def test_a_message_that_is_written_out_is_marked():
    other = 'def start(ws):\n    ws.send(\'{"message": "StartRecognition"}\')'
    assert marked(to_turns("pass", other), "StartRecognition").startswith("ws.send")


def test_a_plugin_of_a_framework_is_marked():
    text = rewrite("from livekit.plugins import silero, speechmatics\n", to="assemblyai").text
    assert marked(text, "livekit.plugins").startswith("from livekit.plugins")


def test_an_address_that_is_put_together_is_marked():
    other = 'HOST = "eu2"\n\n\ndef address():\n    return f"wss://{HOST}.rt.speechmatics.com/v2"'
    assert marked(to_turns("pass", other), "{}.rt.speechmatics.com").startswith("return f")


def test_a_file_that_only_names_messages_is_marked():
    source = 'class Kind:\n    FINAL = "AddTranscript"\n'
    done = rewrite(source, to="assemblyai")
    assert [mark.what for mark in done.marks] == ["AddTranscript"]


def test_a_file_that_only_reads_messages_is_rewritten():
    source = (
        "import json\n\n\ndef on_message(ws, frame):\n    data = json.loads(frame)\n"
        '    if data["message"] == "AddTranscript":\n'
        '        print(data["metadata"]["transcript"])\n'
    )
    text = rewrite(source, to="assemblyai").text
    assert '    if data["type"] == "Turn" and data["end_of_turn"]:\n' in text
    assert MARK not in text


@pytest.mark.parametrize(
    "send",
    [
        "callback = lambda data: ws.send_bytes(data)",
        "    return ws.send_bytes(data)",
        "while True: data = line.read(9); ws.send_bytes(data)",
        "seq += 1; ws.send_bytes(data)",
    ],
)
def test_audio_that_is_sent_within_something_else_is_marked(send):
    source = f"def speak(ws, data, line, seq=0):\n    {send.strip()}"
    assert send.strip() in to_turns("speak(ws, frame, None)", source)
    assert marked(to_turns("speak(ws, frame, None)", source), "audio")


def test_a_server_that_holds_several_sessions_is_marked():
    source = (
        "from fastapi import FastAPI\n"
        + TURNS.lstrip()
        + (
            "            await ws.send(frame)\n"
            '            await ws.send(\'{"type": "Terminate"}\')\n'
        )
    )
    assert marked(rewrite(source, to="speechmatics").text, "one session") == "class AudioSent:"


# What is around it.


def test_the_token_is_asked_for_where_the_session_is_opened():
    other = (
        'def token(key):\n    r = requests.post("https://mp.speechmatics.com/v1/api_keys?type=rt", '
        'json={"ttl": 60})\n    return r.json()["key_value"]'
    )
    text = to_turns("pass", other)
    assert "wss://streaming.eu.assemblyai.com/v3/ws" in text
    assert "https://streaming.eu.assemblyai.com/v3/token" in text


def test_names_by_which_callers_know_something_stay():
    other = (
        "def speechmatics_text(speechmatics_key):\n    speechmatics_words = []\n"
        "    return speechmatics_words\n\n\n"
        'print(speechmatics_text(speechmatics_key=os.environ["SPEECHMATICS_API_KEY"]))'
    )
    text = to_turns("pass", other)
    assert "def speechmatics_text(speechmatics_key):\n    assemblyai_words = []" in text
    assert 'speechmatics_text(speechmatics_key=os.environ["ASSEMBLYAI_API_KEY"])' in text


def test_a_comment_inside_of_what_is_rewritten_stays():
    before = READER.replace(
        '    "transcription_config"', '    # as our customers speak\n    "transcription_config"'
    )
    assert "# as our customers speak\n" in to_turns("pass", before=before)


def test_an_import_of_several_lines_loses_one_name_alone():
    before = READER.replace(
        "import requests", "from shared import (\n    url_of, other,  # both\n)"
    )
    before = before.replace("URL,", "url_of(URL),").replace("Bearer {key}", "Bearer {other}")
    text = to_turns("pass", before=before)
    names = {
        alias.name for node in ast.walk(ast.parse(text)) for alias in getattr(node, "names", ())
    }
    assert "other" in names or "other" not in text
    assert "# both" in text


def test_numbers_in_an_address_are_still_strings_when_it_is_added_up():
    source = TURNS.replace(
        'URL = "wss://streaming.eu.assemblyai.com/v3/ws?sample_rate=16000&speech_model=u3-rt-pro"',
        "PORT = {'a': 1}\nURL = f\"ws://127.0.0.1:{PORT['a']}{{}}/v3/ws?sample_rate=16000\"",
    )
    text = rewrite(f"{source}            print(data['transcript'])\n", to="speechmatics").text
    assert "f\"ws://127.0.0.1:{PORT['a']}{{}}/v2\"" in text


def test_lines_that_end_otherwise_each_stay_as_they_are():
    source = READER.lstrip().replace("\n", "\r\n", 3) + "            pass\n\n\nX = 1\n"
    text = rewrite(source, to="assemblyai").text
    assert text.startswith("import json\r\nimport os\r\nimport requests\r\nimport websockets\n")
    assert text.endswith("            pass\n\n\nX = 1\n")


def test_a_byte_order_mark_stays():
    source = f"{READER}            pass\n"
    assert rewrite("\ufeff" + source, to="assemblyai").text == (
        "\ufeff" + rewrite(source, to="assemblyai").text
    )


def test_what_would_be_no_program_any_more_is_only_marked(monkeypatch):
    monkeypatch.setattr(
        "crossfade.migrate.rewriting.rewrite_raw", lambda *_: ("def broken(:\n", frozenset())
    )
    source = f"{READER}            pass\n"
    done = rewrite(source, to="assemblyai")
    assert [line for line in done.text.split("\n") if "#" not in line] == source.split("\n")
    assert {"StartRecognition", "transcription_config"} <= {mark.what for mark in done.marks}


# SDKs.

SDK = """
import asyncio
from speechmatics.rt import AsyncClient, AudioFormat, ServerMessageType, TranscriptionConfig


class App:
    def show(self, message):
        print(message["metadata"]["transcript"])

    async def run(self, other):
        async with AsyncClient(api_key="K") as client:
{registered}
            await client.start_session(
                transcription_config=TranscriptionConfig(language="en", enable_partials=True),
                audio_format=AudioFormat(sample_rate=16000),
            )
            await client.send_audio(b"")
            await client.stop_session()
            other.send_audio(b"")
"""


def sdk(*registered):
    lines = "\n".join(f"            {line}" for line in registered)
    text = rewrite(SDK.format(registered=lines), to="assemblyai").text
    ast.parse(text)
    return text


def test_methods_and_lambdas_are_handlers_too():
    text = sdk(
        "client.on(ServerMessageType.ADD_TRANSCRIPT, self.show)",
        "client.on(ServerMessageType.ERROR, lambda m: print(m['reason']))",
    )
    assert "client.on(StreamingEvents.Turn, self.show)" in text
    assert "    def show(self, _client, message):\n        if not message.end_of_turn:\n" in text
    assert "client.on(StreamingEvents.Error, lambda _client, m: print(str(m)))" in text


def test_a_handler_of_two_events_is_called_once_for_each_message():
    text = sdk(
        "client.on(ServerMessageType.ADD_TRANSCRIPT, self.show)",
        "client.on(ServerMessageType.ADD_PARTIAL_TRANSCRIPT, self.show)",
    )
    assert text.count("client.on(StreamingEvents.Turn, self.show)") == 1
    assert "end_of_turn" not in text


def test_what_others_clients_are_told_stays_and_what_the_client_has_no_more_is_marked():
    text = sdk(
        "client.on(ServerMessageType.ADD_TRANSCRIPT, self.show)", "client.remove_all_listeners()"
    )
    assert 'other.send_audio(b"")' in text
    assert marked(text, ".remove_all_listeners") == "client.remove_all_listeners()"


def test_a_name_of_the_sdk_that_is_left_is_marked():
    text = sdk("for kind in ServerMessageType: client.on(kind, self.show)")
    assert marked(text, "ServerMessageType").startswith("for kind in")
