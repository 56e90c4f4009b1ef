"""``[prices.NAME]`` of the configuration file: what a backend costs, for ``crossfade compare``.

``NAME`` is a backend's, or a vendor's for all backends of that vendor. What stands here replaces
the list prices that dialects know.
"""

from collections.abc import Mapping

import msgspec
from msgspec import Struct


class PriceSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One section. Both kinds of price may be given; they add up."""

    per_audio_hour: float = 0.0
    per_session_hour: float = 0.0
    """Of every hour that a session is open, whatever is sent."""
    currency: str = "USD"
    source: str = "the settings"
    date: str = ""
    """When it was true, as the operator writes dates."""


def read_price(section: object) -> PriceSettings:
    """Check one section.

    Raises:
        ValueError: If it is not lawful; the sentence names the field.
    """
    if not isinstance(section, Mapping):
        raise ValueError("it must be a table")
    # TOML has dates of its own.
    plain = {name: str(value) if name == "date" else value for name, value in section.items()}
    try:
        read = msgspec.convert(plain, PriceSettings)
    except msgspec.ValidationError as error:
        text = str(error).replace("Object contains unknown field", "there is no setting")
        raise ValueError(text) from None
    # NaN is not at least 0 either.
    if not (read.per_audio_hour >= 0 and read.per_session_hour >= 0):
        raise ValueError("a price must be 0 or more")
    return read
