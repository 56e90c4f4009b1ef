"""Programs that use `speechmatics-rt`."""

import re
from collections.abc import Iterator, Sequence

import libcst as cst

from crossfade.migrate.rewriting.edits import INDENT
from crossfade.migrate.rewriting.program import Program
from crossfade.migrate.rewriting.sdk import Reading, Sdk, Start, called, with_model
from crossfade.migrate.rewriting.speechmatics import settings as raw_settings
from crossfade.migrate.rewriting.speechmatics.raw import WIRE
from crossfade.migrate.rewriting.wire import Element, Facts, Field, Kind, Setting

_NAMES: dict[Kind, str] = {
    "started": "RECOGNITION_STARTED",
    "partial": "ADD_PARTIAL_TRANSCRIPT",
    "final": "ADD_TRANSCRIPT",
    "turn_end": "END_OF_UTTERANCE",
    "warning": "WARNING",
    "error": "ERROR",
    "ended": "END_OF_TRANSCRIPT",
}
_ENCODINGS = {"pcm_s16le": "PCM_S16LE", "pcm_f32le": "PCM_F32LE", "mulaw": "MULAW"}
_CLASSES = {
    "conversation_config": "ConversationConfig",
    "speaker_diarization_config": "SpeakerDiarizationConfig",
}
_MESSAGE = r"(?:TranscriptResult\.from_message\((\w+)\)|(\w+))"
_READINGS: tuple[tuple[str, Field], ...] = (
    (r"\.metadata\.transcript|\[\"metadata\"\]\[\"transcript\"\]", "text"),
    (r"\[\"reason\"\]", "error_text"),
    (r"\[\"type\"\]", "error_name"),
    (r"\[\"id\"\]", "id"),
)


def _read_settings(program: Program, start: cst.Call) -> list[Setting]:
    settings: list[Setting] = []
    for argument in start.args:
        call = argument.value
        if isinstance(call, cst.Name) and program.assigned(call):
            call = program.assigned(call)[0]
        if argument.keyword and isinstance(call, cst.Call):
            settings += _read_call(program, call)
    has_format = any(one.keyword and one.keyword.value == "audio_format" for one in start.args)
    if not has_format:  # its default is a file of any kind
        settings.append(Setting(name="encoding", source="file", what="audio_format"))
    return with_model(settings, "enhanced")


def _read_call(program: Program, call: cst.Call) -> Iterator[Setting]:
    for argument in call.args:
        if argument.keyword is None:
            continue
        key, value = argument.keyword.value, argument.value
        if key in _CLASSES and isinstance(value, cst.Call):
            yield from _read_call(program, value)
        elif key == "encoding":
            name = program.text(value).rpartition(".")[2]
            ours = {theirs: our for our, theirs in _ENCODINGS.items()}
            yield Setting(name="encoding", source=ours.get(name, "pcm_s16le"), what=key)
        elif key in ("model", "operating_point"):
            tier = program.text(value).rpartition(".")[2].strip("\"'").lower()
            yield Setting(name="model", source=tier, value=tier, what=key)
        else:
            yield from raw_settings.read_one(program, key, value, "")


def _write_start(settings: Sequence[Setting]) -> Start:
    written = raw_settings.write(settings, "all")
    elements = [
        element
        for element in written
        if element.key and element.path and element.key not in ("operating_point", "type")
    ]
    audio = [_audio_argument(element) for element in elements if element.path == ("audio_format",)]
    names = {"TranscriptionConfig", "AudioFormat", "AudioEncoding"}
    config: list[str] = []
    nested: dict[str, list[str]] = {}
    for element in elements:
        match element.path:
            case ("transcription_config",):
                config.append(f"{element.key}={element.value}")
            case ("transcription_config", inner):
                nested.setdefault(inner, []).append(f"{element.key}={element.value}")
    for inner, arguments in nested.items():
        names.add(_CLASSES[inner])
        config.append(f"{inner}={_CLASSES[inner]}({', '.join(arguments)})")
    if any(setting.name == "model" and setting.source == "standard" for setting in settings):
        names.add("Model")
        config.append("model=Model.STANDARD")
    lines = "".join(f"{INDENT * 2}{line},\n" for line in config)
    source = (
        f"\n{INDENT}transcription_config=TranscriptionConfig(\n{lines}{INDENT}),"
        f"\n{INDENT}audio_format={called('AudioFormat', audio, INDENT)},\n"
    )
    marks = tuple(element.value for element in written if not element.key)
    return Start(source=source, names=tuple(names), marks=marks)


def _audio_argument(element: Element) -> str:
    if element.key == "encoding":
        return f"encoding=AudioEncoding.{_ENCODINGS[element.value.strip(chr(34))]}"
    return f"{element.key}={element.value}"


def _reading(program: Program, node: cst.BaseExpression) -> Reading | None:
    if not isinstance(node, cst.Attribute | cst.Subscript):
        return None
    text = program.text(node).replace("'", '"')
    for pattern, field in _READINGS:
        if found := re.fullmatch(_MESSAGE + f"(?:{pattern})", text):
            return found[1] or found[2], field
    return None


def _write_reading(field: Field | None, message: str, facts: Facts) -> str | None:
    if field is None:
        return f'{message}["message"] == "AddTranscript"'
    if field == "audio_s":
        return "round(client.audio_seconds_sent)"
    if field in ("session_s", "expires_at", "words", "speaker"):
        return None
    read = WIRE.read(field, message, facts)
    return None if read is None else read.source


def _write_address(address: str) -> str:
    """A server elsewhere is named without a path by others."""
    return re.sub(r'^(["\'])(wss?://[^/"\']+)\1$', r"\1\2/v2\1", address)


def _guard(kind: Kind, message: str, facts: Facts) -> str | None:
    del facts
    return f'not {message}["metadata"]["transcript"]' if kind in ("final", "partial") else None


SDK = Sdk(
    package="speechmatics",
    module="speechmatics.rt",
    clients={"AsyncClient": True},
    event_class="ServerMessageType",
    events={name: (kind,) for kind, name in _NAMES.items()},
    names=_NAMES,
    message_at=0,
    start="start_session",
    whole="transcribe",
    send="send_audio",
    force="force_end_of_utterance",
    stop="stop_session()",
    address="url",
    options=None,
    host=WIRE.region_of,
    write_host=WIRE.url,
    write_address=_write_address,
    read_settings=_read_settings,
    write_start=_write_start,
    reading=_reading,
    write_reading=_write_reading,
    guard=_guard,
    message_type="dict",
    awaits_handlers=False,
)
