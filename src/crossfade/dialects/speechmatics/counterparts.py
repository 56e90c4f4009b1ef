"""What becomes of other protocols' settings and messages on the way to this one.

The rows of the table in ``docs/mapping.md``, from this end; what is said here happens in the
gateway, in this dialect's client end, or in its server end.
"""

from crossfade.dialects.counterparts import Counterpart

COUNTERPARTS = (
    Counterpart(
        topic="connection.url",
        name="/v2, /v2/{lang}",
        verdict="adapted",
        text="Path and host of this protocol.",
    ),
    Counterpart(
        topic="connection.handshake",
        name="StartRecognition",
        verdict="adapted",
        text="One message; audio waits for RecognitionStarted.",
    ),
    Counterpart(
        topic="connection.key",
        name="Authorization: Bearer KEY",
        verdict="adapted",
        text="The operator's key for this server, as a bearer.",
    ),
    Counterpart(
        topic="connection.token",
        name="?jwt=, POST /v1/api_keys",
        verdict="adapted",
        text="Minted with a ttl of 60 to 86400 s; the key_value is shown as a bearer.",
    ),
    Counterpart(
        topic="connection.ping",
        name="WebSocket ping",
        verdict="kept",
        text="Answered at both ends, whatever is behind.",
    ),
    Counterpart(
        topic="connection.session_id",
        name="RecognitionStarted.id",
        verdict="adapted",
        text="Ours; that of the far session is in the log.",
    ),
    Counterpart(
        topic="connection.expires_at",
        name=None,
        verdict="dropped",
        text="This protocol does not tell.",
    ),
    Counterpart(topic="audio.pcm_s16le", name="pcm_s16le", verdict="kept", text="The same bytes."),
    Counterpart(topic="audio.pcm_f32le", name="pcm_f32le", verdict="kept", text="The same bytes."),
    Counterpart(topic="audio.mulaw", name="mulaw", verdict="kept", text="The same bytes."),
    Counterpart(
        topic="audio.file",
        name="audio_format.type: file",
        verdict="adapted",
        text="Decoded here, sent as 16-bit samples: a lost connection can be taken up.",
    ),
    Counterpart(
        topic="audio.compressed",
        name=None,
        verdict="adapted",
        text="Decoded here and sent as 16-bit samples at 16 kHz.",
    ),
    Counterpart(
        topic="audio.chunks", name="AddAudio", verdict="adapted", text="Cut anew, to 50 ms."
    ),
    Counterpart(
        topic="audio.pace",
        name="any, 10 s ahead",
        verdict="kept",
        text="As fast as audio is acknowledged.",
    ),
    Counterpart(
        topic="audio.acknowledgements",
        name="AudioAdded",
        verdict="adapted",
        text="For the client's own chunks, when they were sent on.",
    ),
    Counterpart(
        topic="audio.channels",
        name="AddChannelAudio",
        verdict="adapted",
        text="A far session for each channel, merged here.",
    ),
    Counterpart(
        topic="audio.sample_rate", name="audio_format.sample_rate", verdict="kept", text="Any rate."
    ),
    Counterpart(
        topic="settings.language",
        name="language",
        verdict="adapted",
        text="The same code; one that is unknown there is refused, with the list.",
    ),
    Counterpart(
        topic="settings.model",
        name="model, operating_point",
        verdict="adapted",
        text="universal-streaming is standard, Universal-3 is enhanced; multi is heard by melia-1.",
    ),
    Counterpart(
        topic="settings.domain",
        name="domain",
        verdict="adapted",
        text="Passed on; medical-v1 is medical here.",
    ),
    Counterpart(
        topic="settings.output_locale",
        name="output_locale",
        verdict="dropped",
        text="Words are told as the far side writes them.",
    ),
    Counterpart(
        topic="settings.keyterms",
        name="additional_vocab[].content",
        verdict="adapted",
        text="At most 1000; further ones are dropped.",
    ),
    Counterpart(
        topic="settings.sounds_like",
        name="additional_vocab[].sounds_like",
        verdict="kept",
        text="The same.",
    ),
    Counterpart(
        topic="settings.partials", name="enable_partials", verdict="kept", text="The same."
    ),
    Counterpart(
        topic="settings.max_delay",
        name="max_delay, max_delay_mode",
        verdict="adapted",
        text="0.7 to 4 s; the mode is applied here.",
    ),
    Counterpart(
        topic="settings.silence",
        name="conversation_config.end_of_utterance_silence_trigger",
        verdict="adapted",
        text="At most 2 s.",
    ),
    Counterpart(
        topic="settings.no_endpointing",
        name="end_of_utterance_silence_trigger: 0",
        verdict="kept",
        text="The same.",
    ),
    Counterpart(
        topic="settings.turn_confidence",
        name=None,
        verdict="degraded",
        text="Only the longest silence is kept: turns never end sooner.",
    ),
    Counterpart(
        topic="settings.formatting",
        name="punctuation_overrides, enable_entities",
        verdict="adapted",
        text="Applied here, to the words of the far side.",
    ),
    Counterpart(
        topic="settings.disfluencies",
        name="transcript_filtering_config.remove_disfluencies",
        verdict="adapted",
        text="Applied here.",
    ),
    Counterpart(
        topic="settings.replacements",
        name="transcript_filtering_config.replacements",
        verdict="adapted",
        text="Applied here.",
    ),
    Counterpart(
        topic="settings.profanity",
        name="tags: profanity",
        verdict="adapted",
        text="Tagged here; what the far side masked stays masked.",
    ),
    Counterpart(
        topic="settings.redaction",
        name=None,
        verdict="adapted",
        text="Applied here, to what the client is told; the far side hears and writes it.",
    ),
    Counterpart(
        topic="settings.speakers",
        name="diarization, max_speakers",
        verdict="adapted",
        text="Its S1, S2 are A, B elsewhere, its UU is UNKNOWN; at least 2 can be asked for.",
    ),
    Counterpart(
        topic="settings.known_speakers",
        name="speakers, GetSpeakers",
        verdict="kept",
        text="Passed on; voice prints are good where they were made.",
    ),
    Counterpart(
        topic="settings.volume",
        name="audio_filtering_config.volume_threshold",
        verdict="kept",
        text="The same.",
    ),
    Counterpart(
        topic="settings.vad",
        name=None,
        verdict="dropped",
        text="This protocol has no threshold for it.",
    ),
    Counterpart(
        topic="settings.translation",
        name="translation_config",
        verdict="dropped",
        text="Nobody translates; the client is warned.",
    ),
    Counterpart(
        topic="settings.audio_events",
        name="audio_events_config",
        verdict="dropped",
        text="Nobody listens for them; the log says so.",
    ),
    Counterpart(
        topic="settings.prompt", name=None, verdict="dropped", text="This protocol has none."
    ),
    Counterpart(
        topic="settings.language_detection",
        name=None,
        verdict="dropped",
        text="This protocol has none in real time.",
    ),
    Counterpart(topic="settings.llm", name=None, verdict="dropped", text="This protocol has none."),
    Counterpart(topic="settings.webhooks", name=None, verdict="adapted", text="Posted here."),
    Counterpart(
        topic="messages.partial",
        name="AddPartialTranscript",
        verdict="adapted",
        text="The words behind the final ones.",
    ),
    Counterpart(
        topic="messages.final",
        name="AddTranscript",
        verdict="adapted",
        text="Each word once; where the far side makes words final by the turn, with its end.",
    ),
    Counterpart(
        topic="messages.turn_end",
        name="EndOfUtterance",
        verdict="adapted",
        text="One for one; one that the far side leaves out is told by our own endpointing.",
    ),
    Counterpart(
        topic="messages.punctuation",
        name="results[].type: punctuation",
        verdict="adapted",
        text="Parted from its word, an item with attaches_to and is_eos.",
    ),
    Counterpart(
        topic="messages.times",
        name="start_time, end_time",
        verdict="adapted",
        text="Seconds, from the first sample of the session.",
    ),
    Counterpart(
        topic="messages.confidence",
        name="alternatives[].confidence",
        verdict="adapted",
        text="Two decimals.",
    ),
    Counterpart(
        topic="messages.force",
        name="ForceEndOfUtterance",
        verdict="kept",
        text="The same, with its timestamp.",
    ),
    Counterpart(
        topic="messages.reconfigure",
        name="SetRecognitionConfig",
        verdict="adapted",
        text="Silence, delay, partials and loudness; the log names what stays.",
    ),
    Counterpart(
        topic="messages.finish",
        name="EndOfStream, EndOfTranscript",
        verdict="adapted",
        text="One for one; the length of the audio is our own count.",
    ),
    Counterpart(
        topic="messages.error",
        name="Error, 4001 4005 1003 1008 4013",
        verdict="adapted",
        text="By cause: credential, capacity, request, time-out, fault; in our words.",
    ),
    Counterpart(
        topic="messages.warnings",
        name="Warning, Info",
        verdict="dropped",
        text="Those of the far side are not passed on; the log names its warnings.",
    ),
)
