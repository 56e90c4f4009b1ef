"""What becomes of other protocols' settings and messages on the way to this one.

The rows of the table in ``docs/mapping.md``, from this end; what is said here happens in the
gateway, in this dialect's client end, or in its server end. A topic that has no row here is treated
as in the vendor's older protocol.
"""

from crossfade.dialects.counterparts import Counterpart
from crossfade.dialects.speechmatics.counterparts import COUNTERPARTS as OLDER

_OWN = (
    Counterpart(
        topic="connection.url",
        name="/v2/agent",
        verdict="adapted",
        text="Path and host of this protocol.",
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
        topic="audio.chunks",
        name="binary messages",
        verdict="adapted",
        text="Cut anew, to 50 ms.",
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
        topic="settings.model",
        name="model",
        verdict="adapted",
        text="The far side's usual one; here that is linden-1.",
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
        topic="settings.profanity",
        name=None,
        verdict="dropped",
        text="This protocol does not mark it; what the far side masked stays masked.",
    ),
    Counterpart(
        topic="settings.speakers",
        name="diarization, max_speakers",
        verdict="adapted",
        text="One of a segment: another speaker begins another; at least 2 can be asked for.",
    ),
    Counterpart(
        topic="settings.volume",
        name=None,
        verdict="dropped",
        text="This protocol does not tell.",
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
        topic="settings.language_detection",
        name=None,
        verdict="dropped",
        text="This protocol has none.",
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
        topic="messages.error",
        name="Error, 4001 1003 1008 4013; 1012 and 1013 without",
        verdict="adapted",
        text="By cause: credential, request, time-out, fault, in our words; no room and no "
        "server are a close frame alone.",
    ),
)

COUNTERPARTS = tuple({row.topic: row for row in (*OLDER, *_OWN)}.values())
