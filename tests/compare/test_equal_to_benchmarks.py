"""The same audio, settings and recognizer: the same figures as ``crossfade bench accuracy``.

Here for three recordings, as fast as possible. For all that are there, see docs/compare.md.
"""

from contextlib import nullcontext

import pytest

import corpus
from compare_sides import UNPACED, side
from crossfade.bench.accuracy import measure_accuracy
from crossfade.bench.in_process import InProcess
from crossfade.bench.lags import spread, word_lags
from crossfade.bench.material import Piece, SpeechStream
from crossfade.bench.playing import Pacing
from crossfade.bench.recordings import read_manifest
from crossfade.compare.clips import listed
from crossfade.compare.heard import heard_clip
from crossfade.compare.playing import play_together
from crossfade.compare.run import compare_all
from crossfade.compare.sides import Rules
from crossfade.compare.summary import Summary
from crossfade.compare.work_file import Heading, WorkFile
from crossfade.recognizers.onnx import EmbeddedRecognizer
from crossfade.recognizers.scripted import ScriptedRecognizer, spoken

DELAYS_MS = {"A": 700, "B": 2000}
NAMES = ("ls-298-126790-0000", "ls-2033-164914-0000", "vctk-p345_009")


@pytest.mark.model
async def test_word_errors_and_confidence_are_those_of_the_benchmark(model_files, tmp_path):
    everything = read_manifest(corpus.CARRIED / "manifest.jsonl")
    recordings = [entry for entry in everything if entry.id in NAMES]
    recognizer = EmbeddedRecognizer(model_files)
    await recognizer.start()
    try:
        target = InProcess(recognizer)
        benchmarks = {
            letter: await measure_accuracy(
                target,
                recordings,
                max_delay_ms=delay_ms,
                pacing=UNPACED,
                at_once=1,
                whole=None,
            )
            for letter, delay_ms in DELAYS_MS.items()
        }
        sides = [
            side(letter, target, rules=Rules(max_delay_ms=delay_ms))
            for letter, delay_ms in DELAYS_MS.items()
        ]
        facts = tuple(one.facts for one in sides)
        clips = listed(recordings)
        with WorkFile(tmp_path / "work", Heading(sides=facts, pacing=UNPACED)) as work:
            await compare_all(
                sides,
                clips,
                work,
                pacing=UNPACED,
                jobs=2,
                track=lambda _: nullcontext(lambda _: None),
                failed=lambda clip, error: pytest.fail(str(error)),
            )
            summary = Summary(facts)
            for row in work.rows([str(clip.recording.path) for clip in clips]):
                summary.add(row)
    finally:
        await recognizer.aclose()
    report = summary.report(UNPACED)
    for letter, benchmark in benchmarks.items():
        result = report.results[letter]
        assert result.wer.rate == benchmark.all.wer
        assert result.wer.reference_words == benchmark.all.reference_words
        assert result.confidence == benchmark.all.confidence
    assert {entry.name: entry.sides["A"].wer for entry in report.recordings}.keys() == set(NAMES)


async def test_lags_are_those_of_the_benchmark():
    recognizer = ScriptedRecognizer(spoken("a few words that are said one after the other"))
    everything = read_manifest(corpus.CARRIED / "manifest.jsonl")
    entry = next(entry for entry in everything if entry.category == "commands")
    stream = SpeechStream((Piece(entry, 0),), round(1000 * entry.duration_s))
    paced = Pacing(spread_s=0.0)
    told = side("A", InProcess(recognizer))
    (found,) = await play_together([told], stream, paced)
    row = heard_clip(listed([entry])[0], stream.length_ms, {"A": found}, pacing=paced, path="one")
    summary = Summary([told.facts])
    summary.add(row)
    result = summary.report(paced).results["A"]
    lags = word_lags(found.hearing.arrivals)
    assert lags
    for mine, theirs in (
        (result.partial_lag_ms, spread([lag.partial_ms for lag in lags])),
        (result.final_lag_ms, spread([lag.final_ms for lag in lags])),
    ):
        # Each was rounded to a tenth of a millisecond.
        assert mine.p50 == pytest.approx(theirs.p50, abs=0.2)
        assert mine.p95 == pytest.approx(theirs.p95, abs=0.2)
