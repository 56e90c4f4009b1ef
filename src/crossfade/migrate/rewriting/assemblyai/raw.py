"""Raw programs: settings in the query, results by ``type``, Terminate last."""

import re

import libcst as cst

from crossfade.migrate.rewriting.assemblyai import settings
from crossfade.migrate.rewriting.expressions import quoted
from crossfade.migrate.rewriting.program import Program
from crossfade.migrate.rewriting.wire import Facts, Field, Kind, Order, Read, Wire

_NAMES: dict[Kind, str] = {
    "started": "Begin",
    "partial": "Turn",
    "final": "Turn",
    "turn_end": "Turn",
    "warning": "Warning",
    "ended": "Termination",
    "error": "Error",
}
_URL = re.compile(r"wss://streaming\.(?:(eu|us)\.)?assemblyai\.com/v3/ws/?$")
_TOKEN_URL = re.compile(r"https://(?:streaming|api)\.(?:(eu|us)\.)?assemblyai\.com/v3/token$")

_WORDS_OF = '''
def words_of(message):
    """Text with punctuation, start and end in seconds, confidence and speaker of each word."""
    return [
        (
            word["text"],
            word["start"] / 1000,
            word["end"] / 1000,
            word["confidence"],
            word.get("speaker"),
        )
        for word in message["words"]
    ]
'''
_TURN_WORDS_OF = '''
def turn_words_of(message):
    """The words of a message in whole milliseconds, in the form that this program reads."""
    return [
        {
            "text": text,
            "start": round(start_s * 1000),
            "end": round(end_s * 1000),
            "confidence": confidence,
            "speaker": speaker,
        }
        for text, start_s, end_s, confidence, speaker in words_of(message)
    ]
'''


def _conditions(kinds: frozenset[Kind], message: str, facts: Facts) -> list[str]:
    """What a Turn must be beside being a Turn."""
    ended = f'{message}["end_of_turn"]'
    if kinds & {"final", "turn_end"} and "partial" not in kinds:
        return [ended, f'{message}["turn_is_formatted"]'] if facts.ends_twice else [ended]
    return [f"not {ended}"] if kinds & {"partial"} and "final" not in kinds else []


def _test(kinds: frozenset[Kind], name: str, message: str, facts: Facts) -> str:
    names = list(dict.fromkeys(quoted(_NAMES[kind]) for kind in _NAMES if kind in kinds))
    conditions = _conditions(kinds, message, facts)
    if len(names) == 1:
        return " and ".join([f"{name} == {names[0]}", *conditions])
    if not conditions:
        return f"{name} in ({', '.join(names)})"
    others = ", ".join(other for other in names if other != '"Turn"')
    turn = " and ".join([f'{name} == "Turn"', *conditions])
    return f"(({turn}) or {name} in ({others},))"


def _case(kinds: frozenset[Kind], message: str, facts: Facts) -> str:
    names = dict.fromkeys(quoted(_NAMES[kind]) for kind in _NAMES if kind in kinds)
    guard = " and ".join(_conditions(kinds, message, facts) if len(names) == 1 else [])
    return " | ".join(names) + (f" if {guard}" if guard else "")


def _read(field: Field, message: str, facts: Facts) -> Read | None:
    match field:
        case "id" | "expires_at":
            return Read(source=f'{message}["{field}"]')
        case "text":
            return Read(source=f'{message}["transcript"]' + (' + " "' if facts.joins_text else ""))
        case "words":
            return Read(source=message, helper="words_of")
        case "speaker":
            return Read(source=f'{message}.get("speaker_label")')
        case "start_s" | "end_s":
            at, edge = ("0", "start") if field == "start_s" else ("-1", "end")
            words = f'{message}["words"]'
            return Read(source=f'({words}[{at}]["{edge}"] / 1000 if {words} else 0.0)')
        case "error_name":
            return Read(source=f'{message}["error_code"]')
        case "error_text":
            return Read(source=f'{message}["error"]')
        case "warning_text":
            return Read(source=f'{message}["warning"]')
        case "audio_s" | "session_s":
            return Read(source=f'{message}["{field[:-2]}_duration_seconds"]')


def _write_order(order: Order) -> tuple[tuple[str, str], ...] | None:
    names = {
        "end": "Terminate",
        "force": "ForceEndpoint",
        "update": "UpdateConfiguration",
        "keep_alive": "KeepAlive",
    }
    return (("type", quoted(names[order])),) if order in names else None


def _key_of(program: Program, node: cst.BaseExpression) -> str | None:
    text = program.rendered(node)
    return None if "Bearer " in text else text


def _region_of(url: str) -> str | None:
    found = _URL.match(url) or _TOKEN_URL.match(url)
    return (found[1] or "") if found else None


def _host(region: str) -> str:
    return f"streaming.{region}.assemblyai.com" if region else "streaming.assemblyai.com"


WIRE = Wire(
    name="assemblyai",
    title="AssemblyAI",
    kind_key="type",
    kinds={
        "Begin": ("started",),
        "Turn": ("partial", "final"),
        "Warning": ("warning",),
        "Error": ("error",),
        "Termination": ("ended",),
    },
    final_keys=frozenset({"end_of_turn", "turn_is_formatted"}),
    fields={
        ("id",): "id",
        ("expires_at",): "expires_at",
        ("transcript",): "text",
        ("utterance",): "text",
        ("words",): "words",
        ("speaker_label",): "speaker",
        ("error_code",): "error_name",
        ("error",): "error_text",
        ("warning",): "warning_text",
        ("audio_duration_seconds",): "audio_s",
        ("session_duration_seconds",): "session_s",
    },
    items="turn_words_of",
    read=_read,
    test=_test,
    case=_case,
    orders={
        "Terminate": "end",
        "ForceEndpoint": "force",
        "UpdateConfiguration": "update",
        "KeepAlive": "keep_alive",
    },
    write_order=_write_order,
    order_values=None,
    region_of=_region_of,
    url=lambda region: f"wss://{_host(region)}/v3/ws",
    token_url=lambda region: f"https://{_host(region)}/v3/token",
    path="/v3/ws",
    path_pattern=r"/v3/ws/?$",
    token_path="/v3/token",
    token_path_pattern=r"/v3/token$",
    retired=r"wss://api\.assemblyai\.com/v2/",
    token_key="token",
    token_answer="token",
    token_ttl="expires_in_seconds",
    token_ttl_s=(1, 600),
    token_query={},
    token_is_posted=False,
    header=lambda key: key,
    key_of=_key_of,
    starts_with_message=False,
    sends_empty=False,
    paced=True,
    pieces=True,
    encodings=frozenset({"pcm_s16le", "mulaw", "opus", "ogg_opus", "aac"}),
    is_settings=settings.is_settings,
    read_settings=settings.read,
    write_settings=settings.write,
    rate_path=("sample_rate",),
    helpers={"words_of": _WORDS_OF, "turn_words_of": _TURN_WORDS_OF},
)
