"""What clients want posted: where to, how often, and never where it must not go."""

import asyncio
import ssl
from contextlib import asynccontextmanager

import pytest

import certificates
from crossfade.dialects.base import Webhook
from crossfade.errors import ConfigError
from crossfade.server.limits import Slots
from crossfade.server.metrics import Metrics
from crossfade.server.webhooks import ATTEMPTS, WebhookPolicy, Webhooks, is_public
from plain_client import hear_all, talk


class Receiver:
    """An HTTP server of one port: notes what comes, answers what it is told to."""

    def __init__(self, *statuses: int, silent: bool = False) -> None:
        self.statuses = list(statuses)
        self.silent = silent
        self.heard: list[tuple[list[str], bytes]] = []
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")[:-2]
        length = next(int(h.split(":")[1]) for h in head if h.lower().startswith("content-length"))
        self.heard.append((head, await reader.readexactly(length)))
        if self.silent:
            await reader.read()  # until the other side gives up
            writer.close()
            return
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        writer.write(
            f"HTTP/1.1 {status} X\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n".encode()
        )
        await writer.drain()
        writer.close()

    def header(self, name: str, at: int = 0) -> str | None:
        lines = (line.split(": ", 1) for line in self.heard[at][0][1:])
        return next((value for key, value in lines if key.lower() == name), None)


@asynccontextmanager
async def receiving(*statuses: int, silent: bool = False, tls: ssl.SSLContext | None = None):
    receiver = Receiver(*statuses, silent=silent)
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0, ssl=tls)
    receiver.port = server.sockets[0].getsockname()[1]
    async with server:
        yield receiver


class Posting:
    """Webhooks at work, with pauses that take no time."""

    def __init__(self, *hosts: str, addresses=("127.0.0.1",), **options) -> None:
        self.pauses: list[float] = []
        self.resolved: list[tuple[str, int]] = []
        self.metrics = Metrics(Slots())

        async def pause(seconds: float) -> None:
            self.pauses.append(seconds)

        async def resolve(host: str, port: int):
            self.resolved.append((host, port))
            return addresses

        self.webhooks = Webhooks(
            WebhookPolicy(hosts), self.metrics, resolve=resolve, sleep=pause, **options
        )

    async def post(self, url: str, *, body=b'{"a": 1}', headers=None) -> str:
        """Post, wait for the end of it, and tell the outcome."""
        running = asyncio.ensure_future(self.webhooks.run())
        await asyncio.sleep(0)
        self.webhooks.post(Webhook(url=url, body=body, headers=headers or {}), session_id="s1")
        async with asyncio.timeout(10):
            await self.webhooks.drain()
        running.cancel()
        await asyncio.wait([running])
        (outcome,) = [
            sample.labels["outcome"]
            for metric in self.metrics.webhooks.collect()
            for sample in metric.samples
            if sample.name.endswith("_total") and sample.value
        ]
        return outcome


# Where to -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hosts", "url", "allowed"),
    [
        ([], "https://example.com/x", False),
        (["example.com"], "https://example.com/x?y=z", True),
        (["example.com"], "https://EXAMPLE.com:8443/", True),
        (["example.com"], "https://a.example.com/", False),
        (["example.com"], "https://notexample.com/", False),
        (["example.com"], "https://example.com.evil.net/", False),
        (["example.com"], "https://example.com@evil.net/", False),
        (["example.com"], "http://example.com/", False),
        (["*.example.com"], "https://a.b.example.com/", True),
        (["*.example.com"], "https://example.com/", False),
        (["*.example.com"], "https://evilexample.com/", False),
        (["*"], "https://anything.net/", True),
        (["*"], "http://anything.net/", False),
        (["http://10.0.0.5:8080"], "http://10.0.0.5:8080/hook", True),
        (["http://10.0.0.5:8080"], "http://10.0.0.5/hook", False),
        (["http://10.0.0.5:8080"], "https://10.0.0.5:8080/hook", False),
        (["https://hooks.internal"], "https://hooks.internal:443/", True),
        (["*"], "ftp://example.com/", False),
        (["*"], "https:///nowhere", False),
        (["*"], "file:///etc/passwd", False),
        (["*"], "not a url", False),
        (["*"], "https://[::1", False),
    ],
)
async def test_only_hosts_of_the_operators_list_are_called(hosts, url, allowed):
    posting = Posting(*hosts, addresses=())
    outcome = await posting.post(url)
    assert (outcome != "refused" or bool(posting.resolved)) == allowed


@pytest.mark.parametrize(
    "entry", ["", "a/b", "example.com:443", "a*b", "*example.com", "a@b", "ftp://a", "http://a/b",
              "https://*.a.com", "https://"],
)  # fmt: skip
def test_an_entry_that_names_no_host_is_said_at_the_start(entry):
    with pytest.raises(ConfigError) as wrong:
        WebhookPolicy([entry])
    assert wrong.value.field == "webhook_hosts"


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True), ("8.8.8.8", True), ("2606:4700::1111", True),
        ("127.0.0.1", False), ("127.8.8.8", False), ("0.0.0.0", False), ("10.1.2.3", False),
        ("172.16.0.1", False), ("192.168.1.1", False), ("169.254.169.254", False),
        ("100.64.0.1", False), ("224.0.0.1", False), ("255.255.255.255", False),
        ("240.0.0.1", False), ("192.0.2.1", False), ("198.18.0.1", False),
        ("::1", False), ("::", False), ("fe80::1", False), ("fe80::1%eth0", False),
        ("fc00::1", False), ("fd12::1", False), ("ff02::1", False), ("fec0::1", False),
        ("::ffff:127.0.0.1", False), ("::ffff:8.8.8.8", True), ("::127.0.0.1", False),
        ("2002:7f00:1::", False), ("2002:0808:0808::", True), ("64:ff9b::7f00:1", False),
        ("64:ff9b::808:808", True), ("2001:0:4136:e378:8000:63bf:80ff:fffe", False),
    ],
)  # fmt: skip
def test_public_is_what_belongs_to_no_network_behind_us(address, public):
    assert is_public(address) == public


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1"])
async def test_a_name_that_leads_into_a_private_network_is_refused(address):
    posting = Posting("*", addresses=(address,))
    assert await posting.post("https://example.com/") == "refused"
    assert posting.pauses == []


async def test_of_several_addresses_the_first_public_one_is_called():
    posting = Posting("*", addresses=("10.0.0.1", "192.0.2.1"))  # neither is
    assert await posting.post("https://example.com/") == "refused"


async def test_an_address_in_the_url_itself_is_judged_too():
    webhooks = Posting("*")
    webhooks.webhooks = Webhooks(WebhookPolicy(["*"]), webhooks.metrics)  # the system's resolver
    assert await webhooks.post("https://127.1/") == "refused"


async def test_the_connection_goes_to_the_address_that_was_judged():
    """The name is resolved once an attempt, and never again on the way."""
    async with receiving(204) as receiver:
        posting = Posting(f"http://no.such.host.invalid:{receiver.port}")
        url = f"http://no.such.host.invalid:{receiver.port}/hook?x=1"
        assert await posting.post(url, headers={"X-Auth": "word"}) == "delivered"
        assert posting.resolved == [("no.such.host.invalid", receiver.port)]
    assert receiver.heard[0][0][0] == "POST /hook?x=1 HTTP/1.1"
    assert receiver.heard[0][1] == b'{"a": 1}'
    assert receiver.header("host") == f"no.such.host.invalid:{receiver.port}"
    assert receiver.header("x-auth") == "word"
    assert receiver.header("content-type") == "application/json"


# How often ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("statuses", "outcome", "attempts"),
    [
        pytest.param([200], "delivered", 1, id="delivered"),
        pytest.param([503, 500, 204], "delivered", 3, id="at-last"),
        pytest.param([500], "failed", ATTEMPTS, id="never"),
        pytest.param([404], "failed", 1, id="4xx-will-not-change"),
        pytest.param([500, 410], "failed", 2, id="4xx-later"),
        pytest.param([302], "failed", ATTEMPTS, id="redirects-are-not-followed"),
    ],
)
async def test_attempts(statuses, outcome, attempts):
    async with receiving(*statuses) as receiver:
        posting = Posting(f"http://127.0.0.1:{receiver.port}")
        assert await posting.post(f"http://127.0.0.1:{receiver.port}/") == outcome
    assert len(receiver.heard) == attempts
    assert all("elsewhere" not in head[0] for head, _ in receiver.heard)
    assert posting.pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60][: attempts - 1]


async def test_a_host_that_cannot_be_found_may_be_found_later():
    posting = Posting("http://nowhere.invalid")

    async def resolve(host, port):
        raise OSError("no such host")

    posting.webhooks._resolve = resolve
    assert await posting.post("http://nowhere.invalid/") == "failed"
    assert len(posting.pauses) == ATTEMPTS - 1


async def test_a_receiver_that_does_not_answer_is_not_waited_for(monkeypatch):
    monkeypatch.setattr("crossfade.server.webhooks.ATTEMPT_S", 0.3)
    monkeypatch.setattr("crossfade.server.webhooks.ATTEMPTS", 2)
    async with receiving(200, silent=True) as receiver:
        posting = Posting(f"http://127.0.0.1:{receiver.port}")
        assert await posting.post(f"http://127.0.0.1:{receiver.port}/") == "failed"
    assert receiver.heard


@pytest.mark.parametrize(
    "headers", [{"x\r\ny": "z"}, {"x": "y\r\nz: w"}, {"": "x"}, {"x y": "z"}, {"x": "\ud800"}]
)
async def test_headers_that_no_request_can_have_fail_at_once(headers):
    async with receiving(200) as receiver:
        posting = Posting(f"http://127.0.0.1:{receiver.port}")
        assert await posting.post(f"http://127.0.0.1:{receiver.port}/", headers=headers) == "failed"
    assert receiver.heard == []


async def test_headers_of_the_connection_are_not_the_clients_to_choose():
    async with receiving(200) as receiver:
        posting = Posting(f"http://127.0.0.1:{receiver.port}")
        theirs = {"Host": "evil", "Content-Length": "999", "Transfer-Encoding": "chunked"}
        outcome = await posting.post(f"http://127.0.0.1:{receiver.port}/", headers=theirs)
    assert outcome == "delivered"
    assert receiver.header("host") == f"127.0.0.1:{receiver.port}"
    assert receiver.header("content-length") == "8"


# Bounds and the end ---------------------------------------------------------------------------


async def test_there_is_a_bound_on_what_waits(monkeypatch):
    monkeypatch.setattr("crossfade.server.webhooks._PENDING_BYTES", 100)
    posting = Posting("*")
    assert await posting.post("https://example.com/", body=bytes(101)) == "dropped"


async def test_before_and_after_it_runs_nothing_is_taken():
    posting = Posting("*")
    posting.webhooks.post(Webhook(url="https://example.com/", body=b""), session_id="s1")
    async with asyncio.timeout(1):
        await posting.webhooks.drain()
    assert b'outcome="dropped"} 1.0' in posting.metrics.text()


async def test_logs_say_which_host_and_nothing_else(caplog):
    caplog.set_level("INFO", logger="crossfade.server")
    async with receiving(401) as receiver:
        posting = Posting(f"http://127.0.0.1:{receiver.port}")
        url = f"http://canary:canary@127.0.0.1:{receiver.port}/canary?canary"
        await posting.post(url, body=b"canary", headers={"x-canary": "canary"})
    assert "webhook failed: 127.0.0.1" in caplog.text
    assert "canary" not in "".join(
        record.getMessage() for record in caplog.records if record.name == "crossfade.server"
    )


async def test_a_session_posts_when_it_is_over_and_a_server_that_stops_waits_for_it(serve):
    async with receiving(500, 200) as receiver:
        hook = f"http://127.0.0.1:{receiver.port}/hook"
        async with serve(webhook_hosts=(f"http://127.0.0.1:{receiver.port}",)) as server:
            async with talk(server, f"/plain?start=now&webhook={hook}") as socket:
                await socket.send("nonsense")  # however it ends
                assert (await hear_all(socket))[-1]["type"] == "error"
            await server.drain(10)
            assert len(receiver.heard) == 2


async def test_without_hosts_nothing_is_posted(serve):
    async with receiving(200) as receiver:
        hook = f"http://127.0.0.1:{receiver.port}/hook"
        async with serve() as server:
            async with talk(server, f"/plain?start=now&webhook={hook}") as socket:
                await socket.send("finish")
                await hear_all(socket)
            await server.drain(5)
        assert receiver.heard == []


async def test_a_server_that_stops_does_not_wait_for_ever(serve):
    async with receiving(200, silent=True) as receiver:
        hook = f"http://127.0.0.1:{receiver.port}/hook"
        hosts = (f"http://127.0.0.1:{receiver.port}",)
        async with serve(webhook_hosts=hosts, patience={"parting_s": 0.1}) as server:
            async with talk(server, f"/plain?start=now&webhook={hook}") as socket:
                await socket.send("finish")
                await hear_all(socket)
            async with asyncio.timeout(5):
                await server.drain(0.3)


@pytest.mark.parametrize(("name", "outcome"), [("localhost", "delivered"), ("other", "failed")])
async def test_the_certificate_has_to_be_that_of_the_name(tmp_path, name, outcome):
    made = certificates.make(tmp_path)
    server_side = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server_side.load_cert_chain(made.chain, made.key)
    trust = ssl.create_default_context(cafile=made.authority)
    async with receiving(200, tls=server_side) as receiver:
        posting = Posting(f"https://{name}:{receiver.port}", tls=trust)
        assert await posting.post(f"https://{name}:{receiver.port}/") == outcome
