"""The settings of a session, as the query and UpdateConfiguration hold them."""

import re
from collections.abc import Iterator, Sequence

import libcst as cst
from msgspec import Struct

from crossfade.migrate.rewriting.edits import mark_lines
from crossfade.migrate.rewriting.program import Program
from crossfade.migrate.rewriting.reading import elements_of
from crossfade.migrate.rewriting.wire import Element, Role, Setting

ENGLISH, MULTILINGUAL = "universal-streaming-english", "universal-streaming-multilingual"
WHY_NOT = {
    "audio.channels": "one session hears one channel; open one for each.",
    "settings.max_delay": "words are final when their turn ends.",
    "settings.formatting": "format_turns is all or nothing.",
    "settings.sounds_like": "the words themselves are kept.",
    "settings.domain": "the one domain is medical-v1.",
    "settings.transcript_filtering": "apply it to the text here.",
    "settings.volume": "the nearest is vad_threshold, a probability of speech.",
    "settings.known_speakers": "speakers are not known from one session to the next.",
}
_KNOWN = frozenset({"sample_rate", "speech_model", "encoding", "format_turns", "language_codes"})
_LOST = {
    "end_of_turn_confidence_threshold": "settings.turn_confidence",
    "mode": "settings.turn_confidence",
    "vad_threshold": "settings.vad",
    "redact_pii": "settings.redaction",
    "redact_pii_policies": "settings.redaction",
    "redact_pii_sub": "settings.redaction",
    "webhook_url": "settings.webhooks",
}
_IMPLIED = ("format_turns", "token", "type")
"""Said otherwise, or so by default: text always has punctuation there."""
_SILENCES = ("min_end_of_turn_silence_when_confident", "min_turn_silence", "max_turn_silence")
_OURS = {"pcm_mulaw": "mulaw"}


def is_settings(program: Program, node: cst.Dict) -> bool:
    """It holds parameters of a session."""
    keys = {key for key, _, _ in elements_of(program, node)}
    return bool(keys & _KNOWN) and "message" not in keys and "type" not in keys


def read(program: Program, node: cst.Dict) -> list[Setting]:
    """Read a dict of parameters, of a query or an UpdateConfiguration."""
    settings: list[Setting] = []
    for key, value, remark in elements_of(program, node):
        if key is None:
            more = program.rendered(value)
            settings.append(Setting(name="more", source=more, node=value, what="more"))
        else:
            settings += read_one(key, plain(program, value), remark)
    return one_silence(settings)


class Value(Struct, frozen=True):
    """The expression of a value, and what it is, where that is known."""

    source: str
    known: object


def plain(program: Program, node: cst.BaseExpression) -> Value:
    """A value without what the query needs around it: ``str(...)``, ``json.dumps(...)``, quotes."""
    if isinstance(node, cst.Call) and program.text(node.func) in ("str", "json.dumps"):
        return plain(program, node.args[0].value)
    known = program.constant(node)
    if isinstance(known, str) and known.lower() in ("true", "false"):
        known = known.lower() == "true"
        return Value(str(known), known)
    if isinstance(known, str) and re.fullmatch(r"\d+", known):
        return Value(known, int(known))
    return Value(program.rendered(node), known)


def read_one(key: str, value: Value, remark: str) -> Iterator[Setting]:
    """Read one setting by its key."""
    source, known = value.source, value.known
    match key:
        case "sample_rate":
            yield Setting(name=key, source=source, value=known, what=key, remark=remark)
        case "encoding":
            encoding = str(known or "pcm_s16le")
            yield Setting(name=key, source=_OURS.get(encoding, encoding), what=key, remark=remark)
        case "speech_model":
            tier = "standard" if "universal-streaming" in source else "enhanced"
            yield Setting(name="model", source=tier, value=tier, what=key, remark=remark)
            if chosen := re.search(r"'english' if (.+) == 'en' else", source):
                yield Setting(name="language", source=chosen[1], what="language")
        case "language_codes" | "language_code" | "language":
            codes = re.findall(r"[\"'](\w+)[\"']", source) or [source]
            first = f'"{codes[0]}"' if codes[0] != source else source
            yield Setting(name="language", source=first, what=key, remark=remark)
            if len(codes) > 1:
                what = f"{key} {', '.join(codes[1:])}"
                yield Setting(name="lost", source=source, what=what, topic="settings.language")
        case "include_partial_turns":
            yield Setting(name="partials", source=source, value=known, what=key, remark=remark)
        case "min_turn_silence" | "max_turn_silence" | "min_end_of_turn_silence_when_confident":
            yield Setting(name="silence_ms", source=source, value=known, what=key, remark=remark)
        case "keyterms_prompt" | "keyterms":
            yield Setting(name="keyterms", source=source, what=key, remark=remark)
        case "speaker_labels" if known is not False:
            yield Setting(name="speakers", source="True", what=key, remark=remark)
        case "max_speakers":
            yield Setting(name="max_speakers", source=source, value=known, what=key, remark=remark)
        case "domain":
            yield Setting(name="medical", source=source, what=key, remark=remark)
        case _ if key in _IMPLIED or known is False:
            return
        case _:
            what = f"{key}={source}" if len(source) < 24 else key
            topic = _LOST.get(key, "")
            yield Setting(name="lost", source=source, what=what, topic=topic, remark=remark)


def one_silence(settings: list[Setting]) -> list[Setting]:
    """Only the longest silence can be told on: the others are lost, by name."""
    silences = [setting for setting in settings if setting.name == "silence_ms"]
    if len(silences) < 2:
        return settings
    longest = max(silences, key=lambda setting: _SILENCES.index(setting.what))
    shorter = [setting for setting in silences if setting is not longest]
    kept = [setting for setting in settings if setting not in shorter]
    topic = "settings.turn_confidence"
    return kept + [
        Setting(name="lost", source=s.source, what=f"{s.what}={s.source}", topic=topic)
        for s in shorter
        if s.source != longest.source
    ]


def write(settings: Sequence[Setting], role: Role) -> list[Element]:
    """Write parameters; what a session cannot change while it runs is left out of an update."""
    elements: list[Element] = []
    said: dict[str, Setting] = {setting.name: setting for setting in settings}
    for setting in settings:
        elements += _write_one(setting, said, role)
    return elements


def _write_one(setting: Setting, said: dict[str, Setting], role: Role) -> Iterator[Element]:
    source, remark = setting.source, setting.remark
    match setting.name:
        case "sample_rate":
            yield Element(key="sample_rate", value=source, remark=remark)
        case "encoding":
            encoding = {"mulaw": '"pcm_mulaw"'}.get(source, '"pcm_s16le"')
            yield Element(key="encoding", value=encoding, remark=remark)
        case "language" if role != "update":
            yield from _write_language(setting, said.get("model"))
        case "model" if role != "update":
            if is_enhanced(setting):
                yield Element(key="speech_model", value='"u3-rt-pro"', remark=remark)
            elif "language" not in said:
                yield Element(key="speech_model", value=f'"{ENGLISH}"', remark=remark)
                yield Element(key="format_turns", value="True")
        case "partials" if role != "update":
            yield Element(key="include_partial_turns", value=source, remark=remark)
        case "silence_ms":
            yield Element(key="min_turn_silence", value=source, remark=remark)
            yield Element(key="max_turn_silence", value=source)
        case "keyterms":
            terms = source if role == "update" else f"json.dumps({source})"
            yield Element(key="keyterms_prompt", value=terms, remark=remark)
        case "speakers" if role != "update":
            yield Element(key="speaker_labels", value="True", remark=remark)
        case "max_speakers" if role != "update":
            yield Element(key="max_speakers", value=source, remark=remark)
        case "medical" if role != "update":
            yield Element(key="domain", value='"medical-v1"', remark=remark)
        case "more":
            yield Element(key="**", value=source, remark=remark)
        case "lost":
            why = WHY_NOT.get(setting.topic, "AssemblyAI has no such setting.")
            lost = mark_lines(f"{setting.what} is dropped", why)
            yield Element(key="", value=lost, remark=remark)


def is_enhanced(model: Setting | None) -> bool:
    """The better of the other side's models was asked for."""
    return model is not None and model.source != "standard"


def _write_language(language: Setting, model: Setting | None) -> Iterator[Element]:
    source, remark = language.source, language.remark
    if is_enhanced(model):
        yield Element(key="language_codes", value=source, remark=remark)
        return
    name = f'"{ENGLISH}"' if language.value == "en" else f'"{MULTILINGUAL}"'
    if not source.startswith(('"', "'")):
        name = f"""f"universal-streaming-{{'english' if {source} == 'en' else 'multilingual'}}\""""
    yield Element(key="speech_model", value=name, remark=remark)
    yield Element(key="format_turns", value="True")
