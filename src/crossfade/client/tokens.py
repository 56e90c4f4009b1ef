"""Temporary tokens: from the key that is good for ever to one that may be shown to a browser."""

import ssl

import httpx
import msgspec

from crossfade.client.refusals import advised_s, is_loopback, place
from crossfade.dialects.base import Dialect, HttpResponse
from crossfade.errors import ConfigError, UpstreamError

TIMEOUT_S = 10.0


async def mint(url: str, *, key: str, dialect: Dialect, ttl_s: int) -> str:
    """Exchange a key for a temporary token, at the vendor's own endpoint.

    Args:
        url: Where sessions are opened: ``ws://`` or ``wss://``.
        key: The long-lived key.
        dialect: Whose protocol it is.
        ttl_s: Seconds in which the token may be used to open sessions.

    Returns:
        What stands in the key's place.

    Raises:
        ConfigError: If this vendor has no tokens of that life; ``field`` is ``token``.
        UpstreamError: If the server cannot be reached or refuses.
    """
    shortest_s, longest_s = dialect.token_ttl_s
    if not shortest_s <= ttl_s <= longest_s:
        message = f"a token of {dialect.title} lives {shortest_s} to {longest_s} s"
        raise ConfigError(message, field="token")
    end = dialect.client()
    request = end.token_request(url, key=key, ttl_s=ttl_s)
    try:
        async with httpx.AsyncClient(
            timeout=TIMEOUT_S,
            trust_env=not is_loopback(request.url),
            verify=ssl.create_default_context(),  # the authorities that sessions trust too
        ) as client:
            answer = await client.request(
                request.method, request.url, headers=dict(request.headers), content=request.body
            )
    except httpx.HTTPError as error:
        # Not the library's sentence: it may hold the URL, and an URL may hold a key.
        where = place(request.url)
        message = f"no token from {where}: {type(error).__name__}"
        raise UpstreamError(message, cause="gone") from None
    try:
        return end.token_from(
            HttpResponse(status=answer.status_code, body=_document(answer.content))
        )
    except UpstreamError as error:
        error.retry_after_s = advised_s(answer.headers.get("Retry-After"))
        raise


def _document(body: bytes) -> dict[str, object]:
    try:
        return msgspec.json.decode(body, type=dict[str, object])
    except msgspec.MsgspecError:
        return {}
