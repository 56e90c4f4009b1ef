"""The recognizer that says what it is told."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from crossfade.errors import ConfigError, RecognizerError
from crossfade.model import (
    Audio,
    AudioAccepted,
    AudioIgnored,
    ConfidenceEndpointing,
    ContainerAudio,
    Encoding,
    Final,
    Finish,
    ForceTurn,
    NoEndpointing,
    Partial,
    PunctuationEndpointing,
    RawAudio,
    Reconfigure,
    ReportSpeakers,
    SessionConfig,
    Silence,
    SilenceEndpointing,
    Speaker,
    SpeakerLabels,
    SpeakersIgnored,
    SpeakersKnown,
    SpeechStarted,
    TurnEnded,
    Word,
)
from crossfade.recognizers.scripted import ScriptedRecognizer, spoken

MORNING = spoken("Good morning. Welcome aboard.")  # 500-800 900-1200. 1300-1600 1700-2000.


def ms(n_ms: int) -> Audio:
    return Audio(data=bytes(n_ms * 16))  # 8 kHz, 16 bits


def configured(**changes) -> SessionConfig:
    audio = RawAudio(encoding=Encoding.PCM_S16LE, sample_rate_hz=8000)
    return SessionConfig(**{"language": "en", "audio": audio, **changes})


async def play(commands, *, script=MORNING, recognizer=None, **changes):
    stream = (recognizer or ScriptedRecognizer(script)).open(configured(**changes))
    for command in [*commands, Finish()]:
        await stream.feed(command)
    return [event async for event in stream.events()]


def of(kind, events):
    return [event for event in events if isinstance(event, kind)]


def texts(event) -> list[str]:
    return [word.text for word in event.words]


async def test_it_says_its_words_when_the_audio_reaches_them():
    events = await play([ms(3000)])
    partials = of(Partial, events)
    assert [(p.through_ms, texts(p)) for p in partials if p.words] == [
        (1000, ["Good"]),
        (1500, ["Good", "morning"]),
        (2000, ["Good", "morning", "Welcome", "aboard"]),
        (2500, ["Good", "morning", "Welcome", "aboard"]),
        (3000, ["Good", "morning", "Welcome", "aboard"]),
    ]
    assert [p.at_pause for p in partials if p.words] == [False, False, False, True, True]
    assert of(SpeechStarted, events) == [SpeechStarted(turn=0, at_ms=500, confidence=1.0)]
    (final,) = of(Final, events)
    assert (final.words, final.through_ms) == (tuple(MORNING), 3000)
    assert isinstance(events[-1], Partial)
    assert not of(TurnEnded, events)  # the audio was over, not the turn


async def test_words_are_final_after_the_longest_delay():
    events = await play([ms(5000)], max_delay_ms=700)
    finals = [(f.through_ms, texts(f)) for f in of(Final, events)]
    assert finals == [
        (1300, ["Good", "morning"]),  # "Welcome" is being said at 1500
        (2300, ["Welcome", "aboard"]),
        (5000, []),
    ]


@pytest.mark.parametrize(
    ("endpointing", "ends_ms"),
    [
        pytest.param(NoEndpointing(), [], id="never"),
        pytest.param(SilenceEndpointing(silence_ms=500), [2500], id="after-silence"),
        pytest.param(SilenceEndpointing(silence_ms=60), [860, 1260, 1660, 2060], id="every-word"),
        pytest.param(
            ConfidenceEndpointing(min_silence_ms=300, max_silence_ms=2000, threshold=0.5),
            [2300],
            id="complete",
        ),
        pytest.param(
            PunctuationEndpointing(min_silence_ms=40, max_silence_ms=900, max_turn_ms=60_000),
            [1240, 2040],
            id="sentences",
        ),
        pytest.param(
            PunctuationEndpointing(min_silence_ms=9000, max_silence_ms=9000, max_turn_ms=600),
            [1200, 2000],
            id="too-long",
        ),
    ],
)
async def test_turns_end_as_configured(endpointing, ends_ms):
    events = await play([ms(4000)], endpointing=endpointing)
    ended = of(TurnEnded, events)
    assert [event.at_ms for event in ended] == ends_ms
    assert [event.turn for event in ended] == list(range(len(ends_ms)))


async def test_a_turn_ends_with_a_final_a_partial_and_turn_ended():
    events = await play([ms(2600)], endpointing=SilenceEndpointing(silence_ms=500))
    at = events.index(of(TurnEnded, events)[0])
    assert [type(event) for event in events[at - 2 : at + 1]] == [Final, Partial, TurnEnded]


async def test_a_forced_end_is_a_mark_in_the_audio():
    events = await play([ms(1000), ForceTurn(), ms(2000)])
    forced, rest = of(Final, events)
    assert (texts(forced), forced.forced) == (["Good"], True)
    assert (texts(rest), rest.turn, rest.forced) == (["morning", "Welcome", "aboard"], 1, False)
    (ended,) = of(TurnEnded, events)
    assert (ended.at_ms, ended.forced) == (1000, True)
    # "morning" was being said: it begins the next turn
    assert of(SpeechStarted, events)[1] == SpeechStarted(turn=1, at_ms=900, confidence=1.0)
    assert forced.through_ms == 900


async def test_a_forced_end_in_the_past_leaves_later_words_open():
    events = await play([ms(1500), ForceTurn(at_ms=850), ms(1000)])
    forced, rest = of(Final, events)
    assert texts(forced) == ["Good"]
    assert texts(rest) == ["morning", "Welcome", "aboard"]


async def test_a_forced_end_is_answered_in_silence_and_twice():
    events = await play([ForceTurn(), ForceTurn()])
    assert [type(e) for e in events[:6]] == [Final, Partial, TurnEnded] * 2
    assert [e.turn for e in of(TurnEnded, events)] == [0, 1]


async def test_silence_is_reported_every_second_outside_turns():
    events = await play([ms(6000)], endpointing=SilenceEndpointing(silence_ms=500))
    assert of(Silence, events) == [
        Silence(start_ms=2500, end_ms=3500),
        Silence(start_ms=3500, end_ms=4500),
        Silence(start_ms=4500, end_ms=5500),
    ]


async def test_settings_change_for_the_audio_that_follows():
    events = await play([ms(1000), Reconfigure(partials_wanted=False, max_delay_ms=100), ms(2000)])
    shown = [e.through_ms for e in of(Partial, events) if e.words]
    assert shown == [1000]
    assert len(of(Final, events)) > 2
    events = await play(
        [ms(1000), Reconfigure(endpointing=SilenceEndpointing(silence_ms=200)), ms(2000)]
    )
    assert [e.at_ms for e in of(TurnEnded, events)] == [2200]


async def test_every_chunk_is_acknowledged_in_order():
    events = await play([ms(10)] * 5)
    assert [e.number for e in of(AudioAccepted, events)] == [1, 2, 3, 4, 5]


async def test_audio_after_the_end_is_answered_and_counts_for_nothing():
    stream = ScriptedRecognizer(MORNING).open(configured())
    for command in [ms(1000), Finish(), ms(9000), ForceTurn(), ms(10), Finish()]:
        await stream.feed(command)
    events = [event async for event in stream.events()]
    assert len(of(AudioIgnored, events)) == 2
    assert not of(TurnEnded, events)
    assert stream.audio_ms == 1000
    await stream.feed(ms(1000))  # and after the last event it is dropped


@pytest.mark.parametrize(
    ("audio", "n_bytes"),
    [
        (RawAudio(encoding=Encoding.MULAW, sample_rate_hz=8000), 8000),
        (RawAudio(encoding=Encoding.PCM_F32LE, sample_rate_hz=44100), 176_400),
        (ContainerAudio(), 32_000),
    ],
)
async def test_positions_come_from_byte_counts(audio, n_bytes):
    stream = ScriptedRecognizer(MORNING).open(configured(audio=audio))
    for _ in range(7):
        await stream.feed(Audio(data=bytes(n_bytes)))
    await stream.feed(Finish())
    events = [event async for event in stream.events()]
    assert stream.audio_ms == 7000
    assert of(Final, events)[-1].through_ms == 7000


async def test_a_full_stream_makes_its_feeder_wait_for_the_reader():
    stream = ScriptedRecognizer(MORNING, queue_bytes=1000).open(configured())
    await stream.feed(ms(1000))
    feeding = asyncio.ensure_future(stream.feed(ms(1000)))
    await asyncio.sleep(0)
    assert not feeding.done()
    await anext(aiter(stream.events()))
    await feeding


async def test_closing_lets_a_waiting_feeder_go_and_may_be_repeated():
    recognizer = ScriptedRecognizer(MORNING, queue_bytes=1)
    stream = recognizer.open(configured())
    await stream.feed(ms(10))
    feeding = asyncio.ensure_future(stream.feed(ms(10)))
    await asyncio.sleep(0)
    await stream.aclose()
    await stream.aclose()
    await feeding
    assert recognizer.n_open == 0


async def test_a_language_it_does_not_know_is_refused():
    with pytest.raises(ConfigError) as refused:
        ScriptedRecognizer([]).open(configured(language="de"))
    assert refused.value.field == "language"


async def test_it_fails_where_it_is_told_to():
    events = await play([ms(999)], recognizer=ScriptedRecognizer(MORNING, fails_at_ms=1000))
    assert texts(of(Final, events)[-1]) == ["Good"]
    with pytest.raises(RecognizerError):
        await play([ms(1000)], recognizer=ScriptedRecognizer(MORNING, fails_at_ms=1000))


async def test_a_script_can_be_repeated():
    recognizer = ScriptedRecognizer(spoken("Hello"), repeat_ms=1000)
    events = await play([ms(3000)], recognizer=recognizer)
    (final,) = of(Final, events)
    assert [word.start_ms for word in final.words] == [500, 1500, 2500]


def test_a_spoken_script_keeps_marks_apart():
    assert spoken("Well, yes!", start_ms=0, word_ms=100, gap_ms=0) == [
        Word(text="Well", start_ms=0, end_ms=100, confidence=0.95, punctuation=","),
        Word(text="yes", start_ms=100, end_ms=200, confidence=0.95, punctuation="!"),
    ]


@st.composite
def scripts(draw) -> list[Word]:
    words, at_ms = [], 0
    for number in range(draw(st.integers(0, 8))):
        at_ms += draw(st.integers(0, 1500))
        end_ms = at_ms + draw(st.integers(1, 600))
        mark = draw(st.sampled_from(["", "", ".", ","]))
        words.append(
            Word(text=f"w{number}", start_ms=at_ms, end_ms=end_ms, confidence=1.0, punctuation=mark)
        )
        at_ms = end_ms
    return words


POLICIES = st.sampled_from(
    [
        NoEndpointing(),
        SilenceEndpointing(silence_ms=500),
        ConfidenceEndpointing(min_silence_ms=200, max_silence_ms=1000, threshold=0.5),
        PunctuationEndpointing(min_silence_ms=100, max_silence_ms=1000, max_turn_ms=2000),
    ]
)


@given(
    script=scripts(),
    chunks=st.lists(st.integers(1, 2500), max_size=12),
    endpointing=POLICIES,
    forces=st.sets(st.integers(0, 12)),
    max_delay_ms=st.integers(100, 4000),
)
async def test_events_come_in_the_documented_order(
    script, chunks, endpointing, forces, max_delay_ms
):
    commands = []
    for number, chunk_ms in enumerate(chunks):
        commands.append(ms(chunk_ms))
        if number in forces:
            commands.append(ForceTurn())
    events = await play(commands, script=script, endpointing=endpointing, max_delay_ms=max_delay_ms)
    audio_ms = sum(chunks)
    told = [event for event in events if not isinstance(event, AudioAccepted)]
    turn, through_ms = 0, 0
    for before, event in zip([None, *told], [*told, None], strict=True):
        if isinstance(before, Final):
            assert isinstance(event, Partial)
        if isinstance(event, TurnEnded):
            assert isinstance(before, Partial)
            assert event.turn == turn
            turn += 1
        elif isinstance(event, Partial | Final | SpeechStarted):
            assert event.turn == turn
        if isinstance(event, Final):
            assert through_ms <= event.through_ms <= audio_ms
            assert all(
                word.start_ms >= through_ms or event.forced or forces for word in event.words
            )
            through_ms = event.through_ms
    said = [word for event in of(Final, told) for word in event.words]
    assert said == [word for word in script if word.end_ms <= audio_ms]
    assert isinstance(told[-1], Partial)
    assert not told[-1].words


@given(
    script=scripts(),
    chunks=st.lists(st.integers(1, 3000), max_size=12),
    endpointing=POLICIES,
)
async def test_how_audio_is_cut_changes_nothing(script, chunks, endpointing):
    async def told(commands):
        events = await play(commands, script=script, endpointing=endpointing)
        return [event for event in events if not isinstance(event, AudioAccepted)]

    cut = await told([Audio(data=bytes(n_bytes)) for n_bytes in chunks])
    whole = await told([Audio(data=bytes(sum(chunks)))])
    assert cut == whole


# Speakers -------------------------------------------------------------------------------------

DIALOGUE = [replace(word, speaker="S1" if at < 2 else "S2") for at, word in enumerate(MORNING)]


def speakers_of(events) -> list[str | None]:
    return [word.speaker for final in of(Final, events) for word in final.words]


async def test_speakers_are_named_only_if_somebody_asked():
    recognizer = ScriptedRecognizer(DIALOGUE)
    assert recognizer.info.has_speaker_labels
    assert not ScriptedRecognizer(MORNING).info.has_speaker_labels
    assert speakers_of(await play([ms(3000)], recognizer=recognizer)) == [None] * 4
    named = await play([ms(3000)], recognizer=recognizer, speaker_labels=SpeakerLabels())
    assert speakers_of(named) == ["S1", "S1", "S2", "S2"]


async def test_known_speakers_have_the_names_that_the_client_gives_them():
    known = (Speaker(label="Ann", identifiers=("scripted:S2", "alien")),)
    events = await play([ms(3000)], script=DIALOGUE, speaker_labels=SpeakerLabels(known=known))
    assert events[0] == SpeakersIgnored(labels=("Ann",))
    assert speakers_of(events) == ["S1", "S1", "Ann", "Ann"]


async def test_questions_about_speakers_are_answered_ahead_of_audio_that_waits():
    stream = ScriptedRecognizer(DIALOGUE).open(configured(speaker_labels=SpeakerLabels()))
    one = Speaker(label="S1", identifiers=("scripted:S1",))
    await stream.feed(ms(1200))
    events = aiter(stream.events())
    while await anext(events) != AudioAccepted(number=1):
        pass
    await stream.feed(ms(1800))
    await stream.feed(ReportSpeakers())
    await stream.feed(ReportSpeakers(at_end=True))
    await stream.feed(Finish())
    rest = [event async for event in events]
    answer = rest.index(SpeakersKnown(speakers=(one,)))
    assert answer < rest.index(AudioAccepted(number=2))
    two = Speaker(label="S2", identifiers=("scripted:S2",))
    assert rest[-1] == SpeakersKnown(speakers=(one, two), at_end=True)


async def test_a_question_is_answered_while_no_audio_comes_and_with_nobody_to_name():
    stream = ScriptedRecognizer(DIALOGUE).open(configured())
    await stream.feed(ReportSpeakers())
    async with asyncio.timeout(5):
        assert await anext(aiter(stream.events())) == SpeakersKnown(speakers=())
