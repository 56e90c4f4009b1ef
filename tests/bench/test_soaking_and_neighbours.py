"""Whether a server grows, and what bad neighbours do: short runs, and faults that must be found."""

import json
from itertools import cycle

import pytest

from crossfade.bench.material import Piece, SpeechStream
from crossfade.bench.neighbours import KINDS, measure_fairness
from crossfade.bench.recordings import read_manifest
from crossfade.bench.soak import GROWTH_LIMIT
from crossfade.bench.sockets import OverSockets
from crossfade.dialects import DIALECTS
from crossfade.recognizers.scripted import ScriptedRecognizer, spoken
from crossfade.server.run import ServerConfig, running_server
from processes import crossfade, write_wav


@pytest.fixture(scope="module")
def manifest(recordings, tmp_path_factory):
    """One recording of a second."""
    folder = tmp_path_factory.mktemp("material")
    spoken = next(r for r in recordings if r.category == "read_en")
    write_wav(folder / "one.wav", spoken.path, seconds=1)
    entry = {
        "id": "one",
        "file": "one.wav",
        "category": "read",
        "language": "en",
        "duration_s": 1.0,
        "text": "emma",
        "words": [{"word": "emma", "start": 0.5, "end": 0.8}],
    }
    (folder / "manifest.jsonl").write_text(json.dumps(entry) + "\n")
    return folder / "manifest.jsonl"


def test_sessions_come_and_go_and_leave_no_file_and_no_task(tmp_path, manifest):
    done = crossfade(
        *("bench", "soak", "--sessions", "20", "--at-once", "4", "--backend", "scripted"),
        *("--manifest", manifest, "--json", "-"),
        data_dir=tmp_path,
    )
    report = json.loads(done.stdout)
    assert report["failed"] == 0, report["failures"]
    assert report["after"]["open_files"] == report["before"]["open_files"]
    assert report["after"]["tasks"] == report["before"]["tasks"]
    assert report["before"]["sessions"] == 1  # the long one
    # So few sessions say nothing about memory, and may be over before the long one hears a word.
    assert set(report["limits_broken"]) <= {
        f"memory grew by more than {GROWTH_LIMIT:.0%}",
        "the long session heard no word",
    }


@pytest.mark.parametrize(
    ("kind", "dialect"),
    [*zip(KINDS, cycle(DIALECTS), strict=False)],
    ids=lambda value: value if isinstance(value, str) else value.name,
)
async def test_a_neighbour_misbehaves_and_the_other_is_served(tmp_path, manifest, dialect, kind):
    """Alone, beside it, alone: a second and a half each."""
    (recording,) = read_manifest(manifest)
    stream = SpeechStream(pieces=(Piece(recording, start_ms=0),), length_ms=1500)
    engine = ScriptedRecognizer(spoken("Good morning."), repeat_ms=1500)
    config = ServerConfig(data_dir=tmp_path, port=0, no_auth=True, max_sessions=4)
    async with running_server(engine, data_dir=tmp_path, config=config) as server:
        target = OverSockets(url=server.url, spoken=dialect, key=None, chunk_ms=100)
        report = await measure_fairness(
            target,
            [stream],
            n_neighbours=2,
            max_delay_ms=1000,
            kinds=[kind],
            rest_s=0.0,
        )
        sessions = server.service.metrics.sessions.labels(dialect.name)
        assert sessions._value.get() >= 5, "three that behave well, and two that do not"
    (beside,) = report.beside
    assert (beside.kind, beside.failed) == (kind, 0)
    assert beside.partial_lag_ms.p95 is not None
