"""The table: one field of ``Settings`` is one row. What a setting is good for, others know."""

from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

import platformdirs
from msgspec import NODEFAULT, Struct, field
from msgspec.structs import fields

from crossfade.settings.backends import BackendSettings
from crossfade.settings.prices import PriceSettings


class About(Struct, frozen=True):
    """What the annotation of a field says about its setting."""

    key: str | None
    """Its place in ``crossfade.toml``, ``section.name``; ``None``: it has none."""
    help: str
    """One or two sentences."""
    minimum: float | None = None
    maximum: float | None = None
    default_text: str | None = None
    """What to print as the default where the value itself would not do."""
    flag: str | None = None
    """``None``: made from the name."""
    env: str | None = None
    """``None``: made from the name."""
    secret: bool = False
    """The value is never repeated in a message."""


class Settings(Struct, frozen=True, kw_only=True):
    """Every setting with its value; without arguments, the defaults."""

    host: Annotated[
        str,
        About(
            "server.host",
            "Address to listen on. 0.0.0.0 listens on every network of this machine.",
        ),
    ] = "127.0.0.1"
    port: Annotated[
        int,
        About(
            "server.port",
            "Port to listen on. 0 takes a free one; the chosen port is printed.",
            minimum=0,
            maximum=65535,
        ),
    ] = 8765
    cert: Annotated[
        Path | None,
        About(
            "server.cert",
            "Certificate file (PEM, the chain included). With it the port speaks TLS only: "
            "`wss://` and `https://`.",
            default_text="none, plain `ws://`",
        ),
    ] = None
    key_file: Annotated[
        Path | None,
        About(
            "server.key_file",
            "Private key of the certificate (PEM), where it is in a file of its own.",
            default_text="the certificate's file",
        ),
    ] = None
    tls: Annotated[
        bool,
        About(
            "server.tls",
            "Speak TLS by a certificate of this machine's own, as `crossfade certs` makes it; "
            "where `--cert` names one, by that.",
        ),
    ] = False
    also_plain: Annotated[
        int | None,
        About(
            "server.also_plain",
            "With TLS: another port, without it. 0 takes a free one.",
            minimum=0,
            maximum=65535,
            default_text="none",
        ),
    ] = None
    metrics_port: Annotated[
        int | None,
        About(
            "server.metrics_port",
            "Another port for `/metrics`, without TLS, with `/healthz` and `/readyz`. The metrics "
            "are then not where clients are. 0 takes a free one.",
            minimum=0,
            maximum=65535,
            default_text="none, `/metrics` is where clients are",
        ),
    ] = None
    metrics_host: Annotated[
        str,
        About("server.metrics_host", "Address of that port."),
    ] = "127.0.0.1"
    traces: Annotated[
        bool,
        About(
            "server.traces",
            "Send OpenTelemetry traces, a span a request or session, without queries; where to is "
            "said by `OTEL_EXPORTER_OTLP_ENDPOINT`. Needs the extra `crossfade[otel]`.",
        ),
    ] = False
    trusted_proxies: Annotated[
        tuple[str, ...],
        About(
            "server.trusted_proxies",
            "Address or network of a proxy in front of this server, such as `10.0.0.0/8`: what it "
            "says about a client's address (`X-Forwarded-For`) is believed. Can be repeated; the "
            "variable takes several with commas.",
            default_text="none",
            flag="--trusted-proxy",
        ),
    ] = ()
    keys: Annotated[
        tuple[str, ...],
        About(
            None,
            "A key that clients may use during this run, besides those of `crossfade keys`. "
            "Can be repeated; the variable takes several with commas.",
            default_text="none",
            flag="--key",
            env="CROSSFADE_KEY",
            secret=True,
        ),
    ] = ()
    keys_file: Annotated[
        Path | None,
        About(
            "server.keys_file",
            "File of the keys, where it is not in the data folder: for many servers with the same "
            "keys.",
            default_text="`keys.json` in the data folder",
        ),
    ] = None
    token_secrets: Annotated[
        tuple[str, ...],
        About(
            None,
            "A secret that signs temporary credentials, the same for all servers that are to "
            "accept them. Can be repeated: the first signs, all are accepted; the variable takes "
            "several with commas.",
            default_text="the token secret file",
            flag="--token-secret",
            env="CROSSFADE_TOKEN_SECRET",
            secret=True,
        ),
    ] = ()
    token_secret_file: Annotated[
        Path | None,
        About(
            "server.token_secret_file",
            "File of such secrets, one a line.",
            default_text="`token-secret` in the data folder",
        ),
    ] = None
    auth: Annotated[
        bool,
        About("server.auth", "Ask every client for a key or token. --no-auth lets anybody in."),
    ] = True
    max_sessions: Annotated[
        int,
        About(
            "server.max_sessions",
            "Sessions at once; one more is refused in its dialect's own words. "
            "0: as many as this machine has slots for.",
            minimum=0,
        ),
    ] = 0
    backend: Annotated[
        tuple[str, ...],
        About(
            "route.default",
            "Who recognizes: `local` is the embedded model, `scripted` says the same few words "
            "whatever it hears (for trying out clients; needs no model), any other name is a "
            "section `[backends.NAME]` of the file. Can be repeated: when one fails, a session "
            "moves on to the next; the variable takes several with commas.",
            default_text="`local`",
        ),
    ] = ("local",)
    workers: Annotated[
        int,
        About(
            "server.workers",
            "Server processes behind the port, each with its own recognizer, slots and metrics; "
            "more than one for every 8 cores gains nothing. The sessions of `--max-sessions` are "
            "divided among them. The metrics of worker N, from 0, are at the metrics' port plus N.",
            minimum=1,
            maximum=256,
        ),
    ] = 1
    shadow_backend: Annotated[
        str | None,
        About(
            "shadow.backend",
            "Another backend that hears some of the sessions too. What it says is only recorded, "
            "in the folder `shadow` of the data folder, beside what the session's own said: words "
            "and lags. The sessions are told nothing of it.",
            default_text="none",
        ),
    ] = None
    shadow_percent: Annotated[
        float,
        About(
            "shadow.percent",
            "How many of 100 sessions it hears, chosen by chance.",
            minimum=0,
            maximum=100,
        ),
    ] = 1.0
    shadow_audio: Annotated[
        bool,
        About("shadow.audio", "Record the audio of these sessions too."),
    ] = False
    shadow_megabytes: Annotated[
        int,
        About(
            "shadow.megabytes",
            "Room for these records; the oldest make room for new ones.",
            minimum=1,
        ),
    ] = 500
    threads: Annotated[
        int,
        About(
            "server.threads",
            "Threads of the embedded recognizer, in each worker. 0: one for each core, divided "
            "among the workers.",
            minimum=0,
            maximum=1024,
        ),
    ] = 0
    data_dir: Annotated[
        Path,
        About(
            "server.data_dir",
            "Folder that holds the keys and the secret that signs temporary tokens.",
            default_text="the user's data folder, on Linux ~/.local/share/crossfade",
        ),
    ] = field(default_factory=lambda: Path(platformdirs.user_data_dir("crossfade")))
    model_dir: Annotated[
        Path | None,
        About(
            "server.model_dir",
            "Folder that holds the embedded recognizer's files, where it is not the usual place.",
            default_text="an installed model package, else the user's cache folder",
        ),
    ] = None
    log_format: Annotated[
        Literal["text", "json"],
        About("server.log_format", "How log lines look on stderr."),
    ] = "text"
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"],
        About(
            "server.log_level",
            "How much to log. `debug` shows frames, and with them words; the others never do.",
        ),
    ] = "info"
    record_dir: Annotated[
        Path | None,
        About(
            "server.record_dir",
            "Record every session into this folder, as a file that `crossfade emulate` plays: what "
            "both sides said and when, words included, keys and tokens not.",
            default_text="nothing is recorded",
            flag="--record",
        ),
    ] = None
    record_audio: Annotated[
        bool,
        About("server.record_audio", "Record the audio too, beside each of these files."),
    ] = False
    idle_s: Annotated[
        float,
        About(
            "limits.idle_s",
            "Seconds after which a session that sends nothing is ended, where its client "
            "does not choose.",
            minimum=1,
        ),
    ] = 3600.0
    session_s: Annotated[
        float | None,
        About(
            "limits.session_s",
            "Longest session in seconds.",
            minimum=1,
            default_text="as each vendor documents",
        ),
    ] = None
    audio_s: Annotated[
        float | None,
        About(
            "limits.audio_s",
            "Most seconds of audio that are recognized in one session, where its vendor has such a "
            "limit. What comes beyond is acknowledged only, and the session ends.",
            minimum=1,
            default_text="no limit",
        ),
    ] = None
    max_channels: Annotated[
        int,
        About(
            "limits.max_channels",
            "Most channels in one session. Each of them takes as much as a session, and a slot.",
            minimum=1,
        ),
    ] = 8
    webhook_hosts: Annotated[
        tuple[str, ...],
        About(
            "webhooks.hosts",
            "A host that clients may have their transcripts posted to: `example.com`, "
            "`*.example.com` or `*`, by https and never in a private network; or an origin such as "
            "`http://10.0.0.5:8080`, wherever it is. Can be repeated; the variable takes several "
            "with commas.",
            default_text="none",
            flag="--webhook-host",
        ),
    ] = ()
    drain_s: Annotated[
        float,
        About(
            "limits.drain_s",
            "Seconds that sessions get to finish when the server is told to stop.",
            minimum=0,
        ),
    ] = 10.0
    connections: Annotated[
        int,
        About(
            "limits.connections",
            "Connections that may be open at once, with a session or without. 0: as many as the "
            "system's limit on open files has room for, 10,000 at most.",
            minimum=0,
        ),
    ] = 0
    connections_per_address: Annotated[
        int,
        About(
            "limits.connections_per_address",
            "How many of them one address may have, or one IPv6 network of 64 bits. 0: half of "
            "them.",
            minimum=0,
        ),
    ] = 0
    wrong_keys_per_minute: Annotated[
        int,
        About(
            "limits.wrong_keys_per_minute",
            "Different wrong keys that an address may show within a minute before it has to wait. "
            "0: any number.",
            minimum=0,
            maximum=10_000,
        ),
    ] = 20
    request_s: Annotated[
        float,
        About(
            "limits.request_s",
            "Seconds that a client may take to connect and send its request or its handshake.",
            minimum=0.1,
        ),
    ] = 10.0
    message_bytes: Annotated[
        int,
        About(
            "limits.message_bytes",
            "Longest WebSocket message.",
            minimum=65_536,
            maximum=1 << 30,
        ),
    ] = 8_388_608
    lenient_audio: Annotated[
        bool,
        About(
            "limits.lenient_audio",
            "Do not enforce a vendor's rules on the length of audio frames.",
        ),
    ] = False
    strict_pace: Annotated[
        bool,
        About(
            "strict.pace",
            "End a session whose audio comes faster than real time, where its vendor's protocol "
            "has a word for that, instead of slowing the sender down.",
        ),
    ] = False
    single_use_tokens: Annotated[
        bool,
        About(
            "strict.single_use_tokens",
            "A temporary credential opens one session, not as many as there is time for. Each "
            "server remembers for itself which were used.",
        ),
    ] = False
    default_model: Annotated[
        str | None,
        About(
            "dialects.default_model",
            "Model of a client that names none, by its vendor's name. It decides how turns are "
            "told; behind every name is the same recognizer.",
            default_text="the vendor's newest",
        ),
    ] = None
    single_formatted_final: Annotated[
        bool,
        About(
            "dialects.single_formatted_final",
            "Where a vendor ends a turn twice, raw and formatted, send the formatted end alone.",
        ),
    ] = False
    turn_silence_s: Annotated[
        float,
        About(
            "dialects.turn_silence_s",
            "Seconds of silence that end a turn, where a vendor's service ends turns itself and "
            "no client can say how.",
            minimum=0.3,
            maximum=2.0,
        ),
    ] = 0.5
    partials_default: Annotated[
        bool,
        About(
            "dialects.partials_default",
            "Partial results for clients that neither want nor refuse them, where their vendor's "
            "default is none: some plugins take it for the opposite.",
        ),
    ] = False
    strict_parameters: Annotated[
        bool,
        About(
            "strict.parameters",
            "Refuse a client's setting that this server cannot honour, instead of going on "
            "without it and saying so.",
        ),
    ] = False
    backends: dict[str, BackendSettings] = {}
    """Sections of the file and no row of the table: see ``BackendSettings``."""
    prices: dict[str, PriceSettings] = {}
    """The same: see ``PriceSettings``."""


class Setting(Struct, frozen=True, kw_only=True):
    """One row of the table."""

    name: str
    """The field of ``Settings``."""
    type: Any
    """What its value is: a class, a ``Literal``, or ``tuple[str, ...]``; never ``None``."""
    default: object
    help: str
    flag: str
    """``--no-…`` for what is on by default."""
    env: str
    key: str | None
    about: About

    @property
    def is_switch(self) -> bool:
        """A flag without a value."""
        return self.type is bool

    @property
    def is_repeatable(self) -> bool:
        """The flag may be given more than once."""
        return get_origin(self.type) is tuple

    @property
    def choices(self) -> tuple[str, ...]:
        """The only values that it can have; empty where that is not how it is limited."""
        return get_args(self.type) if get_origin(self.type) is Literal else ()

    @property
    def default_text(self) -> str:
        """The default as people read it."""
        return self.about.default_text or _shown(self.default)

    @property
    def allowed(self) -> str:
        """What its value may be: the end of the sentence "it must be ..."."""
        if self.choices:
            return " or ".join([", ".join(self.choices[:-1]), self.choices[-1]])
        return _KINDS[self.type] + _range(self.about.minimum, self.about.maximum)


_KINDS: dict[Any, str] = {
    str: "a text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    Path: "a path",
    tuple[str, ...]: "a list of texts",
}


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)


def _range(minimum: float | None, maximum: float | None) -> str:
    if minimum is not None and maximum is not None:
        return f" from {minimum:g} to {maximum:g}"
    return "" if minimum is None else f", {minimum:g} or more"


def _table() -> tuple[Setting, ...]:
    hints = get_type_hints(Settings, include_extras=True)
    rows = (item for item in fields(Settings) if get_origin(hints[item.name]) is Annotated)
    return tuple(_row(item.name, hints[item.name], item) for item in rows)


def _row(name: str, hint: Any, item: Any) -> Setting:
    annotated, about = get_args(hint)
    default = item.default_factory() if item.default is NODEFAULT else item.default
    dashed = name.replace("_", "-")
    return Setting(
        name=name,
        type=_without_none(annotated),
        default=default,
        help=about.help,
        flag=about.flag or (f"--no-{dashed}" if default is True else f"--{dashed}"),
        env=about.env or f"CROSSFADE_{name.upper()}",
        key=about.key,
        about=about,
    )


def _without_none(hint: Any) -> Any:
    options = [option for option in get_args(hint) if option is not type(None)]
    return options[0] if type(None) in get_args(hint) else hint


SETTINGS: tuple[Setting, ...] = _table()
"""The table, in the order in which people read it."""
