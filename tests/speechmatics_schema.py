"""What a server of the Speechmatics real-time protocol may say, written down from the reference.

Nothing of ``crossfade`` is used, so that a slip there is not repeated here. Sections 10, 11, 12 and
14 of ``docs/protocols/speechmatics-rt.md``.

    checked(frame)            one frame: every field, its type, its range
    SessionRules().hear(...)  a whole session: what may follow what
"""

import re
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

Seconds = Annotated[float, Meta(ge=0)]
Text = Annotated[str, Meta(min_length=1)]
Percent = Annotated[float, Meta(ge=0, le=100)]
Uuid = Annotated[str, Meta(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
Speaker = Annotated[str, Meta(min_length=1)]
# Absent where it does not apply: with ``UNSET`` instead of ``None``, a null is an error.
Channel = Text | UnsetType
Forced = bool | UnsetType


class Exact(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class Display(Exact, frozen=True, kw_only=True):
    direction: Literal["ltr", "rtl"]


class Alternative(Exact, frozen=True, kw_only=True):
    content: Text
    confidence: Annotated[float, Meta(ge=0, le=1)]
    language: Text | UnsetType = UNSET
    speaker: Speaker | UnsetType = UNSET
    tags: Annotated[list[Literal["disfluency", "profanity"]], Meta(min_length=1)] | UnsetType = (
        UNSET
    )
    display: Display | UnsetType = UNSET


class TimedItem(Exact, frozen=True, kw_only=True, tag_field="type"):
    start_time: Seconds
    end_time: Seconds
    alternatives: Annotated[list[Alternative], Meta(min_length=1, max_length=1)]


class Word(TimedItem, frozen=True, kw_only=True, tag="word"):
    volume: Percent | UnsetType = UNSET


class Punctuation(TimedItem, frozen=True, kw_only=True, tag="punctuation"):
    attaches_to: Literal["previous", "next", "both", "none"]
    is_eos: bool


EntityClass = Literal[
    "alphanum", "cardinal", "credit card", "date", "decimal", "electronic", "fraction",
    "measurement", "money", "ordinal", "percentage", "span", "telephone", "time",
]  # fmt: skip


class Entity(TimedItem, frozen=True, kw_only=True, tag="entity"):
    entity_class: EntityClass
    spoken_form: Annotated[list[Word | Punctuation], Meta(min_length=1)]
    written_form: Annotated[list[Word], Meta(min_length=1)]
    volume: Percent | UnsetType = UNSET


Item = Word | Punctuation | Entity


class Window(Exact, frozen=True, kw_only=True):
    start_time: Seconds
    end_time: Seconds
    transcript: str


class Moment(Exact, frozen=True, kw_only=True):
    start_time: Seconds
    end_time: Seconds


class Message(Exact, frozen=True, kw_only=True, tag_field="message"):
    pass


class LanguagePackInfo(Exact, frozen=True, kw_only=True):
    adapted: bool
    itn: bool
    language_description: Text
    word_delimiter: Literal[" ", ""]
    writing_direction: Literal["left-to-right", "right-to-left"]


class RecognitionStarted(Message, frozen=True, kw_only=True, tag="RecognitionStarted"):
    id: Uuid
    orchestrator_version: Text
    language_pack_info: LanguagePackInfo
    channel_ids: list[Text] | UnsetType = UNSET
    channels: list[Text] | UnsetType = UNSET


class AudioAdded(Message, frozen=True, kw_only=True, tag="AudioAdded"):
    seq_no: Annotated[int, Meta(ge=1)]


class ChannelAudioAdded(Message, frozen=True, kw_only=True, tag="ChannelAudioAdded"):
    channel: Text
    seq_no: Annotated[int, Meta(ge=1)]


class AddTranscript(Message, frozen=True, kw_only=True, tag="AddTranscript"):
    format: Literal["2.9"]
    results: list[Item]
    metadata: Window
    channel: Channel = UNSET
    forced: Forced = UNSET


class AddPartialTranscript(Message, frozen=True, kw_only=True, tag="AddPartialTranscript"):
    format: Literal["2.9"]
    results: list[Item]
    metadata: Window
    channel: Channel = UNSET
    forced: Forced = UNSET


class EndOfUtterance(Message, frozen=True, kw_only=True, tag="EndOfUtterance"):
    format: Literal["2.9"]
    metadata: Moment
    channel: Channel = UNSET
    forced: Forced = UNSET


class Translation(Exact, frozen=True, kw_only=True):
    content: str
    start_time: Seconds
    end_time: Seconds
    speaker: Speaker | UnsetType = UNSET


class AddTranslation(Message, frozen=True, kw_only=True, tag="AddTranslation"):
    format: Literal["2.9"]
    language: Text
    results: list[Translation]


class AddPartialTranslation(Message, frozen=True, kw_only=True, tag="AddPartialTranslation"):
    format: Literal["2.9"]
    language: Text
    results: list[Translation]


class EventStart(Exact, frozen=True, kw_only=True):
    type: Literal["applause", "laughter", "music"]
    start_time: Seconds
    confidence: Annotated[float, Meta(ge=0, le=1)]


class EventEnd(Exact, frozen=True, kw_only=True):
    type: Literal["applause", "laughter", "music"]
    end_time: Seconds


class AudioEventStarted(Message, frozen=True, kw_only=True, tag="AudioEventStarted"):
    event: EventStart
    channel: Channel = UNSET


class AudioEventEnded(Message, frozen=True, kw_only=True, tag="AudioEventEnded"):
    event: EventEnd
    channel: Channel = UNSET


class KnownSpeaker(Exact, frozen=True, kw_only=True):
    label: Text
    speaker_identifiers: Annotated[list[Text], Meta(min_length=1)]


class SpeakersResult(Message, frozen=True, kw_only=True, tag="SpeakersResult"):
    speakers: list[KnownSpeaker]


class EndOfTranscript(Message, frozen=True, kw_only=True, tag="EndOfTranscript"):
    pass


class Info(Message, frozen=True, kw_only=True, tag="Info"):
    type: Literal["recognition_quality", "concurrent_session_usage"]
    reason: Text
    code: int | UnsetType = UNSET
    seq_no: int | UnsetType = UNSET
    quality: Literal["broadcast", "telephony"] | UnsetType = UNSET
    usage: float | UnsetType = UNSET
    quota: float | UnsetType = UNSET
    last_updated: Annotated[str, Meta(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")] | UnsetType = (
        UNSET
    )
    region: Text | UnsetType = UNSET


class Warned(Message, frozen=True, kw_only=True, tag="Warning"):
    type: Literal[
        "duration_limit_exceeded", "unsupported_translation_pair",
        "empty_translation_target_list", "idle_timeout", "session_timeout",
        "add_audio_after_eos", "speaker_id", "validation_warning",
    ]  # fmt: skip
    reason: Text
    code: int | UnsetType = UNSET
    seq_no: int | UnsetType = UNSET
    duration_limit: float | UnsetType = UNSET


class Failed(Message, frozen=True, kw_only=True, tag="Error"):
    type: Literal[
        "invalid_message", "protocol_error", "invalid_config", "invalid_audio_type",
        "invalid_language", "invalid_model", "not_authorised", "not_allowed", "quota_exceeded",
        "timelimit_exceeded", "job_error", "idle_timeout", "session_timeout", "unknown_error",
    ]  # fmt: skip
    reason: Text
    code: int | UnsetType = UNSET
    seq_no: int | UnsetType = UNSET


ServerMessage = (
    RecognitionStarted | AudioAdded | ChannelAudioAdded | AddTranscript | AddPartialTranscript
    | EndOfUtterance | AddTranslation | AddPartialTranslation | AudioEventStarted
    | AudioEventEnded | SpeakersResult | EndOfTranscript | Info | Warned | Failed
)  # fmt: skip
_decoder: "msgspec.json.Decoder[Any]" = msgspec.json.Decoder(ServerMessage)

_EXTRAS = {  # of Info and Warning, by type: section 14
    "recognition_quality": {"quality"},
    "concurrent_session_usage": {"usage", "quota", "last_updated", "region"},
    "duration_limit_exceeded": {"duration_limit"},
}
_MAX_BYTES = 1 << 20
_MAX_BEFORE_START = 5


def checked(frame: object) -> dict[str, Any]:
    """Check one frame of a server, in a language with spaces; give it back as plain data."""
    assert isinstance(frame, str), "the server says nothing but text"
    assert len(frame.encode()) < _MAX_BYTES, "some clients drop the connection above 1 MiB"
    message = _decoder.decode(frame)
    raw: dict[str, Any] = msgspec.json.decode(frame)
    assert not re.search(r'"(seq_no|code)": ?\d*[.eE]', frame), "an int has no decimals"
    match message:
        case Info() | Warned():
            extras = set(raw) - {"message", "type", "reason", "code", "seq_no"}
            assert extras == _EXTRAS.get(message.type, set())
        case RecognitionStarted():
            assert message.channels == message.channel_ids
        case EndOfUtterance():
            assert message.metadata.start_time == message.metadata.end_time
        case AddTranscript() | AddPartialTranscript():
            _check_transcript(message)
    assert raw.get("forced", True) is True, "forced is true, or absent"
    return raw


def _check_transcript(message: AddTranscript | AddPartialTranscript) -> None:
    window, items = message.metadata, message.results
    assert window.end_time >= window.start_time
    assert window.transcript == transcript_of(items, is_final=isinstance(message, AddTranscript))
    if not items:
        return
    assert window.start_time <= items[0].start_time
    assert items[-1].end_time <= window.end_time
    _check_order(items)
    for item in items:
        _check_item(item)
    speakers = [_best(item).speaker for item in items]
    assert UNSET not in speakers or set(speakers) == {UNSET}, "all items have one, or none has"


def _check_order(items: list[Item]) -> None:
    end = 0.0
    for before, item in zip([None, *items], items, strict=False):
        assert item.start_time >= end, "items do not go back in time"
        if isinstance(item, Punctuation) and before is not None:
            assert item.start_time == before.end_time
            assert _best(item).speaker == _best(before).speaker
        end = item.end_time


def _check_item(item: Item) -> None:
    for number in (item.start_time, item.end_time, _best(item).confidence):
        assert round(number, 2) == number, "two decimals"
    if isinstance(item, Punctuation):
        assert item.start_time == item.end_time
        assert len(_best(item).content) == 1
        return
    assert item.end_time > item.start_time, "clients divide by the length of a word"
    if isinstance(item, Entity):
        _check_entity(item)


def _check_entity(entity: Entity) -> None:
    written = [_best(word).content for word in entity.written_form]
    assert " ".join(written) == _best(entity).content
    assert all(" " not in content for content in written)
    for form in (entity.spoken_form, entity.written_form):
        assert form[0].start_time == entity.start_time
        assert form[-1].end_time == entity.end_time
        _check_order(form)
        assert {_best(item).speaker for item in form} == {_best(entity).speaker}


def _best(item: Item) -> Alternative:
    return item.alternatives[0]


def transcript_of(items: list[Item], *, is_final: bool, delimiter: str = " ") -> str:
    """Section 11.4, for languages with spaces."""
    text, glue = "", True
    for item in items:
        attaches_to = item.attaches_to if isinstance(item, Punctuation) else None
        if not glue and attaches_to not in ("previous", "both"):
            text += delimiter
        text += _best(item).content
        glue = attaches_to in ("next", "both")
    return text + delimiter if is_final and items and not glue else text


class _ChannelRules:
    """What one channel has said; a session without channels is one."""

    def __init__(self) -> None:
        self.acknowledged = 0
        self.settled = 0.0
        self.owes_partial = False


class SessionRules:
    """Everything that one session says, in order. ``partials`` may be changed on the way.

    Args:
        partials: They are on, or off; ``None``: not known.
    """

    def __init__(self, *, partials: bool | None = None) -> None:
        self.partials = partials
        self.heard: list[dict[str, Any]] = []
        self._started = False
        self._ended = False
        self._channels: dict[str | None, _ChannelRules] = {}

    def start(self) -> None:
        """Take RecognitionStarted for said."""
        self._started = True

    def hear(self, frame: object) -> dict[str, Any]:
        """Check the next frame by itself, and in its place."""
        raw = checked(frame)
        assert not self._ended, "nothing comes after EndOfTranscript or Error"
        self.heard.append(raw)
        kind = raw["message"]
        self._check_start(kind)
        channel = self._channels.setdefault(raw.get("channel"), _ChannelRules())
        match kind:
            case "AudioAdded" | "ChannelAudioAdded":
                channel.acknowledged += 1
                assert raw["seq_no"] == channel.acknowledged
            case "AddTranscript":
                self._hear_final(raw, channel)
            case "AddPartialTranscript":
                self._hear_partial(raw, channel)
            case "EndOfUtterance":
                assert not channel.owes_partial, "the partial comes before EndOfUtterance"
                assert raw["metadata"]["start_time"] >= channel.settled
            case "EndOfTranscript" | "Error":
                self._ended = True
                self._check_end(kind)
        return raw

    def _check_start(self, kind: str) -> None:
        if kind == "RecognitionStarted":
            assert not self._started
            self._started = True
        elif not self._started:
            assert kind in ("Info", "Warning", "Error")
            assert len(self.heard) < _MAX_BEFORE_START, "one client gives up after five messages"

    def _hear_final(self, raw: dict[str, Any], channel: _ChannelRules) -> None:
        assert not channel.owes_partial, "a partial follows every final"
        assert raw["metadata"]["start_time"] == channel.settled, "windows tile the audio"
        channel.settled = raw["metadata"]["end_time"]
        channel.owes_partial = self.partials is True

    def _hear_partial(self, raw: dict[str, Any], channel: _ChannelRules) -> None:
        assert self.partials is not False
        assert raw["metadata"]["start_time"] >= channel.settled, "no word that is final"
        channel.owes_partial = False

    def _check_end(self, kind: str) -> None:
        if kind == "EndOfTranscript":
            assert not any(channel.owes_partial for channel in self._channels.values())
