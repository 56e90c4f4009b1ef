"""What a gateway's shadow mode has recorded is compared without playing anything."""

import json

import msgspec
import pytest

from crossfade.audio import encode, read_media
from crossfade.cli import compare_tables
from crossfade.compare import page, shadows
from crossfade.compare.figures import figures
from crossfade.errors import AudioError
from crossfade.gateway.shadow_records import Began, Ended, RecordedWord, Turn, Words, read_records
from crossfade.model import ContainerAudio, Encoding, PacketAudio
from processes import crossfade
from shadowed_sessions import SAMPLES, SILENCE, record


def compared(folder):
    told = []
    report, curves = shadows.compared(folder, left_out=told.append)
    return report, curves, told


def write(path, *records):
    path.write_bytes(b"".join(msgspec.json.encode(each) + b"\n" for each in records))
    return path


def began(*, audio=SAMPLES, backends=("first", "second"), **changes):
    names = dict(zip(("session", "shadow"), backends, strict=True))
    return Began(session="s", at=1.0, language="en", audio=audio, backends=names, **changes)


def said(side, text, *, lag_ms=300):
    return Words(
        side=side,
        words=tuple(
            RecordedWord(
                text=word,
                start_ms=400 * at,
                end_ms=400 * at + 300,
                confidence=0.9,
                partial_lag_ms=lag_ms,
                final_lag_ms=None if lag_ms is None else 3 * lag_ms,
            )
            for at, word in enumerate(text.split())
        ),
    )


def both_ended(*, audio_ms=4000, **of_shadow):
    return (
        Ended(side="session", audio_ms=audio_ms),
        Ended(side="shadow", audio_ms=audio_ms, **of_shadow),
    )


async def test_a_session_gives_the_words_lags_and_turns_that_were_recorded(tmp_path):
    path = await record(tmp_path)
    session = shadows.read_session(path)
    assert session.backends == ("first", "second")
    assert session.clip.audio_ms == 4000
    lines = list(read_records(path))
    for side, letter in (("session", "A"), ("shadow", "B")):
        recorded = [
            word
            for line in lines
            if isinstance(line, Words) and line.side == side
            for word in line.words
        ]
        heard = session.clip.sides[letter]
        assert [(word.text, word.mark, word.partial_ms, word.final_ms) for word in heard.words] == [
            (word.text, word.punctuation, word.partial_lag_ms, word.final_lag_ms)
            for word in recorded
        ]
        assert [turn.speech_end_ms for turn in heard.turns] == [recorded[-1].end_ms]
        assert (heard.changed, heard.session_s, heard.failure) == (None, None, None)


async def test_a_folder_gives_the_figures_of_a_comparison_and_says_what_is_not_known(tmp_path):
    for _ in range(2):
        await record(tmp_path)
    report, curves, told = compared(tmp_path)
    assert told == []
    assert [(side.letter, side.name) for side in report.sides] == [("A", "first"), ("B", "second")]
    assert (report.clips, report.audio_s) == (2, 8.0)
    # Of 3 and 4 words, "Good" is the same.
    assert report.pairs[0].disagreement == pytest.approx(3 / 3.5, abs=1e-4)
    assert report.pairs[0].turn_ends_shared is not None
    for letter, n_words in (("A", 6), ("B", 8)):
        result = report.results[letter]
        assert result.words == n_words
        assert result.partial_lag_ms.p50 is not None
        assert result.turn_ends.ends == 2
        assert (result.wer, result.changes, result.session_s, result.cost) == (None,) * 4
        assert curves[letter]["final"]
    assert report.pacing is None
    assert all(side.rules is None for side in report.sides)
    missing = " ".join(report.not_recorded)
    for what in ("what sessions asked for", "words changed", "how long sessions were open"):
        assert what in missing
    assert "the sound, or all of it, of 2 of 2 sessions" in missing
    names = {figure.name for group in figures(report) for figure in group.figures}
    assert "turns ended" in names
    assert not {name for name in names if "changed" in name or "silence" in name or "cost" in name}


def test_a_backend_that_did_not_hear_the_end_is_a_failure_and_no_difference(tmp_path):
    write(
        tmp_path / "1.jsonl",
        began(),
        said("session", "a b c"),
        said("shadow", "a"),
        *both_ended(cause="slow"),
    )
    report, _, _ = compared(tmp_path)
    assert report.results["B"].failures == ("1.jsonl: did not come to its end: slow",)
    assert report.results["A"].words == 3
    assert report.pairs[0].disagreement is None
    assert report.recordings[0].difference is None
    page_of(report)


def test_a_turn_that_the_end_of_the_audio_ended_is_none(tmp_path):
    write(
        tmp_path / "1.jsonl",
        began(),
        said("session", "a b"),
        Turn(side="session", at_ms=1500, lag_ms=20),
        Turn(side="session", at_ms=1600),
        said("shadow", "a b"),
        Turn(side="shadow", at_ms=4000),
        *both_ended(),
    )
    clip = shadows.read_session(tmp_path / "1.jsonl").clip
    assert [(turn.speech_end_ms, turn.told_ms) for turn in clip.sides["A"].turns] == [(700, 1520.0)]
    assert clip.sides["B"].turns == ()


def test_a_session_of_media_has_neither_lags_nor_a_length_of_its_own(tmp_path):
    words = [said(side, "a b", lag_ms=None) for side in ("session", "shadow")]
    write(tmp_path / "1.jsonl", began(audio=ContainerAudio()), *words, *both_ended(audio_ms=0))
    report, _, _ = compared(tmp_path)
    assert report.recordings[0].audio_ms == 700
    assert report.results["A"].final_lag_ms.p50 is None
    assert any("lags and length of 1 of 1 sessions" in line for line in report.not_recorded)
    assert "To first sight: words" not in page_of(report)


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ((), "is not finished"),
        ((began(),), "is not finished"),
        ((began(), Ended(side="session", audio_ms=5)), "is not finished"),
        ((began(), *both_ended(n_lost=7)), "7 lines did not find room"),
        ((began(version=2), *both_ended()), "is a record of version 2"),
        ((*both_ended(), began()), "does not begin as a record does"),
        ((began(), began(), *both_ended()), "begins twice"),
        (({"type": "words", "side": "nobody"}, began()), "line 1 is no record"),
    ],
)
def test_what_cannot_be_compared_is_left_out_by_name(tmp_path, lines, reason):
    write(tmp_path / "bad.jsonl", *lines)
    with pytest.raises(shadows.NoSessionError, match="no record of a finished session"):
        compared(tmp_path)
    write(
        tmp_path / "good.jsonl", began(), said("session", "a"), said("shadow", "b"), *both_ended()
    )
    report, _, told = compared(tmp_path)
    assert report.clips == 1
    assert [*report.left_out] == told
    [why] = told
    assert "bad.jsonl" in why
    assert reason in why


def test_sessions_of_other_backends_are_not_mixed_with_the_newest(tmp_path):
    for number, names in enumerate([("old", "new"), ("new", "old"), ("new", "old")]):
        lines = (began(backends=names), said("session", "a"), said("shadow", "b"), *both_ended())
        write(tmp_path / f"{number}.jsonl", *lines)
    report, _, told = compared(tmp_path)
    assert [side.name for side in report.sides] == ["new", "old"]
    assert report.clips == 2
    assert told == ["1 sessions of old and new: the newest are of new and old"]


async def test_the_page_has_the_sound_of_those_sessions_that_kept_it(tmp_path, recordings):
    speech = next(one for one in recordings if one.category == "commands")
    pcm = b"".join(encode(block, Encoding.PCM_S16LE) for block in read_media(speech.path))
    path = await record(tmp_path, pcm=pcm, audio_is_kept=True)
    await record(tmp_path)
    session = shadows.read_session(path)
    n_samples = sum(block.size for block in shadows.sound(session.clip))
    assert n_samples == len(pcm) // 2
    report, _, _ = compared(tmp_path)
    assert any("of 1 of 2 sessions" in line for line in report.not_recorded)
    shown = page_of(report)
    assert shown.count("<audio") == shown.count('class="wave"') == 1
    assert page_of(report, with_audio=False).count('class="wave"') == 1


@pytest.mark.parametrize(
    ("audio", "kept"),
    [(SAMPLES, bytes(64_000)), (SAMPLES, None), (PacketAudio(codec="opus"), bytes(10))],
    ids=["with-a-gap", "deleted", "packets"],
)
def test_sound_that_would_be_at_other_places_is_not_shown(tmp_path, audio, kept):
    if kept is not None:
        (tmp_path / "1.audio").write_bytes(kept)
    path = write(tmp_path / "1.jsonl", began(audio=audio, audio_file="1.audio"), *both_ended())
    with pytest.raises(AudioError, match="was not kept"):
        list(shadows.sound(shadows.read_session(path).clip))


def test_a_record_names_no_sound_but_the_one_beside_it(tmp_path):
    folder = tmp_path / "shadow"
    folder.mkdir()
    (tmp_path / "1.audio").write_bytes(SILENCE)
    path = write(folder / "1.jsonl", began(audio_file="../1.audio"), *both_ended())
    assert shadows.read_session(path).sound is None


async def test_the_command_writes_a_table_figures_and_a_page(tmp_path):
    folder = tmp_path / "shadow"
    path = await record(folder)
    (folder / "cut.jsonl").write_bytes(path.read_bytes()[:400])
    done = crossfade(
        *("compare", "--shadow", "shadow", "--json", "out.json", "--html", "out.html"),
        data_dir=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert "cut.jsonl is not finished" in done.stderr
    assert "A  first" in done.stdout
    assert "B  second" in done.stdout
    assert "not recorded: how often words changed" in done.stdout
    written = json.loads((tmp_path / "out.json").read_text())
    assert written["clips"] == 1
    assert written["pacing"] is None
    assert written["results"]["A"]["changes"] is None
    shown = (tmp_path / "out.html").read_text()
    assert "mourning" in shown
    assert "cut.jsonl is not finished" in shown
    assert "<audio" not in shown
    assert 'class="wave"' not in shown


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("call.wav",), "takes no '[AUDIO]...'"),
        (("--a", "scripted"), "takes no '--a'"),
        (("--unpaced",), "takes no '--unpaced'"),
    ],
)
def test_what_is_about_playing_is_refused(tmp_path, arguments, message):
    done = crossfade("compare", "--shadow", ".", *arguments, data_dir=tmp_path)
    assert done.returncode == 2
    assert message in done.stderr


def page_of(report, *, with_audio=True):
    assert compare_tables.comparison(report).renderables
    pieces = page.pieces(
        report, {}, shadows.clips(report), with_audio=with_audio, sound=shadows.sound
    )
    return "".join(pieces)
