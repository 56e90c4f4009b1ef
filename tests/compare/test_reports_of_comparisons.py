"""From finished clips to figures."""

import msgspec
import pytest

from compare_sides import UNPACED, clip, facts, heard
from crossfade.bench.playing import Pacing
from crossfade.bench.recordings import SpokenWord
from crossfade.compare.figures import figures
from crossfade.compare.prices import Price
from crossfade.compare.summary import Summary
from crossfade.compare.verdict import verdict

PRICE = Price(per_audio_hour=0.0, per_session_hour=0.36, currency="USD", source="a", date="b")
PACED = Pacing(spread_s=0.0)


def report_of(*clips, letters="AB", pacing=PACED, **changes):
    summary = Summary([facts(letter, **changes) for letter in letters])
    for one in clips:
        summary.add(one)
    return summary.report(pacing)


def shown(report):
    return {figure.name: figure.values for group in figures(report) for figure in group.figures}


def test_sides_are_measured_on_the_recordings_that_all_of_them_heard():
    whole = clip("whole", reference="a b c d", A=heard("a b c d"), B=heard("a b c x"))
    broken = clip(
        "broken", reference="a b c d", A=heard("x x x x"), B=heard("", failure="it broke")
    )
    report = report_of(whole, broken)
    assert report.scored_clips == 1
    assert report.results["A"].wer.rate == 0.0
    assert report.results["B"].wer.rate == report.results["B"].wer.over_first == 0.25
    assert report.results["B"].failures == ("broken: it broke",)
    assert [entry.name for entry in report.recordings] == ["broken", "whole"]


def test_the_greatest_difference_comes_first():
    alike = clip("alike", reference="a b c d", A=heard("x b c d"), B=heard("x b c d"))
    apart = clip("apart", reference="a b c d", A=heard("a b c d"), B=heard("x x c d"))
    report = report_of(alike, apart)
    assert [(entry.name, entry.difference) for entry in report.recordings] == [
        ("apart", 0.5),
        ("alike", 0.0),
    ]


def test_without_a_reference_sides_are_measured_by_each_other():
    report = report_of(clip(A=heard("it costs 5 pounds"), B=heard("it costs 9 pounds")))
    assert report.results["A"].wer is None
    assert report.pairs[0].disagreement == pytest.approx(0.3333)  # $5, as both are normalised
    assert report.pairs[0].numbers_differing == 1
    assert "word error rate (%)" not in shown(report)
    assert verdict(report)[0].startswith("A and B differ in 33.3 % of words")


def test_three_sides_are_compared_pair_by_pair():
    told = clip(A=heard("a b"), B=heard("a b"), C=heard("a c"))
    report = report_of(told, letters="ABC")
    pairs = {pair.letters: pair.disagreement for pair in report.pairs}
    assert pairs == {"AB": 0.0, "AC": 0.5, "BC": 0.5}
    assert shown(report)["words not as B has them (%)"] == ("-", "-", "50.0")


def test_lags_are_those_of_all_words_and_by_the_reference_where_it_has_times():
    slow = heard("a b", lag_ms=200.0, spoken_lags=((150.0, 700.0),))
    report = report_of(clip(A=heard("a b"), B=slow))
    assert report.results["A"].partial_lag_ms.p50 == 100.0
    assert report.results["B"].final_lag_ms.p95 == 600.0
    assert report.results["B"].spoken_partial_lag_ms.p50 == 150.0
    sentence = "By the medians, words of B are seen 100 ms later and final 300 ms later"
    assert verdict(report)[-1].startswith(sentence)


def test_nobody_is_said_to_be_quick_or_slow_where_nothing_was_played_in_real_time():
    unpaced = msgspec.structs.replace(
        heard("a"),
        words=tuple(
            msgspec.structs.replace(word, partial_ms=None, final_ms=None)
            for word in heard("a").words
        ),
    )
    report = report_of(clip(A=unpaced, B=unpaced), pacing=UNPACED)
    assert report.results["A"].partial_lag_ms.p50 is None
    assert not any("sight" in name for name in shown(report))
    assert report.results["A"].session_s == 10.0  # as long as it would have been at least


def test_a_difference_is_called_chance_unless_it_is_not():
    reference = "one two three four five six seven eight nine ten"
    worse = reference.replace("one", "won't").replace("two", "too")
    many = [
        clip(str(n), reference=reference, A=heard(reference), B=heard(worse)) for n in range(12)
    ]
    report = report_of(*many)
    assert report.interval_units == "recordings"
    assert "which is not chance" in verdict(report)[0]
    even = [
        clip(
            str(n),
            reference=reference,
            A=heard(worse if n % 2 else reference),
            B=heard(reference if n % 2 else worse),
        )
        for n in range(12)
    ]
    assert verdict(report_of(*even))[0].startswith("B makes as many word errors as A; this audio")
    alone = report_of(many[0])
    assert alone.interval_units == "stretches of 25 words"
    assert "too little audio" in verdict(alone)[0]


def test_turns_at_the_reference_and_in_common():
    spoken = (SpokenWord("a", 0.0, 0.5), SpokenWord("b", 3.0, 3.5))
    told = clip(
        reference="a b",
        spoken=spoken,
        A=heard("a b", turns=(500, 3500)),
        B=heard("a b", turns=(550,)),
    )
    report = report_of(told)
    ends = report.results["B"].turn_ends
    assert (ends.ends, ends.pauses, ends.found, ends.elsewhere) == (1, 2, 1, 0)
    assert report.pairs[0].turn_ends_shared == pytest.approx(0.6667)


def test_what_is_paid_by_session_costs_as_long_as_sessions_were_open():
    told = clip(A=heard("a", session_s=20.0), B=heard("a", session_s=10.0))
    report = report_of(told, price=PRICE)
    assert report.results["A"].cost.per_audio_hour == pytest.approx(0.72)
    assert report.results["B"].cost.per_audio_hour == pytest.approx(0.36)
    assert report.results["A"].cost.per_session_hour == pytest.approx(0.36)


def test_figures_have_a_value_for_every_side():
    told = clip(reference="", A=heard("a"), B=heard(""), C=heard("", failure="it broke"))
    report = report_of(told, letters="ABC")
    assert all(len(values) == 3 for values in shown(report).values())
    assert shown(report)["words where nobody spoke"][:2] == ("1 in 10 s", "0 in 10 s")


def test_the_json_can_be_read_again():
    report = report_of(clip(reference="a b", A=heard("a b"), B=heard("a")))
    read = msgspec.json.decode(report.to_json())
    assert read["results"]["B"]["wer"]["deletions"] == 1
    assert read["sides"][0]["rules"]["turn_silence_ms"] == 800
    assert read["environment"]["hardware"]["cores"] > 0
