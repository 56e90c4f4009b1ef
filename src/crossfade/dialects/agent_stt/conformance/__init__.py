"""What is asked of every server of this protocol, ours or another: its conformance cases.

schema                  one message: its fields and their types
session                 how a case dials, starts, plays speech, ends
handshake, start        who comes in; what opens a session
audio                   formats and acknowledgements
segments, turns         what is said, and when a turn begins and ends
end                     how sessions end, and what is asked for in mid-session
"""

from crossfade.dialects.agent_stt.conformance import audio, end, handshake, segments, start, turns

CASES = (
    *handshake.CASES,
    *start.CASES,
    *audio.CASES,
    *segments.CASES,
    *turns.CASES,
    *end.CASES,
)
