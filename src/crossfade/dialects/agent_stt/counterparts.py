"""What becomes of other protocols' settings and messages on the way to this one.

The rows of the table in ``docs/mapping.md``, from this end; what is said here happens in the
gateway, in this dialect's client end, or in its server end.
"""

from crossfade.dialects.counterparts import Counterpart

COUNTERPARTS = (
    Counterpart(
        topic="connection.url",
        name="/v2/agent",
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
    Counterpart(
        topic="audio.pcm_s16le",
        name="pcm_s16le",
        verdict="kept",
        text="The same bytes, at 8 or 16 kHz.",
    ),
    Counterpart(
        topic="audio.pcm_f32le",
        name="pcm_f32le",
        verdict="kept",
        text="The same bytes, at 8 or 16 kHz.",
    ),
    Counterpart(
        topic="audio.mulaw",
        name=None,
        verdict="adapted",
        text="Decoded here and sent as 16-bit samples at 16 kHz.",
    ),
    Counterpart(
        topic="audio.file",
        name=None,
        verdict="adapted",
        text="Decoded here and sent as 16-bit samples at 16 kHz.",
    ),
    Counterpart(
        topic="audio.compressed",
        name=None,
        verdict="adapted",
        text="Decoded here and sent as 16-bit samples at 16 kHz.",
    ),
    Counterpart(
        topic="audio.chunks",
        name="binary messages",
        verdict="adapted",
        text="Cut anew, to 50 ms.",
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
        name=None,
        verdict="adapted",
        text="A far session for each channel, merged here.",
    ),
    Counterpart(
        topic="audio.sample_rate",
        name="audio_format.sample_rate",
        verdict="adapted",
        text="8000 and 16000 Hz; others are resampled to 16000.",
    ),
    Counterpart(
        topic="settings.language",
        name="language",
        verdict="adapted",
        text="The same code; one that is unknown there is refused, with the list.",
    ),
    Counterpart(
        topic="settings.model",
        name="model",
        verdict="adapted",
        text="The far side's usual one; here that is linden-1.",
    ),
    Counterpart(
        topic="settings.domain",
        name="domain",
        verdict="dropped",
        text="Nothing hears by domain yet.",
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
        topic="settings.partials",
        name="enable_partials",
        verdict="kept",
        text="The same.",
    ),
    Counterpart(
        topic="settings.max_delay",
        name=None,
        verdict="degraded",
        text="Words are final with their sentence or turn.",
    ),
    Counterpart(
        topic="settings.silence",
        name="turn_config.turn_detection_mode: vad",
        verdict="degraded",
        text="The server's own silence, about 0.5 s.",
    ),
    Counterpart(
        topic="settings.no_endpointing",
        name="turn_config.turn_detection_mode: external",
        verdict="kept",
        text="The same.",
    ),
    Counterpart(
        topic="settings.turn_confidence",
        name=None,
        verdict="degraded",
        text="Turns end after the server's own silence, about 0.5 s.",
    ),
    Counterpart(
        topic="settings.formatting",
        name=None,
        verdict="adapted",
        text="Applied here, to the words of the far side, which are punctuated.",
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
        name=None,
        verdict="dropped",
        text="This protocol does not mark it; what the far side masked stays masked.",
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
        text="One of a segment: another speaker begins another; at least 2 can be asked for.",
    ),
    Counterpart(
        topic="settings.known_speakers",
        name="speakers, GetSpeakers",
        verdict="kept",
        text="Passed on; voice prints are good where they were made.",
    ),
    Counterpart(
        topic="settings.volume",
        name=None,
        verdict="dropped",
        text="This protocol does not tell.",
    ),
    Counterpart(
        topic="settings.vad",
        name=None,
        verdict="dropped",
        text="This protocol has no threshold for it.",
    ),
    Counterpart(
        topic="settings.translation",
        name=None,
        verdict="dropped",
        text="This protocol has none.",
    ),
    Counterpart(
        topic="settings.audio_events",
        name=None,
        verdict="dropped",
        text="This protocol has none.",
    ),
    Counterpart(
        topic="settings.prompt",
        name=None,
        verdict="dropped",
        text="This protocol has none.",
    ),
    Counterpart(
        topic="settings.language_detection",
        name=None,
        verdict="dropped",
        text="This protocol has none.",
    ),
    Counterpart(
        topic="settings.llm",
        name=None,
        verdict="dropped",
        text="This protocol has none.",
    ),
    Counterpart(
        topic="settings.webhooks",
        name=None,
        verdict="adapted",
        text="Posted here.",
    ),
    Counterpart(
        topic="messages.partial",
        name="AddPartialSegment",
        verdict="adapted",
        text="Everything after the last segment, final words too.",
    ),
    Counterpart(
        topic="messages.final",
        name="AddSegment",
        verdict="degraded",
        text="Each word once, as text: with the end of its turn, a change of speakers or, on "
        "request, its sentence.",
    ),
    Counterpart(
        topic="messages.turn_end",
        name="EndOfTurn",
        verdict="adapted",
        text="One for one, where words were said.",
    ),
    Counterpart(
        topic="messages.punctuation",
        name="segment.transcript",
        verdict="adapted",
        text="Joined to its word, in the text.",
    ),
    Counterpart(
        topic="messages.times",
        name="start_time, end_time",
        verdict="degraded",
        text="Of a segment, not of its words, in seconds; read back, its words share its time.",
    ),
    Counterpart(
        topic="messages.confidence",
        name=None,
        verdict="dropped",
        text="This protocol does not tell; read back, every word is certain.",
    ),
    Counterpart(
        topic="messages.force",
        name="ForceEndOfUtterance",
        verdict="degraded",
        text="With its timestamp, where nothing else ends turns; elsewhere and in silence it "
        "is answered here.",
    ),
    Counterpart(
        topic="messages.reconfigure",
        name="SetRecognitionConfig",
        verdict="degraded",
        text="Partials; the log names what stays.",
    ),
    Counterpart(
        topic="messages.finish",
        name="EndOfStream, EndOfTranscript",
        verdict="adapted",
        text="One for one; the length of the audio is our own count.",
    ),
    Counterpart(
        topic="messages.error",
        name="Error, 4001 1003 1008 4013; 1012 and 1013 without",
        verdict="adapted",
        text="By cause: credential, request, time-out, fault, in our words; no room and no "
        "server are a close frame alone.",
    ),
    Counterpart(
        topic="messages.warnings",
        name="Warning, Info",
        verdict="dropped",
        text="Those of the far side are not passed on; the log names its warnings.",
    ),
)
