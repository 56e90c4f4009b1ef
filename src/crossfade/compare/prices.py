"""What a side costs, by its price and what it was seen to use."""

from msgspec import Struct

S_PER_HOUR = 3600


class Price(Struct, frozen=True, kw_only=True):
    """Both kinds add up; most prices have only one."""

    per_audio_hour: float
    per_session_hour: float
    currency: str
    source: str
    """Who says so."""
    date: str
    """When it was so; empty where nobody said."""
    what: str = ""
    """Which plan or model it is of."""


class Cost(Struct, frozen=True, kw_only=True):
    """What this audio cost, or would have."""

    currency: str
    total: float
    per_audio_hour: float
    """By what these sessions took: short recordings cost more where a session's time is paid."""
    per_session_hour: float


def cost(price: Price, *, audio_s: float, session_s: float) -> Cost | None:
    """Work out the cost; ``None`` where nothing was heard.

    Args:
        price: Of an hour.
        audio_s: Audio that was sent.
        session_s: How long sessions were open, all together.
    """
    if audio_s <= 0 or session_s <= 0:
        return None
    total = (price.per_audio_hour * audio_s + price.per_session_hour * session_s) / S_PER_HOUR
    return Cost(
        currency=price.currency,
        total=round(total, 6),
        per_audio_hour=round(total / audio_s * S_PER_HOUR, 4),
        per_session_hour=round(total / session_s * S_PER_HOUR, 4),
    )
