"""The table: one field of ``Settings`` is one row. What a setting is good for, others know."""

from pathlib import Path
from typing import Annotated, Literal

import platformdirs
from msgspec import Struct, field

from crossfade.settings.backends import BackendSettings
from crossfade.settings.prices import PriceSettings
from crossfade.settings.setting import About, Setting, rows_of


def _data_dir() -> Path:
    try:
        return Path(platformdirs.user_data_dir("crossfade"))
    except RuntimeError:  # a user of a container, whom nobody has given a home
        return Path("/var/lib/crossfade")


class Settings(Struct, frozen=True, kw_only=True):
    """Every setting with its value; without arguments, the defaults."""

    # Where it listens -----------------------------------------------------------------------------

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

    # Who comes in ---------------------------------------------------------------------------------

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

    # Who recognizes -------------------------------------------------------------------------------

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
            "more than one for every 8 cores gains nothing, unless all sessions are recognized "
            "elsewhere. The sessions of `--max-sessions`, and of a backend's `max_sessions`, are "
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

    # Files and logs -------------------------------------------------------------------------------

    data_dir: Annotated[
        Path,
        About(
            "server.data_dir",
            "Folder that holds keys, certificates of our own, and the secret that signs temporary "
            "tokens.",
            default_text="the user's data folder, on Linux ~/.local/share/crossfade",
        ),
    ] = field(default_factory=_data_dir)
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

    # Limits ---------------------------------------------------------------------------------------

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

    # What vendors' rules leave open ---------------------------------------------------------------

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


SETTINGS: tuple[Setting, ...] = rows_of(Settings)
"""The table, in the order in which people read it."""
