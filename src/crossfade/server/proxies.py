"""Who speaks for others: proxies whose word about a client's address is believed."""

from collections.abc import Sequence
from ipaddress import ip_address, ip_network

from crossfade.errors import ConfigError


class Proxies:
    """The addresses and networks that an operator trusts. By default nobody.

    What such a proxy says, uvicorn reads from ``X-Forwarded-For``; a stranger's header is ignored,
    or anybody could pass for anybody.
    """

    def __init__(self, trusted: Sequence[str]) -> None:
        """Read them.

        Raises:
            ConfigError: If one is neither an address nor a network.
        """
        try:
            self._networks = [ip_network(item) for item in trusted]
        except ValueError as exc:
            raise ConfigError(f"a trusted proxy: {exc}", field="trusted_proxies") from exc

    def __contains__(self, address: str) -> bool:
        if not self._networks:
            return False
        try:
            ip = ip_address(address.partition("%")[0])
        except ValueError:
            return False
        return any(ip in network for network in self._networks)
