"""What is counted by address: connections, and wrong keys. Counting only, no sockets.

Every table here is bounded: strangers decide what is put into it.
"""

import hashlib
import secrets
import time
from collections import Counter, OrderedDict
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address, ip_network

WINDOW_S = 60.0

_IPV6_BITS = 64
"""Whoever has one IPv6 address has the 2^64 of its network (RFC 6177)."""

_MOST_ADDRESSES = 4096
_MOST_CHARS = 64
"""Of what a proxy calls an address and is none."""


def network_of(address: str) -> str:
    """Name whom an address stands for: itself, or for IPv6 its network of 64 bits.

    What is no address at all, the name of a Unix socket for example, stands for itself.
    """
    try:
        ip = ip_address(address.partition("%")[0])
    except ValueError:
        return address[:_MOST_CHARS]
    if not isinstance(ip, IPv6Address):
        return str(ip)
    if ip.ipv4_mapped is not None:
        return str(ip.ipv4_mapped)
    return str(ip_network((ip, _IPV6_BITS), strict=False))


class Crowd:
    """How many are here, in all and from each address."""

    def __init__(self, *, most: int, most_each: int) -> None:
        """Count from zero.

        Args:
            most: How many there may be at once.
            most_each: How many of them may have the same address.
        """
        self._most = most
        self._most_each = most_each
        self._by_network: Counter[str] = Counter()
        self.present = 0
        """How many are here."""

    def enter(self, address: str, *, is_trusted: bool = False) -> bool:
        """Be counted; ``False``: there is no room, and nothing was counted.

        Args:
            address: Whose.
            is_trusted: Only ``most`` counts: it is a proxy, which speaks for many.
        """
        network = network_of(address)
        if self.present >= self._most:
            return False
        if not is_trusted and self._by_network[network] >= self._most_each:
            return False
        self._by_network[network] += 1
        self.present += 1
        return True

    def leave(self, address: str) -> None:
        """Be counted no more, after an ``enter`` that was ``True``."""
        network = network_of(address)
        self.present -= 1
        self._by_network[network] -= 1
        if self._by_network[network] == 0:
            del self._by_network[network]


class Guesses:
    """Wrong keys: who shows too many different ones within a minute has to wait.

    Different ones: a program that shows the same wrong key again and again is misconfigured and
    guesses nothing. It must not lock out whoever shares its address.
    """

    def __init__(
        self,
        *,
        per_minute: int = 20,
        most_addresses: int = _MOST_ADDRESSES,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin with nobody under suspicion.

        Args:
            per_minute: Different wrong keys that an address may show; 0: any number.
            most_addresses: How many are remembered; beyond it, the one that was wrong the
                longest ago is forgotten.
            now: Seconds of some clock.
        """
        self._per_minute = per_minute
        self._most_addresses = most_addresses
        self._now = now
        self._salt = secrets.token_bytes(16)
        self._wrong: OrderedDict[str, dict[bytes, float]] = OrderedDict()

    def __len__(self) -> int:
        """How many addresses are remembered."""
        return len(self._wrong)

    def wait_s(self, address: str) -> float:
        """How long this address has to wait until it may try again; 0: not at all."""
        times = self._wrong.get(network_of(address))
        if times is None or len(times) < self._per_minute:
            return 0.0
        return max(0.0, min(times.values()) + WINDOW_S - self._now())

    def wrong(self, address: str, secret: str) -> None:
        """Note that an address showed a wrong key."""
        if self._per_minute == 0:
            return
        network = network_of(address)
        times = self._recent(self._wrong.pop(network, {}))
        # What was shown may be a right key of another service; nothing of it is kept.
        digest = hashlib.blake2b(
            secret.encode(errors="backslashreplace"), key=self._salt, digest_size=8
        ).digest()
        if len(times) < self._per_minute:  # more come where several requests are under way
            times.setdefault(digest, self._now())
        self._wrong[network] = times
        if len(self._wrong) > self._most_addresses:
            self._wrong.popitem(last=False)

    def _recent(self, times: dict[bytes, float]) -> dict[bytes, float]:
        since = self._now() - WINDOW_S
        return {digest: moment for digest, moment in times.items() if moment > since}
