"""What is asked of every server of this protocol, ours or another: its conformance cases.

schema                 one message: its fields and their types
session                how a case dials, plays speech, terminates
handshake, parameters  who comes in; what may stand in the query
messages               frames of the client, good and bad
turns, families        what is said in every family of models; what only one of them does
end                    what ends a turn, and what ends a session
"""

from crossfade.dialects.assemblyai.conformance import (
    end,
    families,
    handshake,
    messages,
    parameters,
    turns,
)

CASES = (
    *handshake.CASES,
    *parameters.CASES,
    *messages.CASES,
    *turns.CASES,
    *families.CASES,
    *end.CASES,
)
