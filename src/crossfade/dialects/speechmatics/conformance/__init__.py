"""What is asked of every server of this protocol, ours or another: its conformance cases.

schema                  one message: its fields and their types
session                 how a case dials, starts, plays speech, ends
common                  what is asked in the vendor's newer protocol too
handshake, start        who comes in; what opens a session
audio                   formats, chunks, acknowledgements
transcripts, wishes     what is said; what is asked for in mid-session
end                     how sessions end, in order and otherwise
"""

from crossfade.dialects.speechmatics.conformance import (
    audio,
    end,
    handshake,
    start,
    transcripts,
    wishes,
)

CASES = (
    *handshake.CASES,
    *start.CASES,
    *audio.CASES,
    *transcripts.CASES,
    *wishes.CASES,
    *end.CASES,
)
