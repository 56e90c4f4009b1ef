import io
from importlib import resources

import av
import numpy as np
import pytest

import corpus
import media_bytes
from crossfade.audio import duration_s, media, read_media
from crossfade.errors import AudioError

SECOND = 16_000


def test_every_recording_is_as_long_as_its_manifest_says(recordings):
    for recording in recordings:
        n_samples = recording.samples().size
        # AAC fills up its last frame, so an M4A may be some 30 ms longer.
        assert n_samples == pytest.approx(recording.duration_s * SECOND, abs=0.04 * SECOND)


@pytest.mark.speech
def test_every_shared_recording_can_be_read(shared_speech):
    headerless = (".raw", ".ulaw", ".gsm", ".g722")
    for recording in shared_speech:
        if recording.path.suffix not in headerless:
            samples = recording.samples()
            assert samples.size == pytest.approx(recording.duration_s * SECOND, rel=0.01)
    assert len(shared_speech) > 200


def test_blocks_are_one_second_long_but_for_the_last(recording):
    path = recording("ls-39-121914-0000").path
    sizes = [block.size for block in read_media(path)]
    assert sizes[:-1] == [SECOND] * 10
    assert 0 < sizes[-1] < SECOND


def test_an_open_file_that_cannot_seek_gives_the_same(recording):
    class Pipe:
        def __init__(self, data: bytes) -> None:
            self.read = io.BytesIO(data).read

    entry = recording("ls-39-121914-0000")
    piped = np.concatenate(list(read_media(Pipe(entry.path.read_bytes()))))
    np.testing.assert_array_equal(piped, entry.samples())


def test_the_sound_of_a_video_is_read(tmp_path):
    path = tmp_path / "film.mkv"
    path.write_bytes(media_bytes.video(np.zeros(2 * SECOND, np.float32)))
    assert sum(block.size for block in read_media(path)) == pytest.approx(2 * SECOND, abs=2_048)


def no_file(tmp_path):
    return tmp_path / "nowhere.wav"


def a_folder(tmp_path):
    return tmp_path


def no_media(tmp_path):
    path = tmp_path / "letter.txt"
    path.write_text("Dear Sir or Madam,\n" * 40)
    return path


def an_empty_file(tmp_path):
    path = tmp_path / "empty.wav"
    path.touch()
    return path


def a_silent_film(tmp_path):
    path = tmp_path / "silent.mkv"
    path.write_bytes(media_bytes.video(None))
    return path


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (no_file, "there is no file .*nowhere.wav"),
        (a_folder, "cannot be read: Is a directory"),
        (no_media, "letter.txt: .* not a media file"),
        (an_empty_file, "empty.wav is empty"),
        (a_silent_film, "silent.mkv: .* no audio track"),
    ],
)
@pytest.mark.parametrize("read", [lambda path: list(read_media(path)), duration_s])
def test_what_is_wrong_with_a_file_is_said_in_a_sentence(make, sentence, read, tmp_path):
    with pytest.raises(AudioError, match=sentence):
        read(make(tmp_path))


def test_an_address_is_not_opened():
    with pytest.raises(AudioError, match="there is no file"):
        list(read_media("http://localhost:9/speech.wav"))


def test_duration_is_told_without_decoding(recording):
    for name in ("ls-39-121914-0000", "fmt-jfk-inaugural-mp3-44k", "fmt-jfk-inaugural-wav-alaw-8k"):
        entry = recording(name)
        assert duration_s(entry.path) == pytest.approx(entry.duration_s, abs=0.1)


def test_a_stream_that_does_not_know_its_length_says_so(tmp_path):
    path = tmp_path / "live.webm"
    noise = np.zeros(SECOND, np.float32)
    path.write_bytes(media_bytes.encoded(noise, "webm", "libopus", options={"live": "1"}))
    assert duration_s(path) is None


def test_the_demo_has_a_recording_with_a_pause_for_a_turn_to_end_in():
    demo = resources.files("crossfade.cli") / "demo" / "speech.flac"
    with resources.as_file(demo) as path:
        samples = np.concatenate(list(read_media(path)))
    assert samples.size == pytest.approx(22.4 * SECOND, abs=0.1 * SECOND)
    assert np.abs(samples[int(10.7 * SECOND) : int(11.7 * SECOND)]).max() < 0.005
    assert np.abs(samples[int(-0.9 * SECOND) :]).max() < 0.005


def test_the_recordings_that_are_carried_name_their_licence_and_stay_small(recordings):
    listed = {recording.path for recording in recordings}
    audio = {p for p in corpus.CARRIED.rglob("*") if p.is_file() and p.parent != corpus.CARRIED}
    assert audio == listed
    assert all(recording.license and recording.attribution for recording in recordings)
    assert not any("SA" in recording.license for recording in recordings)
    assert sum(path.stat().st_size for path in listed) < 5_500_000


def test_pictures_beside_the_audio_are_not_decoded():
    """A cover of half a megabyte may be 550 MB when it is taken apart."""
    sound = media_bytes.encoded(np.zeros(SECOND, np.float32), "mp3", "libmp3lame")
    file = media_bytes.with_cover(sound, media_bytes.png(3, 2))
    with av.open(io.BytesIO(file)) as looked_at:
        assert looked_at.streams.video[0].codec_context.pix_fmt == "rgba"
    with media._opened(io.BytesIO(file)) as ours:
        assert ours.streams.video[0].codec_context.pix_fmt is None
    assert sum(block.size for block in read_media(io.BytesIO(file))) == pytest.approx(
        SECOND, abs=2000
    )
