"""Every metric is documented, and the dashboard asks for none that is not there."""

import json
import re
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from crossfade.errors import CrossfadeError, RecognizerError
from crossfade.model import Audio, Encoding, Final, Partial, RawAudio, SessionConfig, Word
from crossfade.server.limits import Slots
from crossfade.server.metrics import MOST_KEYS, OTHER_KEYS, Metrics
from crossfade.server.metrics_page import page
from crossfade.server.tally import Tally

CHECKOUT = Path(__file__).parents[2]
DASHBOARD = CHECKOUT / "deploy" / "grafana" / "crossfade.json"
WORD = Word(text="canary", start_ms=100, end_ms=400, confidence=1.0)
CONFIG = SessionConfig(
    language="en", audio=RawAudio(encoding=Encoding.PCM_S16LE, sample_rate_hz=16_000)
)


def exported(metrics: Metrics) -> dict[str, float]:
    return {
        name + "".join(f",{key}={value}" for key, value in sorted(labels.items())): value
        for family in text_string_to_metric_families(metrics.text().decode())
        for name, labels, value, *_ in family.samples
    }


def test_the_page_is_the_one_that_the_instruments_make():
    # python -m crossfade.server.metrics_page > docs/metrics.md
    assert (CHECKOUT / "docs" / "metrics.md").read_text() == page()


def test_every_instrument_has_a_meaning_and_a_name_of_ours():
    for instrument in Metrics(Slots()).instruments:
        assert instrument.name.startswith("crossfade_")
        assert len(instrument.help) > 10
        assert set(instrument.labels) <= {"dialect", "cause", "type", "outcome", "queue", "key"}


def test_the_dashboard_asks_for_metrics_that_are_there():
    documented = set(re.findall(r"`((?:crossfade|process)_\w+)`", page()))
    dashboard = json.loads(DASHBOARD.read_text())
    asked = [t["expr"] for panel in dashboard["panels"] for t in panel.get("targets", [])]
    asked += [v["query"] for v in dashboard["templating"]["list"] if v["type"] == "query"]
    names = {name for each in asked for name in re.findall(r"(?:crossfade|process)_\w+", each)}
    plain = {re.sub(r"_(total|bucket|sum|count)$", "", name) for name in names}
    assert plain <= documented
    ours = {name for name in documented if name.startswith("crossfade_")}
    assert ours <= plain, "a metric that the dashboard leaves out"


def test_the_dashboards_panels_lie_side_by_side_and_have_ids_of_their_own():
    panels = json.loads(DASHBOARD.read_text())["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    places = [
        (x, y)
        for panel in panels
        for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
    ]
    assert len(set(places)) == len(places)
    assert max(x for x, _ in places) == 23


def test_a_session_shows_its_lags_its_cost_and_its_keys_name():
    metrics, clock = Metrics(Slots()), iter([1.0, 1.6, 2.5])
    tally = Tally(metrics, "plain", now=clock.__next__)
    with tally.session(CONFIG, key="phone"):
        tally.received(Audio(data=bytes(32_000)))
        tally.count(Partial(turn=1, words=(WORD,), through_ms=900), 1000)
        tally.count(Final(turn=1, words=(WORD,), through_ms=900), 1000)
        tally.ended(audio_ms=2000, session_ms=2100, processing_s=0.05)
    shown = exported(metrics)
    assert shown["crossfade_partial_lag_seconds_sum,dialect=plain"] == pytest.approx(0.6)
    assert shown["crossfade_final_lag_seconds_sum,dialect=plain"] == pytest.approx(1.5)
    assert shown["crossfade_real_time_factor_sum,dialect=plain"] == pytest.approx(0.025)
    assert shown["crossfade_key_audio_seconds_total,key=phone"] == 2
    assert shown["crossfade_words_total,dialect=plain"] == 1
    assert "canary" not in metrics.text().decode()


def test_names_of_keys_are_bounded():
    metrics = Metrics(Slots())
    for number in range(MOST_KEYS + 50):
        metrics.of_key(f"key-{number}").inc()
    shown = [name for name in exported(metrics) if "key_audio_seconds_total" in name]
    assert len(shown) == MOST_KEYS + 1
    assert exported(metrics)[f"crossfade_key_audio_seconds_total,key={OTHER_KEYS}"] == 50
    metrics.of_key("key-3").inc()
    assert exported(metrics)["crossfade_key_audio_seconds_total,key=key-3"] == 2


def test_a_bug_is_told_apart_from_what_was_raised_on_purpose():
    metrics = Metrics(Slots())
    metrics.failed("plain", CrossfadeError("an internal error"))
    metrics.failed("plain", RecognizerError("the engine"))
    shown = exported(metrics)
    assert shown["crossfade_errors_total,dialect=plain,type=bug"] == 1
    assert shown["crossfade_errors_total,dialect=plain,type=recognizer"] == 1
