"""Single places in programs: what each is rewritten to, both ways."""

import json
import struct

import pytest

from crossfade.migrate.rewriting import rewrite

FRAME = """
import json
import websocket

URL = "{url}"


def on_open(ws):
    ws.send(json.dumps({start}))


def on_message(ws, frame):
    message = json.loads(frame)
{body}


app = websocket.WebSocketApp(URL, header={header}, on_open=on_open, on_message=on_message)
"""
START = (
    '{"message": "StartRecognition", "audio_format": '
    '{"type": "raw", "encoding": "pcm_s16le", "sample_rate": 16000}, '
    '"transcription_config": {"language": "en", "operating_point": "enhanced"}}'
)


def to_turns(
    body: str, *, header: str = '{"Authorization": "Bearer K"}', start: str = START
) -> str:
    """The text of a program that reads transcripts, rewritten to read turns."""
    url = "wss://eu.rt.speechmatics.com/v2/en"
    return rewrite(
        FRAME.format(url=url, start=start, body=body, header=header), to="assemblyai"
    ).text


def from_turns(body: str, *, query: str = "sample_rate=16000") -> str:
    """The text of a program that reads turns, rewritten to read transcripts."""
    source = FRAME.format(
        url=f"wss://streaming.assemblyai.com/v3/ws?{query}",
        start='{"type": "KeepAlive"}',
        body=body,
        header='{"Authorization": "K"}',
    )
    return rewrite(source, to="speechmatics").text


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('{"Authorization": "Bearer K"}', 'header={"Authorization": "K"}'),
        ('["Authorization: Bearer K"]', 'header=["Authorization: K"]'),
        ('[f"Authorization: Bearer {URL}"]', 'header=[f"Authorization: {URL}"]'),
        ('{"authorization": "Bearer " + URL}', 'header={"authorization": URL}'),
    ],
)
def test_the_key_is_shown_as_the_other_server_wants_it(before, after):
    assert after in to_turns("    pass", header=before)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            'if message["message"] == "AddTranscript":',
            'if message["type"] == "Turn" and message["end_of_turn"]:',
        ),
        (
            'if message["message"] != "AddTranscript":',
            'if not (message["type"] == "Turn" and message["end_of_turn"]):',
        ),
        (
            'if message.get("message") in ("AddPartialTranscript", "AddTranscript"):',
            'if message.get("type") == "Turn":',
        ),
        (
            'if message["message"] in ["EndOfTranscript", "Error"]:',
            'if message["type"] in ("Termination", "Error"):',
        ),
        (
            "if message['message'] == 'AddPartialTranscript' and URL:",
            'if message[\'type\'] == "Turn" and not message["end_of_turn"] and URL:',
        ),
    ],
)
def test_tests_of_names_are_tests_of_turns(before, after):
    assert f"    {after}\n" in to_turns(f"    {before}\n        print(message)")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            'if message["type"] == "Turn" and message["end_of_turn"]:',
            'if message["message"] == "AddTranscript" and message["metadata"]["transcript"]:',
        ),
        (
            'if message["type"] == "Turn" and not message["end_of_turn"]:',
            'if message["message"] == "AddPartialTranscript":',
        ),
        (
            'if message["type"] == "Turn":',
            'if message["message"] in ("AddPartialTranscript", "AddTranscript"):',
        ),
        ('if message["type"] == "Begin":', 'if message["message"] == "RecognitionStarted":'),
    ],
)
def test_tests_of_turns_are_tests_of_names(before, after):
    assert f"    {after}\n" in from_turns(f"    {before}\n        print(message)")


def test_a_name_or_a_dict_that_is_read_first_is_followed():
    body = (
        '    kind = message["message"]\n    if kind == "Error":\n        print(message["reason"])'
    )
    assert (
        '    kind = message["type"]\n    if kind == "Error":\n        print(message["error"])'
        in (to_turns(body))
    )


def test_what_is_done_at_the_end_of_an_utterance_is_done_after_its_words():
    body = (
        '    if message["message"] == "AddTranscript":\n'
        '        print(message["metadata"]["transcript"])\n'
        '    elif message["message"] == "EndOfUtterance":\n'
        "        print()  # a new line\n"
        '    elif message["message"] == "Error":\n'
        "        pass"
    )
    assert (
        '        print(message["transcript"])\n'
        "        print()  # a new line\n"
        '    elif message["type"] == "Error":\n'
    ) in to_turns(body)


def test_a_branch_that_never_runs_again_is_marked_and_stays():
    body = '    if message["message"] == "AudioAdded":\n        print(message["seq_no"])'
    text = to_turns(body)
    assert (
        'if message["message"] == "AudioAdded":\n        print(message["seq_no"])'
        in text.replace('["type"]', '["message"]')
    )
    assert "# TODO(crossfade): AudioAdded: AssemblyAI sends no such message" in text


def test_a_query_that_is_written_out_becomes_the_first_message():
    text = from_turns("    pass", query="sample_rate=8000&encoding=pcm_mulaw&min_turn_silence=700")
    assert 'URL = "wss://global.rt.speechmatics.com/v2"\n' in text
    before, _, after = text.partition("    settings = ")
    start, end = json.JSONDecoder().raw_decode(
        after.replace("True", "true")
        .replace(",\n    }", "\n    }")
        .replace(",\n        }", "\n        }")
        .replace(",\n            }", "\n            }")
    )
    assert start["audio_format"] == {"type": "raw", "encoding": "mulaw", "sample_rate": 8000}
    trigger = start["transcription_config"]["conversation_config"]
    assert trigger == {"end_of_utterance_silence_trigger": 0.7}
    assert before.endswith("def on_open(ws):\n")
    assert end


def test_a_message_without_a_counterpart_is_taken_out_and_its_place_marked():
    text = from_turns("    pass")
    assert "KeepAlive is dropped" in text
    assert '"KeepAlive"' not in text


def test_float_samples_are_sent_as_whole_numbers():
    start = START.replace("pcm_s16le", "pcm_f32le")
    source = FRAME.format(
        url="wss://eu.rt.speechmatics.com/v2", start=start, body="    pass", header="{}"
    )
    source += "\n\ndef speak(ws, microphone):\n    ws.send_bytes(microphone.read(800))\n"
    text = rewrite(source, to="assemblyai").text
    assert '"encoding": "pcm_s16le"' in text
    assert "as_pcm_s16le(microphone.read(800))" in text
    convert = text[text.index("def as_pcm_s16le") :].partition("\n\n\n")[0]
    names = {"struct": struct}
    exec(convert, names)  # what the program will run
    floats = struct.pack("<4f", 0.0, 1.0, -1.5, 0.5)
    assert struct.unpack("<4h", names["as_pcm_s16le"](floats)) == (0, 32767, -32767, 16384)


def test_short_pieces_of_audio_are_joined_and_none_is_lost():
    start = START
    source = FRAME.format(
        url="wss://eu.rt.speechmatics.com/v2", start=start, body="    pass", header="{}"
    )
    source += (
        "\n\ndef speak(ws, line):\n    for frame in line:\n        ws.send_bytes(frame)\n"
        '    ws.send(json.dumps({"message": "EndOfStream", "last_seq_no": 0}))\n'
    )
    text = rewrite(source, to="assemblyai").text
    at = text.index("unsent_audio = ")
    names: dict = {}
    exec(
        "from collections import defaultdict\nimport json\n" + text[at : text.index("def on_open")],
        names,
    )
    exec(text[text.index("def speak") :], names | {"json": json})
    sent = []

    class Socket:
        def send_bytes(self, data):
            sent.append(bytes(data))

        def send(self, data):
            sent.append(data)

    scope = names | {"json": json}
    exec(text[text.index("def speak") :], scope)
    scope["speak"](Socket(), [bytes([n]) * 640 for n in range(6)])
    *audio, end = sent
    assert json.loads(end) == {"type": "Terminate"}
    assert [len(piece) for piece in audio] == [1600, 1600, 640]
    assert b"".join(audio) == b"".join(bytes([n]) * 640 for n in range(6))
