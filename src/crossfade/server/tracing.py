"""Traces of requests and sessions, by OpenTelemetry's own instrumentation of ASGI applications.

Optional twice: the package is an extra, and without the setting it is not even imported. Where
traces go is said by OpenTelemetry's own variables, ``OTEL_EXPORTER_OTLP_ENDPOINT`` and the like.
"""

from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from crossfade.errors import ConfigError

_QUERY = "crossfade.query"


def traced(app: ASGIApp, *, provider: Any = None) -> ASGIApp:
    """Make a span of every request and every WebSocket, with its path, status and length.

    A query never becomes part of one: some clients show their keys there. Nor do frames: a span
    for each would cost more than the frame.

    Args:
        app: What to trace.
        provider: Takes the spans; ``None``: made from the environment.

    Raises:
        ConfigError: If the extra is not installed.
    """
    try:
        from opentelemetry.instrumentation.asgi import OpenTelemetryMiddleware
    except ImportError as exc:
        raise ConfigError(
            "traces need an extra: pip install 'crossfade[otel]'", field="traces"
        ) from exc
    middleware: ASGIApp = OpenTelemetryMiddleware(
        _with_query(app),
        exclude_spans=["receive", "send"],
        tracer_provider=provider or _from_environment(),
    )
    return _without_query(middleware)


def _from_environment() -> Any:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import SERVICE_NAME, Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    # OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES win: `create` lets them.
    provider = TracerProvider(resource=Resource.create({SERVICE_NAME: "crossfade"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider


def _without_query(app: ASGIApp) -> ASGIApp:
    async def outside(scope: Scope, receive: Receive, send: Send) -> None:
        if "query_string" in scope:
            scope = {**scope, _QUERY: scope["query_string"], "query_string": b""}
        await app(scope, receive, send)

    return outside


def _with_query(app: ASGIApp) -> ASGIApp:
    async def inside(scope: Scope, receive: Receive, send: Send) -> None:
        if _QUERY in scope:
            scope = {**scope, "query_string": scope[_QUERY]}
        await app(scope, receive, send)

    return inside
