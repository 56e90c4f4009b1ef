"""Speaker labels as a session gets them: on the words, and never in their way."""

import pytest

from crossfade.audio.pcm import encode
from crossfade.model import (
    Audio,
    Encoding,
    Final,
    Finish,
    Partial,
    RawAudio,
    ReportSpeakers,
    SessionConfig,
    SilenceEndpointing,
    Speaker,
    SpeakerLabels,
    SpeakersIgnored,
    SpeakersKnown,
)
from crossfade.recognizers.onnx import EmbeddedRecognizer
from crossfade.recognizers.onnx.files import ModelFiles, prepare_speakers
from hearing import final_words

pytestmark = pytest.mark.model


@pytest.fixture
async def recognizer(model_files: ModelFiles):
    prepare_speakers(model_files)
    recognizer = EmbeddedRecognizer(model_files)
    await recognizer.start()
    yield recognizer
    await recognizer.aclose()


async def heard_of(recognizer, samples, labels):
    """Everything that a session reports which asks for its speakers at the end."""
    config = SessionConfig(
        language="en",
        audio=RawAudio(encoding=Encoding.PCM_S16LE, sample_rate_hz=16_000),
        endpointing=SilenceEndpointing(silence_ms=500),
        max_delay_ms=2000,
        speaker_labels=labels,
    )
    stream = recognizer.open(config)
    data = encode(samples, Encoding.PCM_S16LE)
    for start in range(0, len(data), 3200):
        await stream.feed(Audio(data=data[start : start + 3200]))
    await stream.feed(ReportSpeakers(at_end=True))
    await stream.feed(Finish())
    return [event async for event in stream.events()]


async def words_of(recognizer, samples, labels):
    events = await heard_of(recognizer, samples, labels)
    return final_words([event for event in events if isinstance(event, Final)])


async def test_two_speakers_are_told_apart(recognizer, recording):
    entry = recording("sim-2spk-a")
    assert recognizer.info.has_speaker_labels
    words = await words_of(recognizer, entry.samples(), SpeakerLabels())
    names = {spoken.speaker for spoken in entry.words}
    assert len(names) == 2

    def share_right(labels: dict[str, str]) -> float:
        right_ms = total_ms = 0
        for word in words:
            middle_s = (word.start_ms + word.end_ms) / 2000
            spoken = min(entry.words, key=lambda w: abs((w.start + w.end) / 2 - middle_s))
            total_ms += word.end_ms - word.start_ms
            if labels.get(word.speaker or "") == spoken.speaker:
                right_ms += word.end_ms - word.start_ms
        return right_ms / total_ms

    first, second = sorted(names)
    best = max(share_right({"S1": first, "S2": second}), share_right({"S1": second, "S2": first}))
    assert best > 0.9


async def test_labels_change_no_word_and_are_off_by_default(recognizer, recording):
    samples = recording("sim-2spk-a").samples()
    plain = await words_of(recognizer, samples, None)
    labelled = await words_of(recognizer, samples, SpeakerLabels(max_speakers=2))
    assert {word.speaker for word in plain} == {None}
    assert [(w.text, w.start_ms, w.end_ms) for w in plain] == [
        (w.text, w.start_ms, w.end_ms) for w in labelled
    ]


async def test_speakers_are_known_again_by_what_an_earlier_session_told_of_them(
    recognizer, recording
):
    samples = recording("sim-2spk-a").samples()
    events = await heard_of(recognizer, samples, SpeakerLabels(max_speakers=2))
    report = events[-1]
    assert isinstance(report, SpeakersKnown)
    assert report.at_end
    assert [speaker.label for speaker in report.speakers] == ["S1", "S2"]
    before = final_words([event for event in events if isinstance(event, Final)])

    names = dict(zip(("S1", "S2"), ("Ann", "Bob"), strict=True))
    known = tuple(
        Speaker(label=names[speaker.label], identifiers=(*speaker.identifiers, "alien"))
        for speaker in report.speakers
    )
    again = await heard_of(recognizer, samples, SpeakerLabels(known=known))
    assert again[0] == SpeakersIgnored(labels=("Ann", "Bob"))
    after = final_words([event for event in again if isinstance(event, Final)])
    expected = [names.get(word.speaker or "") for word in before]
    right = sum(word.speaker == name for word, name in zip(after, expected, strict=True))
    assert right / len(after) > 0.9


async def test_who_asks_is_answered_at_once_ahead_of_audio_that_waits(recognizer, recording):
    config = SessionConfig(
        language="en", audio=RawAudio(encoding=Encoding.PCM_S16LE, sample_rate_hz=16_000)
    )
    stream = recognizer.open(config)
    events = aiter(stream.events())
    await stream.feed(ReportSpeakers())
    assert await anext(events) == SpeakersKnown(speakers=())
    data = encode(recording("sim-2spk-a").samples(), Encoding.PCM_S16LE)
    await stream.feed(Audio(data=data))
    await stream.feed(ReportSpeakers())
    await stream.feed(Finish())
    await stream.feed(ReportSpeakers())
    heard = [event async for event in events]
    answers = [at for at, event in enumerate(heard) if isinstance(event, SpeakersKnown)]
    assert len(answers) == 2
    finals = [at for at, event in enumerate(heard) if isinstance(event, Final)]
    assert answers[-1] < finals[0]
    assert all(isinstance(heard[at + 1], Partial) for at in finals)
