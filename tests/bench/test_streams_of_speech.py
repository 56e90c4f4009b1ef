"""Material: recordings joined into streams."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

import corpus
from crossfade.bench.material import (
    END_SILENCE_S,
    PAUSE_S,
    make_streams,
    speech_share,
    suitable,
)
from crossfade.bench.recordings import (
    MaterialError,
    Recording,
    SpokenWord,
    default_manifest,
    read_manifest,
)

CARRIED = corpus.CARRIED / "manifest.jsonl"


def recording(name, *, duration_s=5.0, words=()):
    return Recording(
        id=name,
        file=f"{name}.flac",
        category="read",
        language="en",
        duration_s=duration_s,
        text=f"this is {name}",
        words=tuple(words),
    )


def spoken(start, end, speaker=None):
    return SpokenWord("word", start, end, speaker)


def manifest_in(folder, *lines):
    path = folder / "manifest.jsonl"
    path.write_text("\n".join(lines) + "\n")
    return path


LINE = (
    '{"id": "a", "file": "%s", "category": "c", "language": "%s", "duration_s": 1.0, "text": "t"}'
)


def test_the_same_streams_come_every_time_and_more_of_them_begin_with_the_same():
    recordings = suitable(read_manifest(CARRIED))
    two, three = (make_streams(recordings, n, seconds=60) for n in (2, 3))
    assert two == three[:2]
    assert len({stream.text for stream in three}) == 3
    assert make_streams(recordings, 2, seconds=60, seed=7) != two


def test_two_thirds_of_a_stream_are_speech():
    recordings = suitable(read_manifest(CARRIED))
    assert 0.6 <= speech_share(make_streams(recordings, 8, seconds=300)) <= 0.7


@given(st.integers(0, 10_000), st.floats(12, 200))
def test_nothing_is_cut_and_pauses_are_as_long_as_they_should_be(seed, seconds):
    recordings = [recording(str(n), duration_s=1.0 + n) for n in range(8)]
    (stream,) = make_streams(recordings, 1, seconds=seconds, seed=seed)
    ends_ms = [p.start_ms + 1000 * p.recording.duration_s for p in stream.pieces]
    for piece, end_ms in zip(stream.pieces[1:], ends_ms, strict=False):
        assert PAUSE_S[0] * 1000 - 1 <= piece.start_ms - end_ms <= PAUSE_S[1] * 1000 + 1
    assert ends_ms[-1] <= stream.length_ms - END_SILENCE_S * 1000 + 1
    assert stream.length_ms == round(1000 * seconds)


def test_every_recording_is_heard_before_one_is_heard_again():
    recordings = [recording(str(n)) for n in range(5)]
    (stream,) = make_streams(recordings, 1, seconds=120)
    names = [piece.recording.id for piece in stream.pieces]
    assert len(set(names[:5])) == 5


def test_chunks_are_whole_and_hold_the_recordings_where_they_belong():
    recordings = [r for r in suitable(read_manifest(CARRIED)) if r.duration_s < 4][:3]
    (stream,) = make_streams(recordings, 1, seconds=12)
    chunks = list(stream.chunks(100))
    assert [len(chunk) for chunk in chunks] == [3200] * 120
    audio = b"".join(chunks)
    for piece in stream.pieces:
        assert audio[32 * piece.start_ms :].startswith(piece.recording.pcm)


def test_the_text_of_a_stream_is_that_of_its_pieces_in_order():
    (stream,) = make_streams([recording("a")], 1, seconds=20)
    assert stream.text == " ".join(["this is a"] * len(stream.pieces))


def test_what_does_not_fit_is_told():
    with pytest.raises(MaterialError, match=r"no recording fits into a stream of 3 s.*--seconds"):
        make_streams([recording("a")], 1, seconds=3)


def test_a_text_is_heard_once_and_crosstalk_not_at_all():
    twin = recording("a")
    meeting = recording("b", words=[spoken(0, 1, "A"), spoken(0.5, 1.5, "B")])
    talk = recording("c", words=[spoken(0, 1, "A"), spoken(1, 1.5, "B")])
    assert suitable([twin, twin, meeting, talk]) == [twin, talk]


@pytest.mark.parametrize(
    ("words", "speech_s"),
    [
        pytest.param([spoken(0.5, 1.0), spoken(1.2, 2.0)], 1.5, id="a-short-gap-is-speech"),
        pytest.param([spoken(0.5, 1.0), spoken(3.0, 4.0)], 1.5, id="a-pause-is-not"),
        pytest.param([spoken(0.0, 2.0), spoken(1.0, 1.5)], 2.0, id="a-word-within-another"),
        pytest.param([], 5.0, id="without-times-all-of-it"),
    ],
)
def test_speech_is_words_and_the_gaps_that_nobody_notices(words, speech_s):
    assert recording("a", words=words).speech_s == pytest.approx(speech_s)


def test_a_checkout_brings_its_recordings():
    assert read_manifest(default_manifest())


def test_other_languages_and_files_without_headers_are_left_out(tmp_path):
    lines = [LINE % ("a.wav", "en"), LINE % ("b.wav", "fr"), LINE % ("c.ulaw", "en")]
    (found,) = read_manifest(manifest_in(tmp_path, *lines))
    assert found.path == tmp_path / "a.wav"


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        pytest.param([LINE % ("b.wav", "fr")], "no recording in language 'en'", id="none"),
        pytest.param(["{}"], "is not a manifest", id="fields-missing"),
        pytest.param(["no json"], "is not a manifest", id="no-json"),
    ],
)
def test_a_manifest_that_is_no_use_is_told(tmp_path, lines, message):
    with pytest.raises(MaterialError, match=message):
        read_manifest(manifest_in(tmp_path, *lines))


def test_a_manifest_that_is_not_there_is_told(tmp_path):
    with pytest.raises(MaterialError, match="cannot be read"):
        read_manifest(tmp_path / "none.jsonl")
