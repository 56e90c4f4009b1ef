"""How programs that use this vendor are written: the names in them, and what each is about.

From ``docs/protocols/assemblyai-streaming-v3.md``, sections 2, 3, 5, 7 and 8, and for the retired
version 2 from the SDK that spoke it. Its client libraries are in ``sdks``.
"""

from crossfade.dialects.assemblyai.sdks import SDKS, V2, V3
from crossfade.dialects.programs import Api, Programs, Term

_HANDSHAKE = Term(topic="connection.handshake")
_TOKEN = Term(topic="connection.token")
_LANGUAGE = Term(topic="settings.language")
_KEYTERMS = Term(topic="settings.keyterms")
_PROMPT = Term(topic="settings.prompt")
_CONFIDENCE = Term(topic="settings.turn_confidence")
_SPEAKERS = Term(topic="settings.speakers")
_REDACTION = Term(topic="settings.redaction")
_WEBHOOK = Term(topic="settings.webhooks")
_FINISH = Term(topic="messages.finish")
_TIMES = Term(topic="messages.times")
_TURN_END = Term(topic="messages.turn_end")
_FINAL = Term(topic="messages.final")
_PARTIAL = Term(topic="messages.partial")
_PING = Term(topic="connection.ping")
_SAMPLE_RATE = Term(topic="audio.sample_rate")
_ENCODING = Term(
    topic="audio.pcm_s16le",
    values={
        "pcm_mulaw": "audio.mulaw",
        "opus": "audio.compressed",
        "ogg_opus": "audio.compressed",
        "aac": "audio.compressed",
    },
)


def _dropped(text: str) -> Term:
    return Term(verdict="dropped", text=text)


_FOCUS = _dropped("No other protocol takes background voices out of the audio.")
_PARTIAL_PACE = _dropped("How soon and how often partials come cannot be chosen elsewhere.")
_SIGNS = _dropped("No other protocol tells what it received and that nothing was said.")
_REVISION = _dropped("No other protocol takes back whom it named as the speaker.")

_SETTINGS = {
    "speech_model": Term(topic="settings.model"),
    "sample_rate": _SAMPLE_RATE,
    "encoding": _ENCODING,
    "format_turns": Term(topic="settings.formatting"),
    "end_of_turn_confidence_threshold": _CONFIDENCE,
    "min_turn_silence": _CONFIDENCE,
    "min_end_of_turn_silence_when_confident": _CONFIDENCE,
    "max_turn_silence": Term(topic="settings.silence"),
    "mode": _CONFIDENCE,
    "max_turn_duration": _dropped("A turn of any length ends by silence alone elsewhere."),
    "vad_threshold": Term(topic="settings.vad"),
    "interruption_delay": _PARTIAL_PACE,
    "continuous_partials": _PARTIAL_PACE,
    "include_partial_turns": Term(topic="settings.partials"),
    "turn_left_pad_ms": _dropped("How much audio a turn begins with cannot be chosen elsewhere."),
    "session_heartbeat": _SIGNS,
    "acknowledge_silence": _SIGNS,
    "keyterms_prompt": _KEYTERMS,
    "keyterms": _KEYTERMS,
    "prompt": _PROMPT,
    "agent_context": _PROMPT,
    "previous_context_n_turns": _PROMPT,
    "language_codes": _LANGUAGE,
    "language_code": _LANGUAGE,
    "language": _LANGUAGE,
    "language_detection": Term(topic="settings.language_detection"),
    "domain": Term(topic="settings.domain"),
    "filter_profanity": Term(topic="settings.profanity"),
    "speaker_labels": _SPEAKERS,
    "max_speakers": _SPEAKERS,
    "speaker_labels_revision_interval_ms": _REVISION,
    "redact_pii": _REDACTION,
    "redact_pii_policies": _REDACTION,
    "redact_pii_sub": _REDACTION,
    "voice_focus": _FOCUS,
    "voice_focus_threshold": _FOCUS,
    "noise_suppression_model": _FOCUS,
    "noise_suppression_threshold": _FOCUS,
    "inactivity_timeout": Term(
        verdict="adapted",
        text="The gateway holds its clients to it; other servers have limits of their own.",
    ),
    "llm_gateway": Term(topic="settings.llm"),
    "webhook_url": _WEBHOOK,
    "webhook_auth_header_name": _WEBHOOK,
    "webhook_auth_header_value": _WEBHOOK,
    "formatted_finals": Term(
        verdict="adapted", text="Left out: this vendor's own servers take no notice of it."
    ),
    "customer_support_audio_capture": _dropped("An internal switch of this vendor."),
    "_customer_support_audio_capture": _dropped("An internal switch of this vendor."),
    "token": _TOKEN,
    "expires_in_seconds": _TOKEN,
    "max_session_duration_seconds": _TOKEN,
}

_V3 = Api(
    title=V3,
    urls={
        r"streaming(?:\.[\w{}]+)?\.assemblyai\.com": "connection.url",
        r"/v3/ws\b": "connection.url",
        r"/v3/token\b": "connection.token",
    },
    kind_field="type",
    settings=_SETTINGS,
    messages={
        "Terminate": _FINISH,
        "ForceEndpoint": Term(topic="messages.force"),
        "KeepAlive": _PING,
        "UpdateConfiguration": Term(topic="messages.reconfigure"),
        "Begin": _HANDSHAKE,
        "SpeechStarted": _dropped("That speech begins is told by no other real-time protocol."),
        "Turn": _FINAL,
        "Heartbeat": _SIGNS,
        "Silence": _SIGNS,
        "SpeakerRevision": _REVISION,
        "LLMGatewayResponse": Term(topic="settings.llm"),
        "Warning": Term(topic="messages.warnings"),
        "Error": Term(topic="messages.error"),
        "Termination": _FINISH,
    },
    fields={
        "expires_at": Term(topic="connection.expires_at"),
        "end_of_turn": _TURN_END,
        "end_of_turn_confidence": _CONFIDENCE,
        "turn_order": _TURN_END,
        "turn_is_formatted": Term(topic="settings.formatting"),
        "word_is_final": _FINAL,
        "audio_duration_seconds": _FINISH,
        "session_duration_seconds": _FINISH,
        "speaker_label": _SPEAKERS,
        "language_confidence": Term(topic="settings.language_detection"),
    },
)

_V2 = Api(
    title=V2,
    age="retired",
    note="Its servers are switched off; Streaming v3 is what its vendor put in its place.",
    urls={r"/v2/realtime/ws\b": "connection.url", r"/v2/realtime/token\b": "connection.token"},
    kind_field="message_type",
    settings={
        "sample_rate": _SAMPLE_RATE,
        "encoding": _ENCODING,
        "word_boost": _KEYTERMS,
        "end_utterance_silence_threshold": Term(topic="settings.silence"),
        "disable_partial_transcripts": Term(topic="settings.partials"),
        "enable_extra_session_information": _FINISH,
        "token": _TOKEN,
        "expires_in": _TOKEN,
    },
    messages={
        "SessionBegins": _HANDSHAKE,
        "PartialTranscript": _PARTIAL,
        "FinalTranscript": _FINAL,
        "SessionInformation": _FINISH,
        "SessionTerminated": _FINISH,
        "RealtimeError": Term(topic="messages.error"),
    },
    fields={
        "audio_data": Term(topic="audio.chunks"),
        "terminate_session": _FINISH,
        "force_end_utterance": Term(topic="messages.force"),
        "audio_start": _TIMES,
        "audio_end": _TIMES,
        "text_formatted": Term(topic="settings.formatting"),
        "punctuated": Term(topic="messages.punctuation"),
    },
)

PROGRAMS = Programs(
    apis=(_V3, _V2),
    sdks=SDKS,
    telling=frozenset(
        {
            "ForceEndpoint",
            "UpdateConfiguration",
            "SpeakerRevision",
            "LLMGatewayResponse",
            "end_of_turn",
            "turn_is_formatted",
            "end_of_turn_confidence_threshold",
            "format_turns",
            "min_turn_silence",
            "max_turn_silence",
            "session_duration_seconds",
            "SessionBegins",
            "FinalTranscript",
            "SessionTerminated",
            "terminate_session",
            "audio_data",
            "word_boost",
            "end_utterance_silence_threshold",
        }
    ),
    common=frozenset(
        {
            *("sample_rate", "encoding", "mode", "prompt", "language", "language_code", "domain"),
            *("language_codes", "max_speakers", "token", "webhook_url", "keyterms", "expires_in"),
        }
    ),
    headers={
        "authorization": Term(topic="connection.key"),
        "assemblyai-version": _dropped("Versions of a protocol are chosen by its address."),
    },
    variables={
        r"(?:ASSEMBLYAI|ASSEMBLY_AI|AAI)_\w*(?:TEMP\w*|TOKEN_URL|TOKEN_ENDPOINT)\b": _TOKEN,
        r"(?:ASSEMBLYAI|ASSEMBLY_AI|AAI)_\w*(?:KEY|TOKEN|SECRET)\b": Term(topic="connection.key"),
        r"(?:ASSEMBLYAI|ASSEMBLY_AI|AAI)_\w*(?:URL|HOST|ENDPOINT|REGION)\b": Term(
            topic="connection.url"
        ),
    },
)
