"""Whom a gateway reaches: one vendor's server, and by what right."""

from dataclasses import dataclass, field

from crossfade.dialects.base import Dialect, Vendor
from crossfade.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class Backend:
    """One server that speaks one of our dialects."""

    name: str
    """As the operator calls it, in settings, keys, logs and errors."""
    dialect: Dialect
    url: str
    key: str | None = field(default=None, repr=False)
    """``None``: the server asks for none."""
    token_ttl_s: int | None = None
    """Show temporary credentials of this life instead of the key, one for each connection."""
    max_sessions: int | None = None
    """How many it may serve us at once; ``None``: it is not for us to say."""
    session_s: float | None = None
    """Longest session there; ``None``: as its vendor documents."""

    @property
    def longest_s(self) -> float | None:
        """How long a session there can be; ``None``: nobody knows."""
        return self.vendor.session_s if self.session_s is None else self.session_s

    @property
    def vendor(self) -> Vendor:
        """What servers of this kind are like.

        Raises:
            ConfigError: If nobody has written that down for the dialect.
        """
        if self.dialect.vendor is None:
            raise ConfigError(f"{self.dialect.title} is not known upstream", field="backend")
        return self.dialect.vendor


def vendor_url(dialect: Dialect, region: str | None) -> str:
    """Where the vendor itself opens sessions.

    Raises:
        ConfigError: If it has no servers, or none in that region; ``field`` is ``backend``.
    """
    urls = {} if dialect.vendor is None else dialect.vendor.urls
    url = next(iter(urls.values()), None) if region is None else urls.get(region)
    if url is None:
        known = ", ".join(urls) or "none"
        raise ConfigError(f"regions of {dialect.title}: {known}", field="backend")
    return url
