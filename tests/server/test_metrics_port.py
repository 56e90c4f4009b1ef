"""Metrics at a port of their own: not where strangers are, and open when those fill the server."""

import httpx
import pytest

from crossfade.errors import ConfigError
from crossfade.server.limits import Bounds
from plain_client import hear, http_url, talk


def at(port: int, path: str) -> str:
    return f"http://127.0.0.1:{port}{path}"


async def test_metrics_are_where_clients_are_unless_they_have_a_port(serve):
    async with serve() as server, httpx.AsyncClient() as http:
        assert server.metrics_port is None
        assert (await http.get(http_url(server, "/metrics"))).status_code == 200


async def test_with_a_port_of_their_own_they_are_nowhere_else(serve):
    async with serve(metrics_port=0) as server, httpx.AsyncClient() as http:
        assert (await http.get(http_url(server, "/metrics"))).status_code == 404
        shown = await http.get(at(server.metrics_port, "/metrics"))
        assert "crossfade_slots_free" in shown.text
        for path in ("/healthz", "/readyz"):
            assert (await http.get(at(server.metrics_port, path))).status_code == 200
            assert (await http.get(http_url(server, path))).status_code == 200


async def test_there_is_nothing_else_at_that_port(serve):
    async with serve(metrics_port=0) as server, httpx.AsyncClient() as http:
        for path in ("/", "/plain", "/plain/token", "/page/app.js"):
            assert (await http.get(at(server.metrics_port, path))).status_code == 404


async def test_who_watches_gets_in_when_clients_have_taken_every_connection(serve):
    bounds = Bounds(connections=1, connections_per_address=1)
    async with serve(metrics_port=0, bounds=bounds) as server, talk(server) as socket:
        await hear(socket, "session_started")
        async with httpx.AsyncClient() as http:
            with pytest.raises(httpx.TransportError):
                await http.get(http_url(server, "/healthz"))
            shown = await http.get(at(server.metrics_port, "/metrics"))
            assert 'crossfade_turned_away_total{cause="connections"} 1.0' in shown.text


async def test_a_port_that_is_taken_leaves_no_other_open(serve):
    async with serve() as first:
        with pytest.raises(ConfigError) as taken:
            async with serve(metrics_port=first.port):
                pass
        assert taken.value.field == "port"
