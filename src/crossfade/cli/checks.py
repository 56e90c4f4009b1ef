"""What ``crossfade doctor`` looks at: one function a row, and what to do about what it finds."""

import asyncio
import errno
import os
import socket
import time
from contextlib import aclosing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import resources
from importlib.util import find_spec
from pathlib import Path
from typing import Literal
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

from cryptography import x509

from crossfade.audio import SAMPLE_RATE_HZ, encode, read_media
from crossfade.bench.in_process import InProcess
from crossfade.bench.machine import FAST_INT8, Hardware, hardware
from crossfade.cli.serving import is_loopback
from crossfade.client.sources import MEDIA_AUDIO, Microphone, MicrophoneError, Trouble
from crossfade.errors import ConfigError, CrossfadeError, ModelError
from crossfade.model import SessionConfig
from crossfade.recognizers.onnx import EmbeddedRecognizer, files
from crossfade.recognizers.onnx.calibrate import measure_decode_s, slots, usable_cores
from crossfade.recognizers.onnx.files import ModelFiles
from crossfade.scoring import real_time_factor
from crossfade.server.tls import Tls
from crossfade.settings import Settings

REAL_TIME_WARN = 0.2
"""A single stream should leave room for others."""

HEALTH_LIMIT_S = 2.0

LISTEN_S = 2.0
"""What is wrong with a microphone is known by then."""

RENEW_DAYS = 14
"""Who renews certificates by a program does it earlier than so long before their end."""

State = Literal["ok", "warn", "broken"]


@dataclass(frozen=True, kw_only=True)
class Check:
    """One row."""

    name: str
    found: str
    """As people read it."""
    value: object = None
    """The same for programs, where it is a number or a list."""
    state: State = "ok"
    advice: str = ""
    """What to do; empty if nothing needs to be done."""


async def examine(settings: Settings) -> list[Check]:
    """Look at everything, in the order in which one thing rests on the other."""
    machine = hardware()
    model, found = _model(settings.model_dir)
    return [
        Check(name="device", found=f"CPU: {machine.cpu}, {machine.architecture}"),
        _cores(machine),
        _instructions(machine),
        _threads(settings, machine),
        model,
        *(await _speed(found, settings) if found else ()),
        await _microphone(),
        _tls(settings),
        _port(settings.host, settings.port),
    ]


def _cores(machine: Hardware) -> Check:
    return Check(name="cores", found=str(machine.cores), value=machine.cores)


def _instructions(machine: Hardware) -> Check:
    names = machine.instructions
    found = "the system does not tell" if names is None else " ".join(names) or "none of use"
    if machine.has_fast_int8 is not False:
        return Check(name="instructions", found=found, value=names)
    return Check(
        name="instructions",
        found=found,
        value=names,
        state="warn",
        advice=f"none of {', '.join(FAST_INT8)}: the model works, at about half the speed; "
        "a newer processor serves twice the sessions",
    )


def _threads(settings: Settings, machine: Hardware) -> Check:
    n_threads = settings.threads or os.cpu_count() or 1
    check = Check(name="threads", found=f"{n_threads} to decode", value=n_threads)
    if n_threads <= machine.cores:
        return check
    return Check(
        name=check.name,
        found=check.found,
        value=n_threads,
        state="warn",
        advice=f"there are {machine.cores} cores for them; --threads {machine.cores} "
        "wastes less time on switching",
    )


def _model(model_dir: Path | None) -> tuple[Check, ModelFiles | None]:
    """Find the model and compare every file with its checksum."""
    try:
        found = files.locate(model_dir)
        problems = files.verify(found) if found else []
    except ModelError as error:
        return Check(name="model", found=str(error), state="broken", advice=_PULL), None
    if found is None:
        advice = "the first command that needs it fetches it; or now: crossfade models pull"
        return Check(name="model", found="not here yet", state="warn", advice=advice), None
    if problems:
        said = f"{found.directory}: {'; '.join(problems)}"
        advice = f"delete {found.directory}, then: {_PULL}"
        return Check(name="model", found=said, state="broken", advice=advice), None
    return Check(name="model", found=f"{found.directory}, checksums are right"), found


_PULL = "crossfade models pull"


async def _speed(model: ModelFiles, settings: Settings) -> list[Check]:
    """Let the recognizer work, alone and with all its threads."""
    recognizer = EmbeddedRecognizer(model, n_threads=settings.threads or None)
    try:
        await recognizer.start()
        factor = await _real_time_factor(recognizer)
        decode_s = await measure_decode_s(recognizer)
    except CrossfadeError as error:
        return [Check(name="speed", found=str(error), state="broken", advice=_PULL)]
    finally:
        await recognizer.aclose()
    return [_factor(factor), _slots(decode_s, recognizer.n_threads, settings.max_sessions)]


async def _real_time_factor(recognizer: EmbeddedRecognizer) -> float:
    """Stream the demo's recording as fast as it is taken."""
    with resources.as_file(resources.files("crossfade.cli") / "demo" / "speech.flac") as path:
        audio = b"".join(encode(samples, MEDIA_AUDIO.encoding) for samples in read_media(path))
    config = SessionConfig(language="en", audio=MEDIA_AUDIO)
    start_s = time.perf_counter()
    async with InProcess(recognizer).session(config) as conversation:
        await conversation.send(audio)
        await conversation.finish()
        async for _ in conversation.events():
            pass  # only the time counts
    audio_s = len(audio) / MEDIA_AUDIO.encoding.sample_bytes / SAMPLE_RATE_HZ
    return real_time_factor(time.perf_counter() - start_s, audio_s)


def _factor(factor: float) -> Check:
    found = f"real-time factor {factor:.3f}: one stream takes {100 * factor:.0f} % of a core"
    slow: State = "broken" if factor >= 1 else "warn" if factor >= REAL_TIME_WARN else "ok"
    advice = "" if slow == "ok" else "is the machine busy with something else, or its CPU limited?"
    return Check(name="speed", found=found, value=round(factor, 4), state=slow, advice=advice)


def _slots(decode_s: float, n_threads: int, chosen: int) -> Check:
    measured = slots(decode_s, n_cores=usable_cores(n_threads))
    found = f"{measured} sessions at once; {1000 * decode_s:.0f} ms of CPU for a decode"
    if chosen > measured:
        return Check(
            name="slots",
            found=found,
            value=measured,
            state="warn",
            advice=f"{chosen} are set by max_sessions: words may come late when they are all used",
        )
    return Check(name="slots", found=found, value=measured)


async def _microphone() -> Check:
    """Listen to the default microphone for a moment, where the extra for it is installed."""
    if find_spec("sounddevice") is None:
        found = "not looked for: only `crossfade listen` needs one, with the extra crossfade[mic]"
        return Check(name="microphone", found=found)
    source = Microphone()
    try:
        with suppress(TimeoutError):
            async with asyncio.timeout(LISTEN_S), aclosing(aiter(source)) as blocks:
                async for _ in blocks:
                    pass  # it measures itself
    except MicrophoneError as error:
        return Check(name="microphone", found="none", state="warn", advice=str(error))
    device, trouble = source.device, source.trouble
    if device is None:
        return Check(name="microphone", found="it does not open", state="warn", advice=_BUSY)
    found = f"{device.name}, {device.rate_hz} Hz, peak {source.level_db:.0f} dB"
    if trouble in (None, Trouble.SILENCE):  # nobody has asked anyone to speak
        return Check(name="microphone", found=found, value=device.name)
    return Check(
        name="microphone", found=found, value=device.name, state="warn", advice=trouble.value
    )


_BUSY = "does another program hold it? `crossfade listen --list-devices` shows others"


def _tls(settings: Settings) -> Check:
    """Look at the certificate that `crossfade serve` would show; make none."""
    if settings.cert is not None:
        return _certificate(settings.cert, settings.key_file)
    if settings.tls:
        return _own_certificate(settings.data_dir / "tls")
    if settings.key_file is not None:
        found, advice = "a private key without its certificate", "name that with --cert"
        return Check(name="tls", found=found, state="broken", advice=advice)
    if is_loopback(settings.host):
        return Check(name="tls", found="off; nobody but this machine listens in")
    advice = "--tls, --cert, or a proxy in front that ends TLS; keys and speech are in the clear"
    return Check(name="tls", found=f"off, at {settings.host}", state="warn", advice=advice)


def _own_certificate(folder: Path) -> Check:
    """The one that `--tls` makes and renews by itself."""
    certificate = folder / "server.pem"
    if not certificate.exists():
        return Check(name="tls", found="a certificate of our own, made at the first start")
    return _certificate(certificate, folder / "server-key.pem", is_ours=True)


def _certificate(path: Path, key_file: Path | None, *, is_ours: bool = False) -> Check:
    try:
        Tls(path, key_file)
    except ConfigError as error:
        advice = "crossfade certs makes one of our own, for --tls"
        return Check(name="tls", found=str(error), state="broken", advice=advice)
    ends = x509.load_pem_x509_certificate(path.read_bytes()).not_valid_after_utc
    found = f"{path}, until {ends:%Y-%m-%d}"
    n_days = (ends - datetime.now(UTC)).days
    if is_ours or n_days >= RENEW_DAYS:
        return Check(name="tls", found=found, value=n_days)
    advice = "put a new one into the same files; a running server takes it over"
    state: State = "broken" if n_days < 0 else "warn"
    return Check(name="tls", found=found, value=n_days, state=state, advice=advice)


def _port(host: str, port: int) -> Check:
    where = f"{host} port {port}"
    try:
        family, _, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        socket.create_server(address[:2], family=family).close()
    except OSError as error:
        return _unusable(error, host, port, where)
    return Check(name="port", found=f"{where} is free", value=port)


def _unusable(error: OSError, host: str, port: int, where: str) -> Check:
    match error.errno:
        case errno.EADDRINUSE if _is_healthy(host, port):
            return Check(name="port", found=f"a server answers at {where}", value=port)
        case errno.EADDRINUSE:
            found = f"{where} is taken by another program"
            advice = "choose another with --port, or --port 0 for a free one"
        case errno.EACCES:
            found = f"{where} needs rights that you lack"
            advice = "choose a port from 1024 up with --port"
        case _:
            found, advice = f"{host} is not an address of this machine", "choose one with --host"
    return Check(name="port", found=found, value=port, state="broken", advice=advice)


def _is_healthy(host: str, port: int) -> bool:
    """Whether what listens there is a server of ours, as far as one can see."""
    netloc = f"[{host}]" if ":" in host else host
    opener = build_opener(ProxyHandler({}))  # nobody reaches this machine through a proxy
    try:
        with opener.open(f"http://{netloc}:{port}/healthz", timeout=HEALTH_LIMIT_S) as answer:
            return bool(answer.read(16) == b"ok\n")
    except (URLError, OSError, ValueError):
        return False
