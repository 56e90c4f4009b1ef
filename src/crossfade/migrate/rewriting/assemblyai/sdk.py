"""Programs that use `assemblyai.streaming.v3`."""

import re
from collections.abc import Iterator, Sequence

import libcst as cst

from crossfade.migrate.rewriting.assemblyai import settings as raw_settings
from crossfade.migrate.rewriting.edits import INDENT
from crossfade.migrate.rewriting.following import message_parameters
from crossfade.migrate.rewriting.program import Program
from crossfade.migrate.rewriting.sdk import Reading, Sdk, Start
from crossfade.migrate.rewriting.wire import Facts, Field, Kind, Setting

_NAMES: dict[Kind, str] = {
    "started": "Begin",
    "partial": "Turn",
    "final": "Turn",
    "turn_end": "Turn",
    "warning": "Warning",
    "error": "Error",
    "ended": "Termination",
}
_HOST = re.compile(r"streaming\.(?:(eu|us)\.)?assemblyai\.com$")
_FIELDS: dict[str, Field | None] = {
    "end_of_turn": None,
    "turn_is_formatted": None,
    "transcript": "text",
    "utterance": "text",
    "id": "id",
    "words": "words",
    "expires_at": "expires_at",
    "audio_duration_seconds": "audio_s",
    "session_duration_seconds": "session_s",
}


def _read_settings(program: Program, start: cst.Call) -> list[Setting]:
    call = start.args[0].value if start.args else None
    if isinstance(call, cst.Name) and program.assigned(call):
        call = program.assigned(call)[0]
    if not isinstance(call, cst.Call):
        return []
    return raw_settings.one_silence(list(_read_call(program, call)))


def _read_call(program: Program, call: cst.Call) -> Iterator[Setting]:
    for argument in call.args:
        if argument.keyword is None:
            continue
        key = argument.keyword.value
        text = program.text(argument.value)
        if re.search(r"(Encoding|SpeechModel)\.\w+$", text):
            known = text.rpartition(".")[2].replace("_", "-" if key == "speech_model" else "_")
            value = raw_settings.Value(f'"{known}"', known)
        else:
            value = raw_settings.plain(program, argument.value)
        yield from raw_settings.read_one(key, value, "")


def _write_start(settings: Sequence[Setting]) -> Start:
    written = raw_settings.write(settings, "all")
    lines = ""
    for element in written:
        if not element.key:
            continue
        value = re.sub(r"^json\.dumps\((.*)\)$", r"\1", element.value)
        if element.key == "language_codes":
            value = f"[{value}]"
        lines += f"{INDENT * 2}{element.key}={value},\n"
    if not any(setting.name == "sample_rate" for setting in settings):
        lines += f"{INDENT * 2}sample_rate=16000,\n"
    source = f"\n{INDENT}StreamingParameters(\n{lines}{INDENT})\n"
    marks = tuple(element.value for element in written if not element.key)
    return Start(source=source, names=("StreamingParameters",), marks=marks)


def _reading(program: Program, node: cst.BaseExpression) -> Reading | None:
    if not isinstance(node, cst.Attribute) or not isinstance(node.value, cst.Name):
        return None
    home = program.home(node.value)
    if not isinstance(home, cst.FunctionDef | cst.Lambda) or node.attr.value not in _FIELDS:
        return None
    if node.value.value not in message_parameters(home)[1:2]:
        return None
    return node.value.value, _FIELDS[node.attr.value]


def _write_reading(field: Field | None, message: str, facts: Facts) -> str | None:
    match field:
        case None:
            return f"{message}.end_of_turn"
        case "text":
            return f"{message}.transcript" + (' + " "' if facts.joins_text else "")
        case "id" | "expires_at" | "words":
            return f"{message}.{field}"
        case "error_text":
            return f"str({message})"
        case "error_name":
            return f"{message}.code"
        case "audio_s" | "session_s":
            return f"{message}.{field[:-2]}_duration_seconds"
    return None


def _guard(kind: Kind, message: str, facts: Facts) -> str | None:
    match kind:
        case "final" | "turn_end" if facts.ends_twice:
            return f"not ({message}.end_of_turn and {message}.turn_is_formatted)"
        case "final" | "turn_end":
            return f"not {message}.end_of_turn"
        case "partial":
            return f"{message}.end_of_turn"
    return None


def _write_address(address: str) -> str:
    """The host alone: the path is the SDK's."""
    if found := re.fullmatch(r"([\"'])(wss?://[^/]+)(/.*)?\1", address):
        return f'"{found[2]}"'
    return address if address.startswith(('"', "'")) else f'{address}.removesuffix("/v3/ws")'


def _region_of(address: str) -> str | None:
    found = _HOST.match(address)
    return (found[1] or "") if found else None


SDK = Sdk(
    package="assemblyai",
    module="assemblyai.streaming.v3",
    clients={
        "AsyncStreamingClient": True,
        "AsyncRealTimeTranscriber": True,
        "StreamingClient": False,
        "RealTimeTranscriber": False,
    },
    event_class="StreamingEvents",
    events={
        "Begin": ("started",),
        "Turn": ("partial", "final"),
        "Termination": ("ended",),
        "Error": ("error",),
        "Warning": ("warning",),
    },
    names=_NAMES,
    message_at=1,
    start="connect",
    whole=None,
    send="stream",
    force="force_endpoint",
    stop="disconnect(terminate=True)",
    address="api_host",
    options="StreamingClientOptions",
    host=_region_of,
    write_host=lambda region: (
        f"streaming.{region}.assemblyai.com" if region else "streaming.assemblyai.com"
    ),
    write_address=_write_address,
    read_settings=_read_settings,
    write_start=_write_start,
    reading=_reading,
    write_reading=_write_reading,
    guard=_guard,
    message_type="object",
    awaits_handlers=True,
)
