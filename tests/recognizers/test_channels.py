"""Several channels in one session, over a recognizer that says what it is told."""

import asyncio

import pytest

from crossfade.errors import ConfigError, ProtocolError, RecognizerError
from crossfade.model import (
    Audio,
    AudioAccepted,
    AudioIgnored,
    ChannelEvent,
    Encoding,
    Final,
    Finish,
    ForceTurn,
    InChannel,
    Partial,
    RawAudio,
    Reconfigure,
    ReportSpeakers,
    SessionConfig,
    SilenceEndpointing,
    Speaker,
    SpeakerLabels,
    SpeakersIgnored,
    SpeakersKnown,
    TurnEnded,
    Word,
)
from crossfade.recognizers import channels
from crossfade.recognizers.scripted import ScriptedRecognizer, spoken

SECOND = bytes(16_000)  # 8 kHz, 16 bits
MORNING = spoken("Good morning. Welcome aboard.")


def configured(*names, **changes):
    audio = RawAudio(encoding=Encoding.PCM_S16LE, sample_rate_hz=8000)
    return SessionConfig(**{"language": "en", "audio": audio, "channels": names, **changes})


def audio(channel, seconds=1):
    return InChannel(channel=channel, command=Audio(data=SECOND * seconds))


def finish(channel):
    return InChannel(channel=channel, command=Finish())


def in_channel(channel, events):
    return [
        event.event
        for event in events
        if isinstance(event, ChannelEvent) and event.channel == channel
    ]


def words_of(events):
    return [word.text for event in events if isinstance(event, Final) for word in event.words]


async def play(*commands, recognizer=None, config=None):
    """Feed commands, then hear everything."""
    recognizer = recognizer or ScriptedRecognizer(MORNING)
    async with channels.opened(recognizer, config or configured("a", "b")) as stream:
        for command in commands:
            await stream.feed(command)
        heard = [event async for event in stream.events()]
    assert recognizer.n_open == 0
    return heard


async def test_without_channels_the_stream_is_the_recognizers_own():
    recognizer = ScriptedRecognizer(MORNING)
    async with channels.opened(recognizer, configured()) as stream:
        await stream.feed(Audio(data=SECOND))
        await stream.feed(Finish())
        events = [event async for event in stream.events()]
        assert not isinstance(stream, channels.ChannelStreams)
    assert words_of(events) == ["Good"]
    assert recognizer.n_open == 0


async def test_each_channel_has_its_own_clock_acknowledgements_turns_and_end():
    events = await play(
        audio("a", 3), audio("b"), audio("a"), finish("b"), audio("a"), finish("a"),
        config=configured("a", "b", endpointing=SilenceEndpointing(silence_ms=500)),
    )  # fmt: skip
    assert all(isinstance(event, ChannelEvent) for event in events)
    first, second = in_channel("a", events), in_channel("b", events)
    assert words_of(first) == ["Good", "morning", "Welcome", "aboard"]
    assert words_of(second) == ["Good"]
    assert [e.number for e in first if isinstance(e, AudioAccepted)] == [1, 2, 3]
    assert [e.number for e in second if isinstance(e, AudioAccepted)] == [1]
    assert [e.turn for e in first if isinstance(e, TurnEnded)] == [0]
    assert isinstance(first[-1], Partial)
    assert isinstance(second[-1], Partial)


async def test_one_finish_ends_all_channels():
    events = await play(audio("a"), Finish())
    assert words_of(in_channel("a", events)) == ["Good"]
    assert isinstance(in_channel("b", events)[-1], Partial)


async def test_the_session_goes_on_while_one_channel_does():
    async with channels.opened(ScriptedRecognizer(MORNING), configured("a", "b")) as stream:
        await stream.feed(finish("a"))
        await stream.feed(audio("b", 3))
        async with asyncio.timeout(5):
            async for event in stream.events():
                if event == ChannelEvent(channel="b", event=AudioAccepted(number=1)):
                    await stream.feed(finish("b"))


@pytest.mark.parametrize("is_over", [False, True], ids=["draining", "over"])
async def test_audio_for_a_finished_channel_is_ignored_and_that_is_told(is_over):
    async with channels.opened(ScriptedRecognizer(MORNING), configured("a", "b")) as stream:
        await stream.feed(finish("a"))
        events = aiter(stream.events())
        if is_over:
            event = await anext(events)
            while not isinstance(event.event, Partial):
                event = await anext(events)
        await stream.feed(audio("a"))
        await stream.feed(Finish())
        rest = [event async for event in events]
    assert ChannelEvent(channel="a", event=AudioIgnored()) in rest
    assert words_of(in_channel("a", rest)) == []


async def test_a_forced_end_is_for_one_channel_or_for_all():
    events = await play(
        audio("a"), audio("b"), InChannel(channel="a", command=ForceTurn()), ForceTurn(), Finish()
    )
    assert [e.turn for e in in_channel("a", events) if isinstance(e, TurnEnded)] == [0, 1]
    assert [e.turn for e in in_channel("b", events) if isinstance(e, TurnEnded)] == [0]


async def test_a_change_is_for_all_channels():
    change = Reconfigure(endpointing=SilenceEndpointing(silence_ms=500))
    events = await play(change, audio("a", 4), audio("b", 4), Finish())
    for channel in ("a", "b"):
        assert len([e for e in in_channel(channel, events) if isinstance(e, TurnEnded)]) == 1


async def test_the_audio_of_all_channels_counts():
    async with channels.opened(ScriptedRecognizer([]), configured("a", "b")) as stream:
        await stream.feed(audio("a", 2))
        await stream.feed(audio("b", 1))
        assert stream.audio_ms == 3000
        assert stream.speech_peak() == 1.0


async def test_audio_of_no_channel_is_refused():
    async with channels.opened(ScriptedRecognizer([]), configured("a", "b")) as stream:
        with pytest.raises(ProtocolError):
            await stream.feed(Audio(data=SECOND))


async def test_a_channel_that_fails_ends_the_session():
    recognizer = ScriptedRecognizer(MORNING, fails_at_ms=2000)
    with pytest.RaisesGroup(RecognizerError):
        await play(audio("b"), audio("a", 2), recognizer=recognizer)
    assert recognizer.n_open == 0


async def test_a_language_that_is_not_known_is_refused_as_ever():
    recognizer = ScriptedRecognizer(MORNING)
    with pytest.raises(ConfigError):
        await play(config=configured("a", "b", language="xx"), recognizer=recognizer)
    assert recognizer.n_open == 0


async def test_nobody_who_does_not_listen_fills_the_memory():
    recognizer = ScriptedRecognizer(MORNING, repeat_ms=2500, queue_bytes=100_000)
    async with channels.opened(recognizer, configured("a", "b")) as stream:
        n_fed = 0

        async def feed_for_ever():
            nonlocal n_fed
            while True:
                await stream.feed(audio("ab"[n_fed % 2]))
                n_fed += 1

        feeding = asyncio.ensure_future(feed_for_ever())
        done, _ = await asyncio.wait([feeding], timeout=0.3)
        assert not done
        assert n_fed < 300
        feeding.cancel()


# Speakers -------------------------------------------------------------------------------------


def by(speaker, words):
    return [
        Word(text=w.text, start_ms=w.start_ms, end_ms=w.end_ms, confidence=1.0, speaker=speaker)
        for w in words
    ]


DIALOGUE = [*by("S1", MORNING[:2]), *by("S2", MORNING[2:])]
ONE = Speaker(label="S1", identifiers=("scripted:S1",))
OTHER = Speaker(label="S2", identifiers=("scripted:S2",))


async def test_every_question_about_speakers_has_one_answer_of_all_channels():
    recognizer = ScriptedRecognizer(DIALOGUE)
    config = configured("a", "b", speaker_labels=SpeakerLabels())
    async with channels.opened(recognizer, config) as stream:
        await stream.feed(audio("a", 3))
        await stream.feed(audio("b", 1))
        events = aiter(stream.events())
        n_accepted = 0
        while n_accepted < 2:
            n_accepted += isinstance((await anext(events)).event, AudioAccepted)
        await stream.feed(ReportSpeakers())
        await stream.feed(ReportSpeakers())
        answers = []
        async with asyncio.timeout(5):  # no audio flows
            while len(answers) < 2:
                event = await anext(events)
                answers += [event] if isinstance(event, SpeakersKnown) else []
        assert answers[-1] == SpeakersKnown(speakers=(ONE, OTHER, ONE))
        await stream.feed(Finish())
        assert not [event async for event in events if isinstance(event, SpeakersKnown)]


async def test_a_channel_that_is_over_keeps_nobody_waiting_for_its_answer():
    recognizer = ScriptedRecognizer(DIALOGUE)
    config = configured("a", "b", speaker_labels=SpeakerLabels())
    async with channels.opened(recognizer, config) as stream:
        await stream.feed(finish("a"))
        events = aiter(stream.events())
        while not isinstance((await anext(events)).event, Partial):
            pass
        await stream.feed(ReportSpeakers())
        async with asyncio.timeout(5):
            while await anext(events) != SpeakersKnown(speakers=()):
                pass


async def test_a_question_about_the_end_has_one_answer_however_often_it_is_asked():
    events = await play(
        ReportSpeakers(at_end=True), audio("a", 3), ReportSpeakers(at_end=True), Finish(),
        recognizer=ScriptedRecognizer(DIALOGUE),
        config=configured("a", "b", speaker_labels=SpeakerLabels()),
    )  # fmt: skip
    assert events[-1] == SpeakersKnown(speakers=(ONE, OTHER), at_end=True)
    assert len([event for event in events if isinstance(event, SpeakersKnown)]) == 1


async def test_prints_that_nobody_can_read_are_told_of_once():
    known = (Speaker(label="Ann", identifiers=("scripted:S1",)),
             Speaker(label="Bob", identifiers=("from elsewhere",)))  # fmt: skip
    events = await play(
        audio("a", 3), Finish(),
        recognizer=ScriptedRecognizer(DIALOGUE),
        config=configured("a", "b", speaker_labels=SpeakerLabels(known=known)),
    )  # fmt: skip
    assert [e for e in events if isinstance(e, SpeakersIgnored)] == [
        SpeakersIgnored(labels=("Bob",))
    ]
    finals = [e for e in in_channel("a", events) if isinstance(e, Final)]
    assert [word.speaker for final in finals for word in final.words] == ["Ann", "Ann", "S2", "S2"]
