"""HTTP posts that clients ask for, sent when their sessions are over.

A client names an address, and this server, which stands in other networks than the client does,
calls it. So nothing is posted unless the operator said to which hosts; a host's name is resolved
here, its address is judged, and the connection goes to that address and no other.
"""

import asyncio
import ipaddress
import logging
import socket
import ssl
from collections.abc import Awaitable, Callable, Sequence
from importlib.metadata import version
from typing import Literal

import httpx
from msgspec import Struct

from crossfade.dialects.base import Webhook
from crossfade.errors import ConfigError
from crossfade.server.metrics import Metrics

logger = logging.getLogger("crossfade.server")

ATTEMPTS = 10
ATTEMPT_S = 10.0
"""How long a receiver may take to answer."""

_FIRST_PAUSE_S = 1.0
_LONGEST_PAUSE_S = 60.0
"""Pauses double: the tenth attempt comes about four minutes after the first."""

_PENDING = 256
_PENDING_BYTES = 64 << 20
"""Posts that wait for an attempt; beyond that a new one is dropped, and counted."""
_CONNECTIONS = 16

_OURS = {"host", "content-length", "transfer-encoding", "connection", "user-agent"}
"""Headers that are not the client's to choose."""

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_UNICAST = ipaddress.ip_network("2000::/3")
_PORTS = {"http": 80, "https": 443}

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""From a host's name to its addresses."""

_Outcome = Literal["delivered", "failed", "refused", "dropped"]


class _Rule(Struct, frozen=True, kw_only=True):
    """One entry of the operator's list."""

    host: str
    """``*``: any; ``*.example.com``: all below it."""
    origin: tuple[str, int] | None = None
    """Scheme and port, where the entry names them: then any address of that host will do."""

    def matches(self, url: httpx.URL) -> bool:
        if self.origin is not None:
            return self.host == url.host and self.origin == (url.scheme, _port(url))
        if url.scheme != "https":
            return False
        if self.host.startswith("*."):
            return url.host.endswith(self.host[1:])
        return self.host in ("*", url.host)


class WebhookPolicy:
    """Which addresses may be called."""

    def __init__(self, hosts: Sequence[str]) -> None:
        """Read the operator's list; empty: none may.

        Args:
            hosts: ``example.com``, ``*.example.com`` or ``*`` allow https to public addresses;
                ``http://10.0.0.5:8080``, an origin, allows exactly that, wherever it points.

        Raises:
            ConfigError: If an entry is neither.
        """
        self._rules = tuple(map(_rule, hosts))

    def allows(self, url: httpx.URL) -> bool:
        """Whether this host may be called at all, at a public address."""
        return any(rule.matches(url) for rule in self._rules)

    def allows_address(self, url: httpx.URL, address: str) -> bool:
        """Whether it may be called at this address of its."""
        if any(rule.origin is not None and rule.matches(url) for rule in self._rules):
            return True
        return is_public(address)


class Webhooks:
    """Posts in the background, while ``run`` runs. A session hands its post over and leaves."""

    def __init__(
        self,
        policy: WebhookPolicy,
        metrics: Metrics,
        *,
        resolve: Resolve | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """Begin with nothing to post.

        Args:
            policy: Which addresses may be called.
            metrics: Counts outcomes.
            resolve: ``None``: the system's resolver.
            sleep: Waits between attempts, in seconds.
            tls: Which certificates are good; ``None``: those that the system trusts.
        """
        self._policy = policy
        self._posts = metrics.webhooks
        self._resolve = resolve or _resolve
        self._sleep = sleep
        self._tls = tls
        self._group: asyncio.TaskGroup | None = None
        self._free = asyncio.Semaphore(_CONNECTIONS)
        self._pending = 0
        self._pending_bytes = 0
        self._settled = asyncio.Event()
        self._settled.set()

    async def run(self) -> None:
        """Post until cancelled."""
        async with asyncio.TaskGroup() as self._group:
            await asyncio.get_running_loop().create_future()

    def post(self, webhook: Webhook, *, session_id: str) -> None:
        """Take a post over; never waits."""
        url = _url(webhook.url)
        host = url.host if url is not None else "an address that is none"
        if url is None or not self._policy.allows(url):
            self._end("refused", session_id, host)
        elif self._group is None or not self._has_room(webhook):
            self._end("dropped", session_id, host)
        else:
            self._settled.clear()
            self._pending += 1
            self._pending_bytes += len(webhook.body)
            self._group.create_task(self._deliver(webhook, url, session_id))

    async def drain(self) -> None:
        """Wait until nothing is left to post."""
        await self._settled.wait()

    def _has_room(self, webhook: Webhook) -> bool:
        n_bytes = self._pending_bytes + len(webhook.body)
        return self._pending < _PENDING and n_bytes <= _PENDING_BYTES

    def _end(self, outcome: _Outcome, session_id: str, host: str) -> None:
        # Never the whole address: some carry their secret in it.
        self._posts.labels(outcome).inc()
        logger.info("session %s webhook %s: %s", session_id, outcome, host)

    async def _deliver(self, webhook: Webhook, url: httpx.URL, session_id: str) -> None:
        try:
            self._end(await self._insist(webhook, url), session_id, url.host)
        except Exception:  # a bug with one post, and not the end of the others
            logger.exception("session %s webhook failed", session_id)
        finally:
            self._pending -= 1
            self._pending_bytes -= len(webhook.body)
            if self._pending == 0:
                self._settled.set()

    async def _insist(self, webhook: Webhook, url: httpx.URL) -> _Outcome:
        """Try until there is an answer that will not change."""
        for attempt in range(ATTEMPTS):
            if attempt:
                await self._sleep(min(_FIRST_PAUSE_S * 2 ** (attempt - 1), _LONGEST_PAUSE_S))
            try:
                async with self._free, asyncio.timeout(ATTEMPT_S):
                    status = await self._attempt(webhook, url)
            except _ForbiddenAddress:
                return "refused"
            except (httpx.LocalProtocolError, httpx.InvalidURL, UnicodeError, ValueError):
                return "failed"  # headers that no request can have
            except (httpx.HTTPError, OSError, TimeoutError):
                continue
            if 200 <= status < 300:
                return "delivered"
            if 400 <= status < 500:
                return "failed"
        return "failed"

    async def _attempt(self, webhook: Webhook, url: httpx.URL) -> int:
        """Post once; gives the status. Redirects are not followed."""
        address = await self._checked_address(url)
        headers = {name: value for name, value in webhook.headers.items() if _is_theirs(name)}
        ours = {
            "content-type": "application/json",
            "host": url.netloc.decode("ascii"),
            "user-agent": f"crossfade/{version('crossfade')}",
        }
        if self._tls is None:
            self._tls = await asyncio.to_thread(ssl.create_default_context)  # reads many files
        async with (
            # No proxy of the environment's: it would resolve the name once more.
            httpx.AsyncClient(verify=self._tls, trust_env=False) as client,
            client.stream(
                "POST",
                url.copy_with(host=address),
                content=webhook.body,
                headers=ours | headers,
                timeout=ATTEMPT_S,
                # The certificate has to be that of the name, not of the address.
                extensions={"sni_hostname": _host(url)},
            ) as response,
        ):
            return response.status_code  # nobody reads the body

    async def _checked_address(self, url: httpx.URL) -> str:
        for address in await self._resolve(_host(url), _port(url)):
            if self._policy.allows_address(url, address):
                return address
        raise _ForbiddenAddress


class _ForbiddenAddress(Exception):  # noqa: N818 (it never leaves this file)
    """The host is none that may be called from here."""


def is_public(address: str) -> bool:
    """Whether an address belongs to the internet, and to no network behind us.

    IPv4 addresses that are wrapped in IPv6 count as what they are.
    """
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo or (None, None))[1]
        if ip in _NAT64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
        return ip.is_global and ip in _UNICAST
    return ip.is_global and not ip.is_multicast


def _rule(entry: str) -> _Rule:
    text = entry.strip().lower()
    if "://" not in text:
        if not text or any(mark in text for mark in "/:@?#") or "*" in text.removeprefix("*"):
            raise _bad_entry(entry)
        if text != "*" and text.startswith("*") and not text.startswith("*."):
            raise _bad_entry(entry)
        return _Rule(host=text)
    url = _url(text)
    if url is None or url.path not in ("", "/") or url.query or "*" in url.host:
        raise _bad_entry(entry)
    return _Rule(host=url.host, origin=(url.scheme, _port(url)))


def _bad_entry(entry: str) -> ConfigError:
    return ConfigError(
        f"{entry!r} names no host for webhooks: expected example.com, *.example.com, * or an"
        " origin such as http://10.0.0.5:8080",
        field="webhook_hosts",
    )


def _url(text: str) -> httpx.URL | None:
    try:
        url = httpx.URL(text)
    except (httpx.InvalidURL, UnicodeError, ValueError):
        return None
    return url if url.scheme in _PORTS and url.host else None


def _port(url: httpx.URL) -> int:
    return url.port or _PORTS[url.scheme]


def _host(url: httpx.URL) -> str:
    return url.raw_host.decode("ascii")


def _is_theirs(name: str) -> bool:
    return name.lower() not in _OURS


async def _resolve(host: str, port: int) -> list[str]:
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]
