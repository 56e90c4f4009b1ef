"""Raw programs: StartRecognition first, results by ``message``, EndOfStream last."""

import re

import libcst as cst

from crossfade.migrate.rewriting.expressions import Hole, Text, parts_of, quoted, written
from crossfade.migrate.rewriting.program import Program
from crossfade.migrate.rewriting.speechmatics import settings
from crossfade.migrate.rewriting.wire import Facts, Field, Kind, Order, Read, Wire

_NAMES: dict[Kind, str] = {
    "started": "RecognitionStarted",
    "partial": "AddPartialTranscript",
    "final": "AddTranscript",
    "turn_end": "EndOfUtterance",
    "warning": "Warning",
    "ended": "EndOfTranscript",
    "error": "Error",
}
_URL = re.compile(r"wss://(\w+)\.rt\.speechmatics\.com(/v2)?(/\w+)?/?$")
_TOKEN_URL = "https://mp.speechmatics.com/v1/api_keys"
_REGIONS = {"eu": "eu", "eu2": "eu", "neu": "eu", "us": "us", "wus": "us"}
_SESSION_S = "48 * 3600"

_WORDS_OF = '''
def words_of(message):
    """Text with punctuation, start and end in seconds, confidence and speaker of each word."""
    words = []
    for item in message["results"]:
        best = item["alternatives"][0]
        if item.get("attaches_to") == "previous" and words:
            words[-1] = (words[-1][0] + best["content"], *words[-1][1:])
        else:
            times = item["start_time"], item["end_time"]
            words.append((best["content"], *times, best["confidence"], best.get("speaker")))
    return words
'''
_RESULTS_OF = '''
def results_of(message):
    """The words of a message as items, in the form that this program reads."""
    return [
        {
            "type": "word",
            "start_time": start_s,
            "end_time": end_s,
            "alternatives": [
                {"content": text, "confidence": confidence, "speaker": speaker or "UU"}
            ],
        }
        for text, start_s, end_s, confidence, speaker in words_of(message)
    ]
'''
_SPEAKER_OF = '''
def speaker_of(message):
    """Who says the first word of a message; None: that is not known."""
    return next((speaker for *_, speaker in words_of(message)), None)
'''


def _test(kinds: frozenset[Kind], name: str, message: str, facts: Facts) -> str:
    names = [quoted(_NAMES[kind]) for kind in _NAMES if kind in kinds]
    test = f"{name} == {names[0]}" if len(names) == 1 else f"{name} in ({', '.join(names)})"
    return " and ".join([test, *_conditions(kinds, message, facts)])


def _conditions(kinds: frozenset[Kind], message: str, facts: Facts) -> list[str]:
    """A final may come without words."""
    is_needed = facts.skips_empty and kinds == {"final"}
    return [f'{message}["metadata"]["transcript"]'] if is_needed else []


def _case(kinds: frozenset[Kind], message: str, facts: Facts) -> str:
    names = " | ".join(quoted(_NAMES[kind]) for kind in _NAMES if kind in kinds)
    guard = " and ".join(_conditions(kinds, message, facts))
    return names + (f" if {guard}" if guard else "")


def _read(field: Field, message: str, facts: Facts) -> Read | None:
    match field:
        case "id":
            return Read(source=f'{message}["id"]')
        case "text":
            strip = "" if facts.joins_text else ".strip()"  # finals end with a space
            return Read(source=f'{message}["metadata"]["transcript"]{strip}')
        case "start_s" | "end_s":
            return Read(source=f'{message}["metadata"]["{field[:-2]}_time"]')
        case "words":
            return Read(source=message, helper="words_of")
        case "speaker":
            return Read(source=f"speaker_of({message})", helper="speaker_of")
        case "error_name":
            return Read(source=f'{message}["type"]')
        case "error_text" | "warning_text":
            return Read(source=f'{message}["reason"]')
        case "expires_at":
            why = "Speechmatics does not tell; a session may last 48 hours."
            return Read(source=f"time.time() + {_SESSION_S}", imports=("time",), why=why)
        case "audio_s":
            return Read(source="round(AudioSent.seconds)", helper="AudioSent")
        case "session_s":
            source = "round(time.monotonic() - AudioSent.began_s)"
            return Read(source=source, helper="AudioSent", imports=("time",))


def _write_order(order: Order) -> tuple[tuple[str, str], ...] | None:
    match order:
        case "end":
            return ("message", '"EndOfStream"'), ("last_seq_no", "AudioSent.chunks")
        case "force":
            return (("message", '"ForceEndOfUtterance"'),)
        case "update":
            return (("message", '"SetRecognitionConfig"'),)
        case "keep_alive" | "speakers" | "channel":
            return None


def _key_of(program: Program, node: cst.BaseExpression) -> str | None:
    match parts_of(program, node):
        case [Text(value="Bearer "), Hole(source=source)]:
            return source
        case [Text(value=value), *rest] if value.startswith("Bearer "):
            return written([Text(value.removeprefix("Bearer ")), *rest])
    return None


def _region_of(url: str) -> str | None:
    found = _URL.match(url)
    if found:
        return _REGIONS.get(found[1], "")
    return "" if url.rstrip("/").replace("-", "_") == _TOKEN_URL else None


WIRE = Wire(
    name="speechmatics",
    title="Speechmatics",
    kind_key="message",
    kinds={name: (kind,) for kind, name in _NAMES.items()},
    fields={
        ("id",): "id",
        ("metadata", "transcript"): "text",
        ("metadata", "start_time"): "start_s",
        ("metadata", "end_time"): "end_s",
        ("results",): "words",
        ("type",): "error_name",
        ("reason",): "error_text",
    },
    items="results_of",
    read=_read,
    test=_test,
    case=_case,
    orders={
        "EndOfStream": "end",
        "ForceEndOfUtterance": "force",
        "SetRecognitionConfig": "update",
        "GetSpeakers": "speakers",
        "AddChannelAudio": "channel",
        "EndOfChannel": "channel",
    },
    write_order=_write_order,
    order_values="transcription_config",
    region_of=_region_of,
    url=lambda region: f"wss://{region or 'global'}.rt.speechmatics.com/v2",
    token_url=lambda region: _TOKEN_URL,
    path="/v2",
    path_pattern=r"/v2(/[a-z_]{2,8})?/?$",
    token_path="/v1/api_keys",
    token_path_pattern=r"/v1/api[_-]keys$",
    retired=r"wss://\w+\.speechmatics\.com/v1",
    token_key="jwt",
    token_answer="key_value",
    token_ttl="ttl",
    token_ttl_s=(60, 86_400),
    token_query={"type": "rt"},
    token_is_posted=True,
    header=lambda key: written([Text("Bearer "), Hole(key)]),
    key_of=_key_of,
    starts_with_message=True,
    sends_empty=True,
    paced=False,
    pieces=False,
    encodings=frozenset({"pcm_s16le", "pcm_f32le", "mulaw", "file", "ogg_opus", "aac"}),
    is_settings=settings.is_settings,
    read_settings=settings.read,
    write_settings=settings.write,
    rate_path=("audio_format", "sample_rate"),
    helpers={"words_of": _WORDS_OF, "results_of": _RESULTS_OF, "speaker_of": _SPEAKER_OF},
)
