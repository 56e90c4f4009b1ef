"""A recognizer's queues in /metrics, and who is let in while it has too much to do."""

from pathlib import Path

import httpx
import pytest
from msgspec.structs import replace

from crossfade.errors import CapacityError
from crossfade.recognizers.load import WAIT_BUCKETS_S, Load, QueueLoad, Rung
from crossfade.recognizers.scripted import ScriptedRecognizer, spoken
from crossfade.server.limits import Slots
from crossfade.server.load_metrics import LoadCollector
from crossfade.server.metrics import Metrics
from crossfade.server.tally import Tally
from plain_client import hear, hear_all, http_url, talk

CALM = Load(
    rung=Rung.CALM,
    partial_wait_s=0.02,
    urgent=QueueLoad(waiting=1, waits=(2, *[0] * len(WAIT_BUCKETS_S)), waited_s=0.004),
    partial=QueueLoad(waiting=3, waits=(4, *[0] * (len(WAIT_BUCKETS_S) - 1), 1), waited_s=3.5),
    partials_skipped=6,
    decode_cpu_s=12.5,
    model_cpu_s=11.25,
    inbox_s=1.75,
)


class BusyRecognizer(ScriptedRecognizer):
    """Tells whatever load it is given."""

    def __init__(self) -> None:
        super().__init__(spoken("Good morning."))
        self.told: Load | None = None

    def load(self) -> Load | None:
        return self.told


def figures(metrics: Metrics) -> dict[str, float]:
    lines = [line for line in metrics.text().decode().splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}


def test_queues_are_shown_by_name_and_nothing_else_is_a_label():
    recognizer = BusyRecognizer()
    metrics = Metrics(Slots(), recognizer)
    assert not any("decode" in name for name in figures(metrics))  # not started
    recognizer.told = CALM
    shown = figures(metrics)
    assert shown['crossfade_decodes_waiting{queue="urgent"}'] == 1
    assert shown['crossfade_decodes_waiting{queue="partial"}'] == 3
    assert shown['crossfade_decode_wait_seconds_bucket{le="0.005",queue="partial"}'] == 4
    assert shown['crossfade_decode_wait_seconds_bucket{le="2.5",queue="partial"}'] == 4
    assert shown['crossfade_decode_wait_seconds_bucket{le="+Inf",queue="partial"}'] == 5
    assert shown['crossfade_decode_wait_seconds_sum{queue="partial"}'] == 3.5
    assert shown['crossfade_decode_wait_seconds_count{queue="urgent"}'] == 2
    assert shown["crossfade_decode_cpu_seconds_total"] == 12.5
    assert shown["crossfade_model_cpu_seconds_total"] == 11.25
    assert shown["crossfade_partials_skipped_total"] == 6
    assert shown["crossfade_partial_wait_seconds"] == 0.02
    assert shown["crossfade_inbox_seconds"] == 1.75
    assert shown["crossfade_overload"] == 0


def test_every_figure_of_the_load_is_explained_in_the_docs():
    recognizer = BusyRecognizer()
    recognizer.told = CALM
    names = {metric.name for metric in LoadCollector(recognizer).collect()}
    page = (Path(__file__).parents[2] / "docs" / "metrics.md").read_text()
    assert len(names) == 8
    assert {name for name in names if f"`{name}`" not in page} == set()


def test_a_recognizer_without_queues_has_no_such_metrics():
    assert not any("decode" in name for name in figures(Metrics(Slots())))


def test_a_message_counts_while_its_client_has_not_taken_it():
    metrics = Metrics(Slots())
    tally = Tally(metrics, "plain")
    waiting = 'crossfade_outgoing_waiting{dialect="plain"}'
    tally.sending()
    assert figures(metrics)[waiting] == 1
    tally.sent()
    assert figures(metrics)[waiting] == 0
    assert figures(metrics)['crossfade_outgoing_wait_seconds_count{dialect="plain"}'] == 1


def test_the_real_time_factor_is_what_decoding_took_for_a_second_of_audio():
    tally = Tally(Metrics(Slots()), "plain")
    tally.ended(audio_ms=20_000, session_ms=20_100, processing_s=0.7)
    assert "audio_ms=20000 turns=0 real_time_factor=0.035" in str(tally)


async def test_in_an_overload_nobody_new_gets_a_slot_and_nobody_loses_one():
    overloaded = False
    slots = Slots(3, is_overloaded=lambda: overloaded)
    async with slots.slot("a"):
        overloaded = True
        assert slots.free == 0
        with pytest.raises(CapacityError) as full:
            async with slots.slot("b"):
                pass
        assert full.value.slots == 1  # as many as are in
        overloaded = False
        assert slots.free == 2


async def test_an_overload_that_is_left_over_keeps_nobody_out_of_an_empty_server():
    slots = Slots(3, is_overloaded=lambda: True)
    assert slots.free == 3
    async with slots.slot("a"):
        assert slots.free == 0


async def test_an_overloaded_server_refuses_in_the_dialects_words_and_is_not_ready(serve):
    recognizer = BusyRecognizer()
    async with serve(engine=recognizer) as server, httpx.AsyncClient() as client:
        recognizer.told = CALM
        async with talk(server, "/plain?start=now") as first:
            assert await hear(first, "session_started")
            recognizer.told = replace(CALM, rung=Rung.FULL)
            assert (await client.get(http_url(server, "/readyz"))).status_code == 503
            async with talk(server, "/plain?start=now") as second:
                assert (await hear_all(second))[-1]["error"] == "CapacityError"
            recognizer.told = replace(CALM, rung=Rung.SKIPPING)
            assert (await client.get(http_url(server, "/readyz"))).status_code == 200
            async with talk(server, "/plain?start=now") as third:
                assert await hear(third, "session_started")
            assert "crossfade_overload 2.0" in (await client.get(http_url(server, "/metrics"))).text
