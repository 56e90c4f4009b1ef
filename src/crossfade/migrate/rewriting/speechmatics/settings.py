"""The settings of a session, as StartRecognition and SetRecognitionConfig hold them."""

from collections.abc import Iterator, Sequence

import libcst as cst

from crossfade.migrate.rewriting.edits import mark_lines
from crossfade.migrate.rewriting.program import Program
from crossfade.migrate.rewriting.reading import elements_of, in_milliseconds, in_seconds
from crossfade.migrate.rewriting.wire import Element, Role, Setting

WHY_NOT = {
    "settings.turn_confidence": "turns end by silence alone, the longest that was asked for.",
    "settings.redaction": "what is said is written.",
    "settings.vad": "the nearest is volume_threshold, which is a loudness.",
    "settings.webhooks": "post it from this program once the session is over.",
    "settings.language": "a session has one language.",
}
_LOST = {
    "domain": "settings.domain",
    "output_locale": "settings.output_locale",
    "max_delay": "settings.max_delay",
    "max_delay_mode": "settings.max_delay",
    "enable_entities": "settings.formatting",
    "punctuation_overrides": "settings.formatting",
    "audio_filtering_config": "settings.volume",
    "transcript_filtering_config": "settings.transcript_filtering",
    "translation_config": "settings.translation",
    "audio_events_config": "settings.audio_events",
    "channel_diarization_labels": "audio.channels",
    "speakers": "settings.known_speakers",
    "get_speakers": "settings.known_speakers",
}
_INSIDE = ("conversation_config", "speaker_diarization_config")
_CONFIG = ("transcription_config",)
_KEYTERM = 'term if isinstance(term, str) else term["content"]'


def is_settings(program: Program, node: cst.Dict) -> bool:
    """It is a StartRecognition."""
    return any(
        key == "message" and program.constant(value) == "StartRecognition"
        for key, value, _ in elements_of(program, node)
    )


def read(program: Program, node: cst.Dict) -> list[Setting]:
    """Read StartRecognition, or any of the objects inside it."""
    return list(_read(program, node))


def _read(program: Program, node: cst.Dict) -> Iterator[Setting]:
    for key, value, remark in elements_of(program, node):
        if key is None:
            yield Setting(name="more", source=program.rendered(value), node=value, what="more")
        elif key in ("audio_format", "transcription_config", *_INSIDE):
            if isinstance(value, cst.Dict):
                yield from _read(program, value)
            else:
                yield Setting(name="more", source=program.rendered(value), node=value, what=key)
        else:
            yield from read_one(program, key, value, remark)


def read_one(
    program: Program, key: str, value: cst.BaseExpression, remark: str
) -> Iterator[Setting]:
    """Read one setting by its key."""
    source, known = program.rendered(value), program.constant(value)
    match key:
        case "message":
            return
        case "type":
            if known == "file":
                yield Setting(name="encoding", source="file", what=key, remark=remark)
        case "encoding":
            yield Setting(
                name="encoding", source=str(known or "pcm_s16le"), what=key, remark=remark
            )
        case "model" | "operating_point":
            yield Setting(name="model", source=str(known), value=known, what=key, remark=remark)
        case "sample_rate" | "language":
            yield Setting(name=key, source=source, value=known, what=key, remark=remark)
        case "enable_partials":
            yield Setting(name="partials", source=source, value=known, what=key, remark=remark)
        case "end_of_utterance_silence_trigger":
            ms = in_milliseconds(source, known)
            yield Setting(name="silence_ms", source=ms, what=key, remark=remark)
        case "additional_vocab":
            yield from _read_vocabulary(program, value)
        case "diarization" if known == "speaker":
            yield Setting(name="speakers", source="True", what=key, remark=remark)
        case "diarization" if known == "none":
            return
        case "max_speakers":
            yield Setting(name="max_speakers", source=source, value=known, what=key, remark=remark)
        case "domain" if known == "medical":
            yield Setting(name="medical", source=source, what=key, remark=remark)
        case "diarization":
            yield Setting(
                name="lost", source=source, what=f"{key}={source}", topic="audio.channels"
            )
        case _:
            what = f"{key}={source}" if len(source) < 24 and "\n" not in source else key
            yield Setting(
                name="lost", source=source, what=what, topic=_LOST.get(key, ""), remark=remark
            )


def _read_vocabulary(program: Program, value: cst.BaseExpression) -> Iterator[Setting]:
    if not isinstance(value, cst.List):
        terms = f"[{_KEYTERM} for term in {program.rendered(value)}]"
        yield Setting(name="keyterms", source=terms, what="additional_vocab")
        return
    written: list[str] = []
    sounds = False
    for element in value.elements:
        if isinstance(element.value, cst.Dict):
            entry = {key: inner for key, inner, _ in elements_of(program, element.value)}
            written += [program.rendered(entry["content"])] if "content" in entry else []
            sounds |= "sounds_like" in entry
        else:
            written.append(program.rendered(element.value))
    if written:
        yield Setting(name="keyterms", source=f"[{', '.join(written)}]", what="additional_vocab")
    if sounds:
        yield Setting(name="lost", source="", what="sounds_like", topic="settings.sounds_like")


def write(settings: Sequence[Setting], role: Role) -> list[Element]:
    """Write StartRecognition (``all``), or what goes into it (``part``), or what may change."""
    elements: list[Element] = []
    if role == "all":
        elements.append(Element(key="message", value='"StartRecognition"'))
        elements += _audio(settings)
        settings = _with_defaults(settings)
    elif role == "part":
        elements += _given_audio(settings)
    config = () if role == "update" else _CONFIG
    for setting in settings:
        elements += _write_one(setting, config, role)
    return elements


def _audio(settings: Sequence[Setting]) -> Iterator[Element]:
    said = {setting.name: setting for setting in settings}
    encoding = said["encoding"].source if "encoding" in said else "pcm_s16le"
    path = ("audio_format",)
    if encoding in ("file", "ogg_opus", "aac"):
        yield Element(path=path, key="type", value='"file"')
        return
    rate = said.get("sample_rate")
    yield Element(path=path, key="type", value='"raw"')
    yield Element(path=path, key="encoding", value=f'"{encoding}"')
    remark = rate.remark if rate else ""
    yield Element(
        path=path, key="sample_rate", value=rate.source if rate else "16000", remark=remark
    )


def _given_audio(settings: Sequence[Setting]) -> Iterator[Element]:
    path = ("audio_format",)
    for setting in settings:
        if setting.name == "sample_rate":
            yield Element(path=path, key="sample_rate", value=setting.source)
        elif setting.name == "encoding":
            yield Element(path=path, key="encoding", value=f'"{setting.source}"')


def _with_defaults(settings: Sequence[Setting]) -> list[Setting]:
    names = {setting.name for setting in settings}
    added = []
    if "language" not in names:
        added.append(Setting(name="language", source='"en"', value="en"))
    if "partials" not in names:
        added.append(Setting(name="partials", source="True", value=True))
    return [*added, *settings]


def _write_one(setting: Setting, config: tuple[str, ...], role: Role) -> Iterator[Element]:
    source, remark = setting.source, setting.remark
    match setting.name:
        case "language" if role != "update":
            yield Element(path=config, key="language", value=source, remark=remark)
        case "model" if role != "update" and source == "enhanced":
            yield Element(path=config, key="operating_point", value='"enhanced"', remark=remark)
        case "partials":
            yield Element(path=config, key="enable_partials", value=source, remark=remark)
        case "silence_ms":
            path = (*config, "conversation_config")
            value = in_seconds(source, setting.value, at_most=2.0)
            key = "end_of_utterance_silence_trigger"
            yield Element(path=path, key=key, value=value, remark=remark)
        case "keyterms":
            value = source
            if not source.startswith("["):
                value = f'[{{"content": term}} for term in {source}]'
            yield Element(path=config, key="additional_vocab", value=value, remark=remark)
        case "speakers":
            yield Element(path=config, key="diarization", value='"speaker"', remark=remark)
        case "max_speakers":
            path = (*config, "speaker_diarization_config")
            value = source if not isinstance(setting.value, int) else str(max(2, setting.value))
            yield Element(path=path, key="max_speakers", value=value, remark=remark)
        case "medical":
            yield Element(path=config, key="domain", value='"medical"', remark=remark)
        case "more":
            yield Element(path=config, key="**", value=source, remark=remark)
        case "lost":
            why = WHY_NOT.get(setting.topic, "Speechmatics has no such setting.")
            lost = mark_lines(f"{setting.what} is dropped", why)
            yield Element(path=config, key="", value=lost, remark=remark)
