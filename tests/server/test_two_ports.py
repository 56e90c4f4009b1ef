"""One server at two ports: wss at one, ws at the other."""

import asyncio
import socket as sockets
import ssl

import httpx
import pytest

import certificates
from crossfade.errors import ConfigError
from crossfade.server.limits import Bounds
from crossfade.server.run import Server, ServerConfig
from plain_client import hear, hear_all, talk


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return certificates.make(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def trusting(made):
    return ssl.create_default_context(cafile=made.authority)


class Plain:
    """The same server, as its plain port shows it."""

    def __init__(self, server):
        self.url = server.plain_url


async def test_both_ports_lead_to_the_same_slots(serve, made, trusting):
    ports = {"certfile": made.chain, "keyfile": made.key, "plain_port": 0}
    async with serve(max_sessions=1, **ports) as server:
        assert server.url.startswith("wss://")
        assert server.plain_url.startswith("ws://")
        async with talk(server, ssl=trusting) as socket:
            await hear(socket, "session_started")
            async with talk(Plain(server)) as other:
                assert (await hear_all(other))[-1]["error"] == "CapacityError"
        async with asyncio.timeout(5):
            await server.service.sessions.emptied()
        async with talk(Plain(server)) as socket:
            assert await hear(socket, "session_started")
        async with httpx.AsyncClient() as client:
            ready = await client.get(server.plain_url.replace("ws", "http", 1) + "/healthz")
            assert ready.status_code == 200


async def test_both_ports_count_to_the_same_limit(serve, made, trusting):
    ports = {"certfile": made.chain, "keyfile": made.key, "plain_port": 0}
    async with (
        serve(bounds=Bounds(connections=1), **ports) as server,
        talk(server, ssl=trusting) as socket,
        httpx.AsyncClient() as client,
    ):
        await hear(socket, "session_started")
        with pytest.raises(httpx.TransportError):
            await client.get(server.plain_url.replace("ws", "http", 1) + "/healthz")


async def test_without_a_second_port_there_is_no_second_address(serve):
    async with serve() as server:
        assert server.plain_url is None


async def test_a_second_port_that_is_taken_gives_the_first_one_back(
    tmp_path, recognizer, keyring, made
):
    with sockets.create_server(("127.0.0.1", 0)) as taken, sockets.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        config = ServerConfig(
            data_dir=tmp_path,
            port=port,
            certfile=made.chain,
            keyfile=made.key,
            plain_port=taken.getsockname()[1],
        )
        server = Server(config, recognizer, keyring)
        with pytest.raises(ConfigError) as refused:
            await server.start()
        assert refused.value.field == "port"
        sockets.create_server(("127.0.0.1", port)).close()
        await server.aclose()
