"""The gateway: a vendor's server, or any that speaks one of our dialects, as a recognizer.

    client ──▶ ServerDialect ──Command──▶ UpstreamStream ──▶ client.Session ──▶ the far side
    client ◀── ServerDialect ◀──Event──── FarTurns       ◀── (ClientDialect) ◀── (a vendor)

backend     whom to reach: dialect, URL, key
upstream    the recognizer and its streams
fitting     what a session asks for, cut to what the far dialect can carry
turns       what the far side reports, in the order that recognizers promise
speakers    questions about speakers, which not every far side answers
complaints  what went wrong there, said without its words
failover    several recognizers in order; relay: a session that moves on when one fails
mapping     what becomes of every setting and message between two dialects

It stands above the client, whose sessions it drives, and below the server, which knows it as a
``Recognizer`` only.
"""

from crossfade.gateway.backend import Backend
from crossfade.gateway.upstream import UpstreamRecognizer

__all__ = ["Backend", "UpstreamRecognizer"]
