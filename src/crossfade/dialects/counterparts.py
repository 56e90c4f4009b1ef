"""What becomes of a protocol's settings and messages in another: the rows that a dialect gives."""

from typing import Literal

from msgspec import Struct

Verdict = Literal["kept", "adapted", "degraded", "dropped"]
"""What becomes of a wish: the same; the same by other means; less than was wished; nothing."""


class Counterpart(Struct, frozen=True, kw_only=True):
    """What one topic is called in a protocol, and what becomes of it on the way there.

    The way leads from any other protocol through the canonical model: what a client of another
    vendor asks for, or what a server of another vendor has to tell.
    """

    topic: str
    """The same in every dialect: ``settings.keyterms``."""
    name: str | None
    """The field or message, as the vendor spells it; ``None``: there is no such thing."""
    verdict: Verdict
    text: str
    """How it is adapted, or what is lost; one sentence."""
