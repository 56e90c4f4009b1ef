"""What a server tells of itself: its metrics, read as a monitoring system reads them."""

from collections.abc import Collection
from urllib.parse import urlsplit

import httpx
from prometheus_client.parser import text_string_to_metric_families

from crossfade.client.refusals import is_loopback
from crossfade.errors import CrossfadeError


async def scrape(url: str, names: Collection[str]) -> dict[str, float]:
    """Read some samples, each summed over its labels, over a connection of its own.

    Args:
        url: Of the server's WebSockets.
        names: The samples wanted; one that is not told is 0.0.

    Raises:
        CrossfadeError: If the server shows no metrics.
    """
    place = metrics_url(url)
    try:
        async with httpx.AsyncClient(
            verify=False,  # measured, not trusted
            trust_env=not is_loopback(place),
        ) as http:
            text = (await http.get(place)).raise_for_status().text
    except httpx.HTTPError as exc:
        raise CrossfadeError(f"no metrics at {place}") from exc
    samples = dict.fromkeys(names, 0.0)
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.name in samples:
                samples[sample.name] += sample.value
    return samples


def metrics_url(url: str) -> str:
    """Where a server's metrics are, by the address of its WebSockets."""
    parts = urlsplit(url)
    return f"{parts.scheme.replace('ws', 'http', 1)}://{parts.netloc}/metrics"
