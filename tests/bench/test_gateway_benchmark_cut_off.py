"""The benchmark of nine pairs takes minutes: what was measured is on disk when it is cut off."""

import json
from contextlib import asynccontextmanager

import pytest

from crossfade.bench.added_lag import Lags, PairReport
from crossfade.bench.lags import Spread
from crossfade.bench.sockets import OverSockets
from crossfade.cli import gateway_benchmark
from crossfade.cli.benchmarks import Wanted
from crossfade.dialects import DIALECTS
from crossfade.errors import CrossfadeError
from crossfade.settings import Settings

SPREAD = Spread(p50=1.0, p95=2.0)
LAGS = Lags(partial_ms=SPREAD, final_ms=SPREAD)


@asynccontextmanager
async def no_server(command, dialect):
    yield OverSockets(url="ws://127.0.0.1:1", spoken=dialect, key=None, chunk_ms=50)


def report(pair):
    names = ("added", "added_to_front", "through", "direct_front", "direct_behind")
    return PairReport(
        front=pair.through.dialect,
        behind=pair.direct_behind.dialect,
        way=pair.way,
        words=1,
        direct_words=1,
        gateway_cores=None,
        failures=(),
        send_late_ms=0.0,
        **dict.fromkeys(names, LAGS),
    )


async def test_pairs_that_were_measured_are_kept(tmp_path, monkeypatch, capsys):
    async def measure(pair, stream, **_):
        if pair.through.dialect == DIALECTS[2].name:
            raise CrossfadeError("cut off")
        return report(pair)

    monkeypatch.setattr(gateway_benchmark, "_server", no_server)
    monkeypatch.setattr(gateway_benchmark, "measure_pair", measure)
    file = tmp_path / "results" / "gateway.json"
    wanted = Wanted(
        settings=Settings(),
        manifest=None,
        language="en",
        max_delay_ms=2000,
        dialect=None,
        url=None,
        key=None,
        json_file=file,
    )
    with pytest.raises(CrossfadeError, match="cut off"):
        await gateway_benchmark.gateway(wanted, seconds=5)
    found = json.loads(file.read_text())
    n_pairs = len(DIALECTS) ** 2
    assert [pair["front"] for pair in found["pairs"]] == [d.name for d in DIALECTS[:2]]
    assert found["n_pairs"] == n_pairs
    assert f"2 of {n_pairs}: {DIALECTS[1].name} over" in capsys.readouterr().err
    assert [path.name for path in file.parent.iterdir()] == [file.name]
