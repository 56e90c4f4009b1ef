"""Traces: a span a session, nothing private in it, and not a module loaded where nobody wants them.

Needs the extra: pip install 'crossfade[otel]'.
"""

import subprocess
import sys

import pytest

from crossfade.errors import ConfigError
from crossfade.recognizers.scripted import ScriptedRecognizer
from crossfade.server import tracing
from crossfade.server.keys import Keyring
from crossfade.server.run import Server, ServerConfig
from plain_client import hear, talk


def test_off_it_loads_nothing():
    program = (
        "import crossfade.server.run, sys; print([m for m in sys.modules if 'telemetry' in m])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_without_the_extra_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "opentelemetry.instrumentation.asgi", None)
    config = ServerConfig(data_dir=tmp_path, traces=True)
    with pytest.raises(ConfigError, match=r"crossfade\[otel\]"):
        Server(config, ScriptedRecognizer([]), Keyring(tmp_path / "keys.json"))


async def test_a_session_is_one_span_without_its_query(serve, monkeypatch):
    pytest.importorskip("opentelemetry.instrumentation.asgi", reason="the extra otel is not here")
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    spans = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(spans))
    monkeypatch.setattr(tracing, "_from_environment", lambda: provider)
    async with serve(traces=True) as server:
        path = "/plain?start=now&token=canary"
        async with talk(server, path, headers={"X-Secret": "canary"}) as socket:
            await hear(socket, "session_started")  # the query has reached the dialect
            await socket.send("finish")
            await hear(socket, "session_ended")
        await server.service.sessions.emptied()
    (span,) = spans.get_finished_spans()
    assert span.name.endswith("/plain")
    assert "canary" not in span.to_json()
