"""The vendor's client libraries, of every generation, as programs use them.

Classes, fields and methods from the packages themselves: ``speechmatics-python`` 5.0.0,
``speechmatics-rt`` 1.2.1, ``speechmatics-voice`` 0.2.8, ``speechmatics-agent-stt`` 0.3.0,
``@speechmatics/real-time-client`` 8.
"""

from crossfade.dialects.programs import Sdk, Term

RT = "Speechmatics real-time API v2"
AGENT = "Speechmatics Agent STT"

_OWN = Term(verdict="adapted", text="A matter of this library; every client has its own way.")
_HANDSHAKE = Term(topic="connection.handshake")
_KEY = Term(topic="connection.key")
_TOKEN = Term(topic="connection.token")
_URL = Term(topic="connection.url")
_MODEL = Term(topic="settings.model")
_SPEAKERS = Term(topic="settings.speakers")
_KNOWN = Term(topic="settings.known_speakers")
_CHUNKS = Term(topic="audio.chunks")
_FINISH = Term(topic="messages.finish")
_FINAL = Term(topic="messages.final")
_ERROR = Term(topic="messages.error")
_FORCE = Term(topic="messages.force")
_SILENCE = Term(topic="settings.silence")
_CONFIDENCE = Term(topic="settings.turn_confidence")
_SESSION = Term(topic="connection.session_id")
_VOCAB = Term(topic="settings.keyterms")
_PARTIALS = Term(topic="settings.partials")
_FOCUS = Term(
    topic="settings.speakers",
    verdict="dropped",
    text="Choosing whom to listen to is done by this library; words of all speakers remain.",
)
_TURN_BEGINS = Term(
    verdict="dropped", text="That speech or a turn begins is told by no other real-time protocol."
)


def _all(names: str, term: Term) -> dict[str, Term]:
    return dict.fromkeys(names.split(), term)


def _names(names: str) -> frozenset[str]:
    return frozenset(names.split())


_EVENTS = _names("on once off emit listeners remove_all_listeners get_auth_headers")
_PASSED_ON = _names(
    "auth config transcription_config audio_format translation_config audio_events_config "
    "turn_config conn_config source stream preset"
)

_RT_NAMES = {
    "AsyncClient": _HANDSHAKE,
    "AsyncMultiChannelClient": Term(topic="audio.channels"),
    "TranscriptionConfig": _HANDSHAKE,
    "AudioFormat": Term(topic="audio.sample_rate"),
    "AudioEncoding": Term(topic="audio.pcm_s16le"),
    "ConversationConfig": _SILENCE,
    "SpeakerDiarizationConfig": _SPEAKERS,
    "SpeakerIdentifier": _KNOWN,
    "TranslationConfig": Term(topic="settings.translation"),
    "AudioEventsConfig": Term(topic="settings.audio_events"),
    "TranscriptResult": _FINAL,
    "JWTAuth": _TOKEN,
    **_all("AuthBase StaticKeyAuth", _KEY),
    **_all("Model OperatingPoint", _MODEL),
    **_all("ClientMessageType ServerMessageType ConnectionConfig EventEmitter Microphone", _OWN),
    "SessionInfo": _SESSION,
    **_all(
        "AudioError AuthenticationError ConfigurationError ConnectionError SessionError "
        "TimeoutError TranscriptionError TransportError",
        _ERROR,
    ),
    "EndOfTranscriptError": _FINISH,
}

_RT_METHODS = {
    "start_session": _HANDSHAKE,
    **_all("send_audio transcribe", _CHUNKS),
    **_all("stop_session close", _FINISH),
    "force_end_of_utterance": _FORCE,
    "session_id": _SESSION,
    **_all("send_message request_id audio_bytes_sent audio_seconds_sent", _OWN),
}

_RT_CONFIGS = {
    "TranscriptionConfig": "transcription_config",
    "ConversationConfig": "transcription_config.conversation_config",
    "SpeakerDiarizationConfig": "transcription_config.speaker_diarization_config",
    "SpeakerIdentifier": "transcription_config.speaker_diarization_config.speakers",
    "TranslationConfig": "translation_config",
    "AudioEventsConfig": "audio_events_config",
    "AudioFormat": "audio_format",
}

_CONNECTION = {
    "api_key": _KEY,
    "url": _URL,
    **_all("ttl mp_url region client_ref", _TOKEN),
    "ping_interval": Term(topic="connection.ping"),
    "ping_timeout": Term(topic="connection.ping"),
    **_all(
        "open_timeout close_timeout max_size max_queue read_limit write_limit ssl_context app "
        "request_id sdk_identifier ws_headers timeout channels device_index loop record_events",
        _OWN,
    ),
    "chunk_size": _CHUNKS,
    "timestamp": _FORCE,
}

_RT_SDK = Sdk(
    title="speechmatics-rt",
    api=RT,
    modules=("speechmatics.rt",),
    names=_RT_NAMES,
    clients=frozenset({"AsyncClient", "AsyncMultiChannelClient"}),
    methods=_RT_METHODS,
    configs=_RT_CONFIGS,
    arguments=_CONNECTION,
    plumbing=_EVENTS | _PASSED_ON,
    kinds=frozenset({"ServerMessageType", "ClientMessageType"}),
)

_LEGACY = Sdk(
    title="speechmatics-python",
    age="superseded",
    note="Its vendor has put speechmatics-rt in its place.",
    api=RT,
    modules=(
        "speechmatics.client",
        "speechmatics.models",
        "speechmatics.cli",
        "speechmatics.constants",
        "speechmatics.exceptions",
        "speechmatics.helpers",
        "speechmatics",
    ),
    names={
        "WebsocketClient": _HANDSHAKE,
        **_all("ConnectionSettings RTConnectionSettings", _HANDSHAKE),
        "TranscriptionConfig": _HANDSHAKE,
        "AudioSettings": Term(topic="audio.sample_rate"),
        "ConversationConfig": _SILENCE,
        "RTSpeakerDiarizationConfig": _SPEAKERS,
        **_all("TranslationConfig RTTranslationConfig", Term(topic="settings.translation")),
        "AudioEventsConfig": Term(topic="settings.audio_events"),
        **_all("ServerMessageType ClientMessageType UsageMode", _OWN),
        "RT_SELF_SERVICE_URL": _URL,
        "TranscriptionError": _ERROR,
        "EndOfTranscriptException": _FINISH,
        "ForceEndSession": _FINISH,
        "read_in_chunks": _CHUNKS,
        **_all("client models constants exceptions helpers cli", _OWN),
    },
    clients=frozenset({"WebsocketClient"}),
    methods={
        **_all("run run_synchronously", _CHUNKS),
        "stop": _FINISH,
        "update_transcription_config": Term(topic="messages.reconfigure"),
        "get_language_pack_info": Term(topic="messages.punctuation"),
        "send_message": _OWN,
    },
    configs={
        "TranscriptionConfig": "transcription_config",
        "ConversationConfig": "transcription_config.conversation_config",
        "RTSpeakerDiarizationConfig": "transcription_config.speaker_diarization_config",
        "TranslationConfig": "translation_config",
        "RTTranslationConfig": "translation_config",
        "AudioEventsConfig": "audio_events_config",
        "AudioSettings": "audio_format",
    },
    arguments={
        **_CONNECTION,
        "auth_token": _KEY,
        "generate_temp_token": _TOKEN,
        "enable_transcription_partials": _PARTIALS,
        "enable_translation_partials": Term(topic="settings.translation"),
        "ping_timeout_seconds": Term(topic="connection.ping"),
        **_all("message_buffer_size semaphore_timeout_seconds", _OWN),
    },
    plumbing=_PASSED_ON
    | _names(
        "add_event_handler add_middleware event_name event_handler middleware audio_settings "
        "connection_settings connection_settings_or_auth_token from_cli"
    ),
    kinds=frozenset({"ServerMessageType", "ClientMessageType"}),
)

_VOICE = Sdk(
    title="speechmatics-voice",
    age="superseded",
    note="Its vendor recommends Agent STT to voice agents.",
    api=RT,
    modules=("speechmatics.voice",),
    names={
        "VoiceAgentClient": _HANDSHAKE,
        "VoiceAgentConfig": _HANDSHAKE,
        "VoiceAgentConfigPreset": _HANDSHAKE,
        "AdditionalVocabEntry": _VOCAB,
        **_all("AgentClientMessageType AgentServerMessageType", _OWN),
        "AudioEncoding": Term(topic="audio.pcm_s16le"),
        "AudioFormat": Term(topic="audio.sample_rate"),
        **_all("EndOfTurnConfig EndOfTurnPenaltyItem EndOfUtteranceMode", _CONFIDENCE),
        **_all("SmartTurnConfig SmartTurnDetector TurnPredictionMessage", _CONFIDENCE),
        "MaxDelayMode": Term(topic="settings.max_delay"),
        "OperatingPoint": _MODEL,
        "SegmentMessage": _FINAL,
        **_all("SessionMetricsMessage SpeakerMetricsMessage SpeechSegmentConfig", _OWN),
        "SpeakerDiarizationConfig": _SPEAKERS,
        "SpeakerIdentifier": _KNOWN,
        **_all("SpeakerFocusConfig SpeakerFocusMode SpeakerStatusMessage", _FOCUS),
        "TurnStartEndResetMessage": Term(topic="messages.turn_end"),
        **_all("VADStatusMessage VoiceActivityConfig SileroVAD", Term(topic="settings.vad")),
    },
    clients=frozenset({"VoiceAgentClient"}),
    methods={
        **_RT_METHODS,
        "connect": _HANDSHAKE,
        "disconnect": _FINISH,
        "finalize": _FORCE,
        "update_diarization_config": _FOCUS,
    },
    configs={
        "VoiceAgentConfig": "transcription_config",
        "AdditionalVocabEntry": "transcription_config.additional_vocab",
        "SpeakerDiarizationConfig": "transcription_config.speaker_diarization_config",
        "SpeakerIdentifier": "transcription_config.speaker_diarization_config.speakers",
        "AudioFormat": "audio_format",
        "EndOfTurnConfig": "",
        "EndOfTurnPenaltyItem": "",
        "SmartTurnConfig": "",
        "VoiceActivityConfig": "",
        "SpeakerFocusConfig": "",
        "SpeechSegmentConfig": "",
    },
    arguments={
        **_CONNECTION,
        **_all("end_of_utterance_silence_trigger end_of_utterance_max_delay", _SILENCE),
        "end_of_utterance_mode": Term(
            topic="settings.turn_confidence",
            values={"fixed": "settings.silence", "external": "settings.no_endpointing"},
        ),
        **_all("end_of_turn_config smart_turn_config base_multiplier", _CONFIDENCE),
        **_all("min_end_of_turn_delay penalties use_forced_eou", _CONFIDENCE),
        **_all("penalty annotation is_not smart_turn_threshold max_audio_length", _CONFIDENCE),
        **_all("vad_config threshold silence_duration", Term(topic="settings.vad")),
        "include_partials": _PARTIALS,
        "enable_diarization": _SPEAKERS,
        "max_speakers": _SPEAKERS,
        **_all("speaker_sensitivity prefer_current_speaker speaker_config", _FOCUS),
        **_all("focus_speakers ignore_speakers focus_mode", _FOCUS),
        "known_speakers": _KNOWN,
        "sample_rate": Term(topic="audio.sample_rate"),
        "audio_encoding": Term(
            topic="audio.pcm_s16le",
            values={"pcm_f32le": "audio.pcm_f32le", "mulaw": "audio.mulaw"},
        ),
        **_all("include_results transcription_update_preset speech_segment_config enabled", _OWN),
        **_all("audio_buffer_length add_trailing_eos emit_sentences pause_mark", _OWN),
        "advanced_engine_control": Term(
            verdict="dropped", text="Internal switches of this vendor's engine."
        ),
        "end_of_turn": _FORCE,
    },
    plumbing=_EVENTS | _PASSED_ON | frozenset({"load", "list_presets", "overlay_json"}),
    kinds=frozenset({"AgentServerMessageType", "AgentClientMessageType"}),
    messages={
        "AddPartialSegment": Term(topic="messages.partial"),
        "AddSegment": _FINAL,
        **_all("SpeakerStarted SpeakerEnded", _FOCUS),
        **_all("StartOfTurn VadStatus", _TURN_BEGINS),
        "EndOfTurn": Term(topic="messages.turn_end"),
        **_all("EndOfTurnPrediction SmartTurnResult", _CONFIDENCE),
        **_all("Diagnostics SessionMetrics SpeakerMetrics", _OWN),
    },
)

_AGENT_STT = Sdk(
    title="speechmatics-agent-stt",
    api=AGENT,
    modules=("speechmatics.agent_stt",),
    names={
        **{name: term for name, term in _RT_NAMES.items() if not name.startswith("Async")},
        "AgentSttAsyncClient": _HANDSHAKE,
        "AdditionalVocabEntry": _VOCAB,
        "LanguagePackInfo": Term(topic="messages.punctuation"),
        **_all("Segment TimedEvent Transcript", _FINAL),
        **_all("TurnConfig TurnDetectionMode", _SILENCE),
        **_all("DEFAULT_CHUNK_SIZE", _CHUNKS),
        **_all("DEFAULT_MODEL", _MODEL),
        **_all("DEFAULT_SAMPLE_RATE SUPPORTED_SAMPLE_RATES", Term(topic="audio.sample_rate")),
        **_all("DEFAULT_WORD_DELIMITER SEGMENT_MESSAGES TIMED_MESSAGES resolve_url", _OWN),
    },
    clients=frozenset({"AgentSttAsyncClient"}),
    methods={
        **_RT_METHODS,
        "connect": _HANDSHAKE,
        "disconnect": _FINISH,
        "finalize": _FORCE,
        **_all("transcript_text transcript segments partial_segment timeline", _FINAL),
        **_all("events session_info session_error last_finalize_latency reset_transcript", _OWN),
        **_all("is_connected is_ready_for_audio", _OWN),
    },
    configs={
        "AudioFormat": "audio_format",
        "TranscriptionConfig": "transcription_config",
        "SpeakerDiarizationConfig": "transcription_config.speaker_diarization_config",
        "SpeakerIdentifier": "transcription_config.speaker_diarization_config.speakers",
        "AdditionalVocabEntry": "transcription_config.additional_vocab",
        "TurnConfig": "turn_config",
    },
    arguments={**_CONNECTION, **_all("include_partial speaker_labels", _OWN)},
    plumbing=_EVENTS | _PASSED_ON,
    kinds=frozenset({"ServerMessageType", "ClientMessageType"}),
)

_JAVASCRIPT = Sdk(
    title="@speechmatics/real-time-client",
    api=RT,
    language="javascript",
    modules=("@speechmatics/real-time-client", "@speechmatics/real-time-client-react"),
    names={
        **_all("RealtimeClient RealtimeTranscriptionProvider", _HANDSHAKE),
        "useRealtimeTranscription": _HANDSHAKE,
        "useRealtimeEventListener": _OWN,
    },
    methods={
        "sendAudio": _CHUNKS,
        "stopRecognition": _FINISH,
        "setRecognitionConfig": Term(topic="messages.reconfigure"),
        "forceEndOfUtterance": _FORCE,
        "getSpeakers": _KNOWN,
    },
)

_JAVASCRIPT_AUTH = Sdk(
    title="@speechmatics/auth",
    api=RT,
    language="javascript",
    modules=("@speechmatics/auth",),
    names={"createSpeechmaticsJWT": _TOKEN},
    arguments={"apiKey": _KEY, **_all("type clientRef region managementPlatformURL", _TOKEN)},
)

_PLUGIN = Term(
    verdict="adapted",
    text="The framework has one for the other vendor: name that; its arguments are others.",
)
_PLUGIN_ARGUMENTS = {
    **_all("api_key", _KEY),
    **_all("base_url", _URL),
    **_all("include_partials", _PARTIALS),
    **_all("enable_diarization max_speakers", _SPEAKERS),
    **_all("speaker_sensitivity prefer_current_speaker", _FOCUS),
    **_all("known_speakers", _KNOWN),
    **_all("turn_detection_mode", _SILENCE),
    **_all("sample_rate", Term(topic="audio.sample_rate")),
    **_all("audio_encoding encoding", Term(topic="audio.pcm_s16le")),
    **_all("speaker_format vad should_interrupt ttfs_p99_latency", _OWN),
}
_LIVEKIT = Sdk(
    title="LiveKit plugin (speechmatics)",
    api=AGENT,
    modules=("livekit.plugins.speechmatics",),
    names={"STT": _PLUGIN},
    configs={"STT": "transcription_config"},
    arguments=_PLUGIN_ARGUMENTS,
)
_PIPECAT = Sdk(
    title="Pipecat service (speechmatics)",
    api=AGENT,
    modules=("pipecat.services.speechmatics",),
    names={"stt.SpeechmaticsSTTService": _PLUGIN, "stt.SpeechmaticsSTTSettings": _PLUGIN},
    configs={
        "stt.SpeechmaticsSTTService": "transcription_config",
        "stt.SpeechmaticsSTTSettings": "transcription_config",
    },
    arguments=_PLUGIN_ARGUMENTS,
    plumbing=_names("params settings"),
)

SDKS = (_RT_SDK, _VOICE, _AGENT_STT, _LEGACY, _JAVASCRIPT, _JAVASCRIPT_AUTH, _LIVEKIT, _PIPECAT)
