"""What becomes of other protocols' settings and messages on the way to this one.

The rows of the table in ``docs/mapping.md``, from this end; what is said here happens in the
gateway, in this dialect's client end, or in its server end.
"""

from crossfade.dialects.counterparts import Counterpart

COUNTERPARTS = (
    Counterpart(
        topic="connection.url",
        name="/v3/ws",
        verdict="adapted",
        text="Path and host of this protocol; the EU data zone is a region.",
    ),
    Counterpart(
        topic="connection.handshake",
        name="query string",
        verdict="adapted",
        text="The query of the upgrade request; audio waits for Begin.",
    ),
    Counterpart(
        topic="connection.key",
        name="Authorization: KEY",
        verdict="adapted",
        text="The operator's key for this server, without a scheme.",
    ),
    Counterpart(
        topic="connection.token",
        name="?token=, GET /v3/token",
        verdict="degraded",
        text="Minted for 1 to 600 s; a longer life is refused.",
    ),
    Counterpart(
        topic="connection.ping",
        name="WebSocket ping, KeepAlive",
        verdict="kept",
        text="Answered at both ends, whatever is behind.",
    ),
    Counterpart(
        topic="connection.session_id",
        name="Begin.id",
        verdict="adapted",
        text="Ours; that of the far session is in the log.",
    ),
    Counterpart(
        topic="connection.expires_at",
        name="Begin.expires_at",
        verdict="adapted",
        text="By our own limits.",
    ),
    Counterpart(
        topic="audio.pcm_s16le", name="encoding=pcm_s16le", verdict="kept", text="The same bytes."
    ),
    Counterpart(
        topic="audio.pcm_f32le",
        name=None,
        verdict="adapted",
        text="Converted to pcm_s16le, cut off at -1 and 1.",
    ),
    Counterpart(
        topic="audio.mulaw", name="encoding=pcm_mulaw", verdict="kept", text="The same bytes."
    ),
    Counterpart(
        topic="audio.file",
        name=None,
        verdict="adapted",
        text="Decoded here and sent as 16-bit samples at 16 kHz.",
    ),
    Counterpart(
        topic="audio.compressed",
        name="encoding=opus, ogg_opus, aac",
        verdict="adapted",
        text="Decoded here and sent as 16-bit samples at 16 kHz.",
    ),
    Counterpart(
        topic="audio.chunks",
        name="audio frame, 50 to 1000 ms",
        verdict="adapted",
        text="Cut anew, to 50 ms; a shorter rest is filled with silence.",
    ),
    Counterpart(
        topic="audio.pace",
        name="real time only",
        verdict="adapted",
        text="Held back to real time; the sender is slowed down, nothing is stored.",
    ),
    Counterpart(
        topic="audio.acknowledgements", name=None, verdict="dropped", text="This protocol has none."
    ),
    Counterpart(
        topic="audio.channels",
        name=None,
        verdict="adapted",
        text="A far session for each channel, merged here.",
    ),
    Counterpart(
        topic="audio.sample_rate",
        name="sample_rate",
        verdict="kept",
        text="From 8000 to 96000 Hz; others are refused.",
    ),
    Counterpart(
        topic="settings.language",
        name="language_codes",
        verdict="adapted",
        text="The same code, or a model that finds out which of six languages it is; others are "
        "refused, with the list.",
    ),
    Counterpart(
        topic="settings.model",
        name="speech_model",
        verdict="adapted",
        text="standard is universal-streaming-english or -multilingual, enhanced is u3-rt-pro. A "
        "rule for turns that one family alone has decides first, the operator's URL before all.",
    ),
    Counterpart(
        topic="settings.domain",
        name="domain",
        verdict="adapted",
        text="medical is medical-v1; others are dropped.",
    ),
    Counterpart(
        topic="settings.output_locale",
        name=None,
        verdict="dropped",
        text="This protocol has no such setting.",
    ),
    Counterpart(
        topic="settings.keyterms",
        name="keyterms_prompt",
        verdict="adapted",
        text="At most 100 of 50 characters; further and longer ones are dropped.",
    ),
    Counterpart(
        topic="settings.sounds_like",
        name=None,
        verdict="dropped",
        text="This protocol has none; the terms themselves are kept.",
    ),
    Counterpart(
        topic="settings.partials", name="include_partial_turns", verdict="kept", text="The same."
    ),
    Counterpart(
        topic="settings.max_delay",
        name=None,
        verdict="degraded",
        text="Words are final when their turn ends, however long that takes.",
    ),
    Counterpart(
        topic="settings.silence",
        name="min_turn_silence, max_turn_silence",
        verdict="adapted",
        text="Both are set to it, within the limits of this protocol.",
    ),
    Counterpart(
        topic="settings.no_endpointing",
        name=None,
        verdict="adapted",
        text="They end all the same, after max_delay of silence at the latest; joined here.",
    ),
    Counterpart(
        topic="settings.turn_confidence",
        name="end_of_turn_confidence_threshold, mode",
        verdict="kept",
        text="The same.",
    ),
    Counterpart(
        topic="settings.formatting",
        name="format_turns",
        verdict="adapted",
        text="Asked for always; applied here for the client.",
    ),
    Counterpart(
        topic="settings.disfluencies",
        name=None,
        verdict="adapted",
        text="Applied here; the far side may write fewer of them already.",
    ),
    Counterpart(topic="settings.replacements", name=None, verdict="adapted", text="Applied here."),
    Counterpart(
        topic="settings.profanity", name="filter_profanity", verdict="adapted", text="Masked here."
    ),
    Counterpart(
        topic="settings.redaction",
        name="redact_pii",
        verdict="adapted",
        text="Applied here, to what the client is told; the far side hears and writes it.",
    ),
    Counterpart(
        topic="settings.speakers",
        name="speaker_labels, max_speakers",
        verdict="adapted",
        text="Its A, B are our S1, S2; at most 10 can be asked for, the sensitivity is dropped.",
    ),
    Counterpart(
        topic="settings.known_speakers",
        name=None,
        verdict="dropped",
        text="GetSpeakers is answered with an empty result.",
    ),
    Counterpart(
        topic="settings.volume",
        name=None,
        verdict="dropped",
        text="Words have no volume, and quiet audio is heard.",
    ),
    Counterpart(topic="settings.vad", name="vad_threshold", verdict="kept", text="The same."),
    Counterpart(
        topic="settings.translation", name=None, verdict="dropped", text="This protocol has none."
    ),
    Counterpart(
        topic="settings.audio_events", name=None, verdict="dropped", text="This protocol has none."
    ),
    Counterpart(
        topic="settings.prompt",
        name="prompt, agent_context",
        verdict="dropped",
        text="No prompt is passed on.",
    ),
    Counterpart(
        topic="settings.language_detection",
        name="language_detection",
        verdict="dropped",
        text="Not passed on; the language is the one that was asked for.",
    ),
    Counterpart(
        topic="settings.llm",
        name="llm_gateway",
        verdict="dropped",
        text="Not passed on; the log says so.",
    ),
    Counterpart(
        topic="settings.webhooks", name="webhook_url", verdict="adapted", text="Posted here."
    ),
    Counterpart(
        topic="messages.partial",
        name="Turn, end_of_turn: false",
        verdict="adapted",
        text="The whole turn so far: its finals come first.",
    ),
    Counterpart(
        topic="messages.final",
        name="Turn, word_is_final",
        verdict="adapted",
        text="Final words of a turn, or with its end.",
    ),
    Counterpart(
        topic="messages.turn_end",
        name="Turn, end_of_turn: true",
        verdict="adapted",
        text="One for one; one that the far side leaves out is told by our own endpointing.",
    ),
    Counterpart(
        topic="messages.punctuation",
        name="words[].text",
        verdict="adapted",
        text="Joined to its word.",
    ),
    Counterpart(
        topic="messages.times",
        name="start, end",
        verdict="adapted",
        text="Milliseconds, from the first sample of the session.",
    ),
    Counterpart(
        topic="messages.confidence",
        name="words[].confidence",
        verdict="adapted",
        text="Six decimals.",
    ),
    Counterpart(
        topic="messages.force",
        name="ForceEndpoint",
        verdict="degraded",
        text="At the audio sent so far, the timestamp is dropped; an empty one is answered here.",
    ),
    Counterpart(
        topic="messages.reconfigure",
        name="UpdateConfiguration",
        verdict="adapted",
        text="Silences, words to expect and the speech threshold; the log names what stays.",
    ),
    Counterpart(
        topic="messages.finish",
        name="Terminate, Termination",
        verdict="adapted",
        text="One for one; the length of the audio is our own count.",
    ),
    Counterpart(
        topic="messages.error",
        name="Error, 1008 3009 3006 3008 3005",
        verdict="adapted",
        text="By cause: credential, capacity, request, time-out, fault; in our words.",
    ),
    Counterpart(
        topic="messages.warnings",
        name="Warning",
        verdict="dropped",
        text="Those of the far side are not passed on; the log names its warnings.",
    ),
)
