"""What a server tells of itself, as benchmarks read it."""

import os

import pytest

from crossfade.bench.scraped import metrics_url, scrape
from crossfade.bench.sockets import OverSockets
from crossfade.dialects import DIALECTS
from crossfade.errors import CrossfadeError
from crossfade.recognizers.load import WAIT_BUCKETS_S, Load, QueueLoad, Rung
from crossfade.recognizers.scripted import ScriptedRecognizer, spoken
from crossfade.server.run import ServerConfig, running_server

QUEUE = QueueLoad(waiting=2, waits=(0,) * (len(WAIT_BUCKETS_S) + 1), waited_s=0.0)


class Networked(ScriptedRecognizer):
    """Tells of networks, and of two queues with two decodes each."""

    def load(self):
        return Load(
            rung=Rung.CALM,
            partial_wait_s=0.0,
            urgent=QUEUE,
            partial=QUEUE,
            partials_skipped=0,
            decode_cpu_s=5.0,
            model_cpu_s=4.25,
            inbox_s=0.0,
        )


async def test_samples_are_summed_over_their_labels(tmp_path):
    config = ServerConfig(data_dir=tmp_path, port=0, no_auth=True)
    engine = Networked(spoken("one"))
    async with running_server(engine, data_dir=tmp_path, config=config) as server:
        found = await scrape(server.url, ["crossfade_decodes_waiting", "of_another_program"])
        target = OverSockets(
            url=server.url, spoken=DIALECTS[0], key=None, chunk_ms=100, pid=os.getpid()
        )
        assert await target.model_cpu_s() == 4.25
    assert found == {"crossfade_decodes_waiting": 4.0, "of_another_program": 0.0}


async def test_a_server_that_is_not_ours_to_look_into_is_not_asked():
    target = OverSockets(url="ws://127.0.0.1:1", spoken=DIALECTS[0], key=None, chunk_ms=100)
    assert await target.model_cpu_s() is None


async def test_a_server_without_metrics_is_named():
    with pytest.raises(CrossfadeError, match="no metrics at http"):
        await scrape("ws://127.0.0.1:1", ["anything"])


@pytest.mark.parametrize(
    ("url", "metrics"),
    [
        ("ws://127.0.0.1:8765/v2", "http://127.0.0.1:8765/metrics"),
        ("wss://speech.lan/v3/ws", "https://speech.lan/metrics"),
    ],
)
def test_metrics_are_looked_for_where_the_server_is(url, metrics):
    assert metrics_url(url) == metrics
