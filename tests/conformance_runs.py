"""Conformance cases against servers of ours: as they are, and broken on purpose.

A broken server is one of ours with a ``Fault`` (``faults.py``) between its dialect and the wire.
"""

import asyncio
import json
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import msgspec
import numpy as np

from crossfade.audio import Samples, read_media
from crossfade.dialects.base import Dialect, Frame, Goodbye, ServerDialect
from crossfade.errors import CrossfadeError
from crossfade.recognizers.scripted import ScriptedRecognizer, spoken
from crossfade.server.keys import Keyring
from crossfade.server.run import Server, ServerConfig, running_server
from crossfade.testing.conformance import Outcome, cases_of, examine
from crossfade.testing.endpoint import RemoteEndpoint
from faults import Broken, Fault
from processes import KEY

SCRIPT = [
    *spoken("Had he married a more amiable woman, he might have been respectable.", start_ms=600),
    *spoken("He might even have been amiable himself.", start_ms=7500),
]
"""Said where the recording has its first two sentences."""

AT_ONCE = 32


def speech() -> Samples:
    file = resources.files("crossfade.cli") / "demo" / "speech.flac"
    with resources.as_file(file) as path:
        return np.concatenate(list(read_media(path)))


@asynccontextmanager
async def a_server(dialect: Dialect, *, no_auth: bool = False) -> AsyncIterator[Server]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        keyring = Keyring(folder / "keys.json", run_keys=[KEY])
        config = ServerConfig(data_dir=folder, port=0, max_sessions=200, no_auth=no_auth)
        async with running_server(
            ScriptedRecognizer(SCRIPT),
            data_dir=folder,
            keyring=keyring,
            config=config,
            dialects=[dialect],
        ) as server:
            yield server


def endpoint(server: Server, samples: Samples, *, patience_s: float = 20.0) -> RemoteEndpoint:
    return RemoteEndpoint(
        url=server.url, key=KEY, speech=samples, paced=False, patience_s=patience_s
    )


@dataclass(frozen=True)
class Runs:
    """How the cases went, by key; and those that have to notice a fault, by its name."""

    ours: dict[str, Outcome]
    received_s: float
    """So much audio our server received."""
    broken: dict[str, list[Outcome]]


async def side_by_side(dialect: Dialect, faults: dict[str, Broken]) -> Runs:
    """All cases against a server of ours, and some against each broken one; they mostly wait."""
    samples = speech()
    slots = asyncio.Semaphore(AT_ONCE)
    (ours, received_s), *broken = await asyncio.gather(
        _of_ours(dialect, samples),
        *(_of_broken(dialect, fault, samples, slots) for fault in faults.values()),
    )
    return Runs(ours, received_s, dict(zip(faults, broken, strict=True)))


async def _of_ours(dialect: Dialect, samples: Samples) -> tuple[dict[str, Outcome], float]:
    async with a_server(dialect) as server:
        peer = endpoint(server, samples)
        outcomes = await examine(peer, cases_of(dialect), at_once=AT_ONCE)
        counter = server.service.metrics.audio_seconds.labels(dialect.name)
        received_s = next(iter(counter.collect())).samples[0].value
    return {outcome.case.key: outcome for outcome in outcomes}, received_s


async def _of_broken(
    dialect: Dialect, broken: Broken, samples: Samples, slots: asyncio.Semaphore
) -> list[Outcome]:
    cases = [case for case in cases_of(dialect) if case.key in broken.noticed_by]
    async with slots, a_server(twisted(dialect, broken), no_auth=broken.no_auth) as server:
        peer = endpoint(server, samples, patience_s=5.0)
        return await examine(peer, cases, at_once=AT_ONCE)


def twisted(dialect: Dialect, broken: Broken) -> Dialect:
    """The same dialect with a fault between it and the wire."""
    return msgspec.structs.replace(
        dialect,
        server=lambda settings: _Twisted(dialect.server(settings), broken.fault()),
        http=tuple(map(broken.routes, dialect.http)),
        paths=(*dialect.paths, *broken.paths),
    )


class _Twisted:
    """A ``ServerDialect`` whose words are changed on their way out and in."""

    def __init__(self, inner: ServerDialect, fault: Fault) -> None:
        self._inner = inner
        self._fault = fault
        self.notes = ()
        self.credential = inner.credential
        self.open = inner.open
        self.webhook = inner.webhook

    def receive(self, frame: Frame):
        heard = self._fault.hears(frame)
        return [] if heard is None else self._inner.receive(heard)

    def send(self, event):
        return [out for said in self._inner.send(event) for out in self._changed(said)]

    def refuse(self, error: CrossfadeError):
        refusal = self._inner.refuse(error)
        changed = [out for said in refusal.frames for out in self._changed(said)]
        (goodbye,) = self._fault.leaves(refusal.goodbye)
        return msgspec.structs.replace(refusal, frames=tuple(changed), goodbye=goodbye)

    def _changed(self, said: Frame | Goodbye) -> list[Frame | Goodbye]:
        if isinstance(said, Goodbye):
            changed = self._fault.leaves(said)
        else:
            changed = self._fault.says(json.loads(said))
        return [json.dumps(out) if isinstance(out, dict) else out for out in changed]
