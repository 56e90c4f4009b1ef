"""The gateway: a vendor's server, or any that speaks one of our dialects, as a recognizer.

    client ──▶ ServerDialect ──Command──▶ UpstreamStream ──▶ client.Session ──▶ the far side
    client ◀── ServerDialect ◀──Event──── FarTurns       ◀── (ClientDialect) ◀── (a vendor)

backend      whom to reach: dialect, URL, key
upstream     the recognizer; upstream_stream: one session with the far side
fitting      what a session asks for, cut to what the far dialect can carry
turns        what the far side reports, in the order that recognizers promise
speakers     questions about speakers, which not every far side answers
complaints   what went wrong there, said without its words
failover     several recognizers in order; relay: a session that moves from one to the next
course       in which order, and when it is no use any more; place, breaker, losses: how each fares
stage, leg   who is listened to, and who will be next
relief       from one session with a backend to the next before it is too long; rollover: when
shadowing    a second backend that hears some sessions too; shadow_records: what is written then
mapping      what becomes of every setting and message between two dialects

It stands above the client, whose sessions it drives, and below the server, which knows it as a
``Recognizer`` only.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # for type checkers; at run time `__getattr__` below does it
    from crossfade.gateway.backend import Backend
    from crossfade.gateway.upstream import UpstreamRecognizer

__all__ = ["Backend", "UpstreamRecognizer"]


def __getattr__(name: str) -> Any:
    # Imported when first asked for: every server shows the mapping, few have somebody behind them,
    # and the client with its codecs takes 0.2 s.
    if name == "Backend":
        from crossfade.gateway.backend import Backend

        return Backend
    if name == "UpstreamRecognizer":
        from crossfade.gateway.upstream import UpstreamRecognizer

        return UpstreamRecognizer
    raise AttributeError(f"module 'crossfade.gateway' has no attribute {name!r}")
