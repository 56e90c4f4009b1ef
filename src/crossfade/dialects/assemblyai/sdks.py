"""The vendor's client libraries, of every generation, as programs use them.

Classes, fields and methods from the packages themselves: ``assemblyai`` 0.43.1 and 1.8.2 for
Python, 4.41.5 for JavaScript.
"""

from crossfade.dialects.programs import Sdk, Term

V3 = "AssemblyAI Streaming v3"
V2 = "AssemblyAI Realtime v2"

_OWN = Term(verdict="adapted", text="A matter of this library; every client has its own way.")
_HANDSHAKE = Term(topic="connection.handshake")
_KEY = Term(topic="connection.key")
_TOKEN = Term(topic="connection.token")
_URL = Term(topic="connection.url")
_CHUNKS = Term(topic="audio.chunks")
_CHANNELS = Term(
    topic="audio.channels",
    verdict="degraded",
    text="Channels are mixed and told apart by this library; elsewhere each is sent by itself.",
)
_FINISH = Term(topic="messages.finish")
_FINAL = Term(topic="messages.final")
_PARTIAL = Term(topic="messages.partial")
_ERROR = Term(topic="messages.error")
_FORCE = Term(topic="messages.force")
_REDACTION = Term(topic="settings.redaction")
_GONE = "Its servers are switched off; assemblyai.streaming.v3 is the way now."


def _all(names: str, term: Term) -> dict[str, Term]:
    return dict.fromkeys(names.split(), term)


def _names(names: str) -> frozenset[str]:
    return frozenset(names.split())


def _dropped(text: str) -> Term:
    return Term(verdict="dropped", text=text)


_STREAMING = Sdk(
    title="assemblyai (streaming.v3)",
    api=V3,
    modules=("assemblyai.streaming.v3", "assemblyai.streaming"),
    names={
        **_all("StreamingClient AsyncStreamingClient", _HANDSHAKE),
        **_all("RealTimeTranscriber AsyncRealTimeTranscriber", _HANDSHAKE),
        **_all("StreamingClientOptions RealTimeTranscriberOptions", _KEY),
        **_all("StreamingParameters RealTimeParameters", _HANDSHAKE),
        **_all("BeginEvent SessionConfiguration", _HANDSHAKE),
        **_all(
            "StreamingSessionParameters RealTimeSessionParameters",
            Term(topic="messages.reconfigure"),
        ),
        **_all("StreamingEvents RealTimeEvents EventMessage", _OWN),
        **_all("StreamingError RealTimeError StreamingErrorCodes RealTimeErrorCodes", _ERROR),
        **_all("TurnEvent Word", _FINAL),
        "TerminationEvent": _FINISH,
        "WarningEvent": Term(topic="messages.warnings"),
        "LLMGatewayResponseEvent": Term(topic="settings.llm"),
        "SpeechStartedEvent": _dropped("That speech begins is told by no other protocol."),
        **_all("HeartbeatEvent SilenceEvent", _dropped("No other protocol tells this.")),
        **_all("SpeakerRevisionEvent SpeakerRevisionItem", _dropped("Speakers are never revised.")),
        "SpeechModel": Term(topic="settings.model"),
        "StreamingMode": Term(topic="settings.turn_confidence"),
        "Encoding": Term(topic="audio.pcm_s16le"),
        "NoiseSuppressionModel": _dropped("No other protocol takes out background voices."),
        **_all("StreamingPiiPolicy StreamingPiiSubstitution", _REDACTION),
        **_all("ChannelStreamer AsyncChannelStreamer ChannelAttributionOptions", _CHANNELS),
        **_all("DualChannelTurnEvent DualChannelWord attribute_turn", _CHANNELS),
        **_all("EnergyVad VadDetector VadFrame VadResult", _CHANNELS),
        "v3": _OWN,
    },
    clients=_names(
        "StreamingClient AsyncStreamingClient RealTimeTranscriber AsyncRealTimeTranscriber "
        "ChannelStreamer AsyncChannelStreamer"
    ),
    methods={
        "connect": _HANDSHAKE,
        "stream": _CHUNKS,
        "disconnect": _FINISH,
        "force_endpoint": _FORCE,
        "keep_alive": Term(topic="connection.ping"),
        "set_params": Term(topic="messages.reconfigure"),
        "create_temporary_token": _TOKEN,
        **_all("close_channel flush", _CHANNELS),
    },
    configs=dict.fromkeys(
        _names(
            "StreamingParameters StreamingSessionParameters RealTimeParameters "
            "RealTimeSessionParameters"
        ),
        "",
    ),
    arguments={
        "api_key": _KEY,
        "token": _TOKEN,
        "api_host": _URL,
        "sample_rate": Term(topic="audio.sample_rate"),
        "terminate": _FINISH,
        **_all(
            "connect_timeout max_connection_retries connection_retry_delay terminate_timeout",
            _OWN,
        ),
        **_all("channels attribution on_vad dominance_ratio timeline_window_ms", _CHANNELS),
        **_all("create_vad resolve_unknown_channels_method resolution_window_words", _CHANNELS),
        **_all("speaker_history_min_rms_evidence speaker_history_dominance_ratio", _CHANNELS),
        **_all("threshold_ratio noise_floor_alpha hangover_frames initial_noise_floor", _CHANNELS),
    },
    plumbing=_names("on options params parameters event handler data client channel"),
    kinds=frozenset({"StreamingEvents", "RealTimeEvents"}),
)

_REALTIME = Sdk(
    title="assemblyai (RealtimeTranscriber)",
    age="retired",
    note=_GONE,
    api=V2,
    modules=("assemblyai",),
    names={
        "RealtimeTranscriber": _HANDSHAKE,
        "AsyncRealtimeTranscriber": _HANDSHAKE,
        "RealtimeSessionOpened": _HANDSHAKE,
        "RealtimeTranscript": _FINAL,
        "RealtimeFinalTranscript": _FINAL,
        "RealtimePartialTranscript": _PARTIAL,
        "RealtimeSessionInformation": _FINISH,
        "RealtimeWord": _FINAL,
        "RealtimeError": _ERROR,
        "AudioEncoding": Term(topic="audio.pcm_s16le"),
        "settings.api_key": _KEY,
        "settings.base_url": _URL,
    },
    clients=frozenset({"RealtimeTranscriber", "AsyncRealtimeTranscriber"}),
    methods={
        "connect": _HANDSHAKE,
        "stream": _CHUNKS,
        "close": _FINISH,
        "force_end_utterance": _FORCE,
        "configure_end_utterance_silence_threshold": Term(topic="messages.reconfigure"),
        "create_temporary_token": _TOKEN,
    },
    configs={"RealtimeTranscriber": "", "AsyncRealtimeTranscriber": ""},
    arguments={
        "on_data": _FINAL,
        "on_error": _ERROR,
        "on_open": _HANDSHAKE,
        "on_close": _FINISH,
        "on_extra_session_information": _FINISH,
    },
    plumbing=frozenset({"client", "data", "threshold_milliseconds", "timeout"}),
)

_EXTRAS = Sdk(
    title="assemblyai (extras)",
    api=V3,
    modules=("assemblyai.extras",),
    names={"MicrophoneStream": _OWN, "stream_file": _OWN, "file_to_bytes": _OWN},
    arguments=_all("sample_rate device_index", _OWN),
)

_JAVASCRIPT_EVENTS = {"open": _HANDSHAKE, "close": _FINISH, "error": _ERROR}

_JAVASCRIPT = Sdk(
    title="assemblyai (JavaScript)",
    api=V3,
    language="javascript",
    modules=("assemblyai",),
    names={
        **_all("StreamingTranscriber StreamingTranscriberParams", _HANDSHAKE),
        "StreamingServiceFactory": _HANDSHAKE,
    },
    methods={
        "streaming": _HANDSHAKE,
        "sendAudio": _CHUNKS,
        "forceEndpoint": _FORCE,
        "updateConfiguration": Term(topic="messages.reconfigure"),
        "createTemporaryToken": _TOKEN,
    },
    arguments={
        "apiKey": _KEY,
        **_all("websocketBaseUrl streamingBaseUrl", _URL),
        **_all("connectTimeout maxConnectionRetries connectionRetryDelay", _OWN),
        **_all("channels channelAttribution", _CHANNELS),
    },
    messages=_JAVASCRIPT_EVENTS
    | {"turn": _FINAL, "llmGatewayResponse": Term(topic="settings.llm")},
)

_JAVASCRIPT_REALTIME = Sdk(
    title="assemblyai (JavaScript, realtime)",
    age="retired",
    note="Its servers are switched off; client.streaming.transcriber is the way now.",
    api=V2,
    language="javascript",
    modules=("assemblyai",),
    names=_all("RealtimeTranscriber RealtimeService", _HANDSHAKE),
    methods={
        **_all("realtime", _HANDSHAKE),
        "sendAudio": _CHUNKS,
        "createTemporaryToken": _TOKEN,
        "forceEndUtterance": _FORCE,
        "configureEndUtteranceSilenceThreshold": Term(topic="messages.reconfigure"),
    },
    messages=_JAVASCRIPT_EVENTS
    | {
        "transcript": _FINAL,
        "transcript.partial": _PARTIAL,
        "transcript.final": _FINAL,
        "session_information": _FINISH,
    },
)

_PLUGIN = Term(
    verdict="adapted",
    text="The framework has one for the other vendor: name that; its arguments are others.",
)
_PLUGIN_ARGUMENTS = {
    **_all("api_key", _KEY),
    **_all("base_url api_endpoint_base_url", _URL),
    **_all("model", Term(topic="settings.model")),
    **_all("vad_force_turn_endpoint", _FORCE),
    **_all("http_session buffer_size_seconds should_interrupt speaker_format", _OWN),
    **_all("ttfs_p99_latency", _OWN),
}
_LIVEKIT = Sdk(
    title="LiveKit plugin (assemblyai)",
    api=V3,
    modules=("livekit.plugins.assemblyai",),
    names={"STT": _PLUGIN},
    configs={"STT": ""},
    arguments=_PLUGIN_ARGUMENTS,
)
_PIPECAT = Sdk(
    title="Pipecat service (assemblyai)",
    api=V3,
    modules=("pipecat.services.assemblyai",),
    names={
        "stt.AssemblyAISTTService": _PLUGIN,
        "stt.AssemblyAISTTSettings": _PLUGIN,
        "models.AssemblyAIConnectionParams": _PLUGIN,
    },
    configs={
        "stt.AssemblyAISTTService": "",
        "stt.AssemblyAISTTSettings": "",
        "models.AssemblyAIConnectionParams": "",
    },
    arguments=_PLUGIN_ARGUMENTS,
    plumbing=_names("connection_params settings"),
)

SDKS = (_STREAMING, _REALTIME, _EXTRAS, _JAVASCRIPT, _JAVASCRIPT_REALTIME, _LIVEKIT, _PIPECAT)
