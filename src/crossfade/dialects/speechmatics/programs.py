"""How programs that use this vendor are written: the names in them, and what each is about.

From the references in ``docs/protocols``, sections 3, 7, 8 and 10. Its client libraries are in
``sdks``.
"""

from crossfade.dialects.programs import Api, Programs, Term
from crossfade.dialects.speechmatics.sdks import AGENT, RT, SDKS

_IGNORED = Term(verdict="adapted", text="Left out: this vendor's own servers take no notice of it.")
_LABEL = Term(verdict="adapted", text="Left out: only this vendor's statistics know it.")
_HINTS = Term(topic="settings.language_detection")
_KEYTERMS = Term(topic="settings.keyterms")
_SPEAKERS = Term(topic="settings.speakers")
_KNOWN = Term(topic="settings.known_speakers")
_SENSITIVITY = Term(
    topic="settings.speakers",
    verdict="dropped",
    text="How speakers are told apart cannot be tuned elsewhere.",
)
_DELAY = Term(topic="settings.max_delay")
_FORMATTING = Term(topic="settings.formatting")
_REPLACEMENTS = Term(topic="settings.replacements")
_CHANNELS = Term(topic="audio.channels")
_TRANSLATION = Term(topic="settings.translation")
_TOKEN = Term(topic="connection.token")
_HANDSHAKE = Term(topic="connection.handshake")
_PUNCTUATION = Term(topic="messages.punctuation")
_TIMES = Term(topic="messages.times")
_FINISH = Term(topic="messages.finish")
_NO_TURNS_BEGIN = Term(
    verdict="dropped", text="That speech or a turn begins is told by no other real-time protocol."
)

_AUDIO_FORMAT = {
    "audio_format.type": Term(
        verdict="adapted",
        text="Raw audio is what other protocols take anyway.",
        values={"file": "audio.file"},
    ),
    "audio_format.encoding": Term(
        topic="audio.pcm_s16le", values={"pcm_f32le": "audio.pcm_f32le", "mulaw": "audio.mulaw"}
    ),
    "audio_format.sample_rate": Term(topic="audio.sample_rate"),
}

_TRANSCRIPTION = {
    "language": Term(topic="settings.language"),
    "language_hints": _HINTS,
    "language_hints_strict": _HINTS,
    "model": Term(topic="settings.model"),
    "operating_point": Term(topic="settings.model"),
    "domain": Term(topic="settings.domain"),
    "output_locale": Term(topic="settings.output_locale"),
    "additional_vocab": _KEYTERMS,
    "additional_vocab.content": _KEYTERMS,
    "additional_vocab.sounds_like": Term(topic="settings.sounds_like"),
    "diarization": Term(
        topic="settings.speakers",
        values={"channel": "audio.channels", "channel_and_speaker": "audio.channels"},
    ),
    "speaker_diarization_config.max_speakers": _SPEAKERS,
    "speaker_diarization_config.speaker_sensitivity": _SENSITIVITY,
    "speaker_diarization_config.prefer_current_speaker": _SENSITIVITY,
    "speaker_diarization_config.get_speakers": _KNOWN,
    "speaker_diarization_config.speakers": _KNOWN,
    "speaker_diarization_config.speakers.label": _KNOWN,
    "speaker_diarization_config.speakers.speaker_identifiers": _KNOWN,
    "channel_diarization_labels": _CHANNELS,
    "max_delay": _DELAY,
    "max_delay_mode": _DELAY,
    "enable_partials": Term(topic="settings.partials"),
    "enable_entities": _FORMATTING,
    "audio_filtering_config": Term(topic="settings.volume"),
    "audio_filtering_config.volume_threshold": Term(topic="settings.volume"),
    "transcript_filtering_config.remove_disfluencies": Term(topic="settings.disfluencies"),
    "transcript_filtering_config.replacements": _REPLACEMENTS,
    "transcript_filtering_config.replacements.from": _REPLACEMENTS,
    "transcript_filtering_config.replacements.to": _REPLACEMENTS,
    "punctuation_overrides.permitted_marks": _FORMATTING,
    "punctuation_overrides.sensitivity": _FORMATTING,
    "conversation_config.end_of_utterance_silence_trigger": Term(
        topic="settings.silence",
        values={"0": "settings.no_endpointing", "0.0": "settings.no_endpointing"},
    ),
    "streaming_mode": _IGNORED,
    "ctrl": _IGNORED,
}

_TOKEN_REQUEST = {
    "api_keys.ttl": _TOKEN,
    "api_keys.client_ref": _TOKEN,
    "api_keys.region": _TOKEN,
}

_MESSAGES = {
    "StartRecognition": _HANDSHAKE,
    "AddAudio": Term(topic="audio.chunks"),
    "EndOfStream": _FINISH,
    "SetRecognitionConfig": Term(topic="messages.reconfigure"),
    "GetSpeakers": _KNOWN,
    "ForceEndOfUtterance": Term(topic="messages.force"),
    "RecognitionStarted": _HANDSHAKE,
    "AudioAdded": Term(topic="audio.acknowledgements"),
    "EndOfTranscript": _FINISH,
    "SpeakersResult": _KNOWN,
    "Info": Term(topic="messages.warnings"),
    "Warning": Term(topic="messages.warnings"),
    "Error": Term(topic="messages.error"),
}

_RT_MESSAGES = _MESSAGES | {
    "AddChannelAudio": _CHANNELS,
    "EndOfChannel": _CHANNELS,
    "ChannelAudioAdded": _CHANNELS,
    "AddPartialTranscript": Term(topic="messages.partial"),
    "AddTranscript": Term(topic="messages.final"),
    "EndOfUtterance": Term(topic="messages.turn_end"),
    "AddTranslation": _TRANSLATION,
    "AddPartialTranslation": _TRANSLATION,
    "AudioEventStarted": Term(topic="settings.audio_events"),
    "AudioEventEnded": Term(topic="settings.audio_events"),
    "LanguageInfo": _HINTS,
}

_AGENT_MESSAGES = _MESSAGES | {
    "AddPartialSegment": Term(topic="messages.partial"),
    "AddSegment": Term(topic="messages.final"),
    "StartOfTurn": _NO_TURNS_BEGIN,
    "EndOfTurn": Term(topic="messages.turn_end"),
    "SpeechStarted": _NO_TURNS_BEGIN,
    "SpeechEnded": Term(topic="messages.turn_end"),
    "EndOfTurnPrediction": Term(topic="settings.turn_confidence"),
    "SmartTurnResult": Term(topic="settings.turn_confidence"),
    "UpdateSpeakerFocus": _SENSITIVITY,
}

_FIELDS = {
    "last_seq_no": _FINISH,
    "seq_no": Term(topic="audio.acknowledgements"),
    "start_time": _TIMES,
    "end_time": _TIMES,
    "confidence": Term(topic="messages.confidence"),
    "attaches_to": _PUNCTUATION,
    "is_eos": _PUNCTUATION,
    "word_delimiter": _PUNCTUATION,
    "volume": Term(topic="settings.volume"),
    "key_value": _TOKEN,
}


def _below(name: str, settings: dict[str, Term]) -> dict[str, Term]:
    return {f"{name}.{field}": term for field, term in settings.items()}


_RT = Api(
    title=RT,
    urls={
        r"[\w{}-]+\.rt\.speechmatics\.com(?!/v2/agent)": "connection.url",
        r"mp\.speechmatics\.com": "connection.token",
        r"/v1/api[_-]keys\b": "connection.token",
    },
    kind_field="message",
    settings={
        **_AUDIO_FORMAT,
        **_below("transcription_config", _TRANSCRIPTION),
        "translation_config": _TRANSLATION,
        "translation_config.target_languages": _TRANSLATION,
        "translation_config.enable_partials": _TRANSLATION,
        "audio_events_config": Term(topic="settings.audio_events"),
        "audio_events_config.types": Term(topic="settings.audio_events"),
        "type": _IGNORED,
        **_TOKEN_REQUEST,
    },
    messages=_RT_MESSAGES,
    fields=_FIELDS,
)

_AGENT = Api(
    title=AGENT,
    note="A protocol of segments and turns, beside the real-time one.",
    urls={r"(?:\.rt\.speechmatics\.com)?/v2/agent\b(?!/\w)": "connection.url"},
    kind_field="message",
    settings={
        **_AUDIO_FORMAT,
        **_below("transcription_config", _TRANSCRIPTION),
        "transcription_config.emit_sentences": _FORMATTING,
        "turn_config.turn_detection_mode": Term(
            topic="settings.silence", values={"external": "settings.no_endpointing"}
        ),
        **_TOKEN_REQUEST,
    },
    messages=_AGENT_MESSAGES,
    fields=_FIELDS,
)

_AGENT_PREVIEW = Api(
    title="Voice Agent API preview (/v2/agent/{profile})",
    age="retired",
    note="A preview of March to August 2026; Agent STT came after it.",
    urls={r"/v2/agent/\w+": "connection.url"},
    kind_field="message",
    settings=_AGENT.settings,
    messages=_RT_MESSAGES | _AGENT_MESSAGES,
    fields=_FIELDS,
)

PROGRAMS = Programs(
    apis=(_RT, _AGENT, _AGENT_PREVIEW),
    sdks=SDKS,
    telling=frozenset(
        {
            "StartRecognition",
            "RecognitionStarted",
            "AddTranscript",
            "AddPartialTranscript",
            "AddChannelAudio",
            "EndOfTranscript",
            "SetRecognitionConfig",
            "ForceEndOfUtterance",
            "AddSegment",
            "AddPartialSegment",
            "transcription_config",
            "end_of_utterance_silence_trigger",
            "speaker_diarization_config",
        }
    ),
    common=frozenset(
        {
            *("language", "model", "domain", "type", "types", "encoding", "sample_rate"),
            *("speakers", "label", "content", "from", "to", "sensitivity", "region", "ctrl"),
            *("max_speakers",),
        }
    ),
    headers={"authorization": Term(topic="connection.key")},
    query={"jwt": _TOKEN, "sm-app": _LABEL, "sm-sdk": _LABEL},
    variables={
        r"(?:SPEECHMATICS|SM)_\w*(?:JWT|TEMP\w*|MANAGEMENT\w*|TOKEN_URL)\b": _TOKEN,
        r"(?:SPEECHMATICS|SM)_\w*(?:KEY|TOKEN|SECRET)\b": Term(topic="connection.key"),
        r"(?:SPEECHMATICS|SM)_\w*(?:URL|HOST|ENDPOINT|REGION)\b": Term(topic="connection.url"),
    },
)
