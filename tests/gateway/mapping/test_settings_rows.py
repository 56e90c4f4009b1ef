"""What becomes of each setting, on the way from one protocol to another."""

import asyncio
import json
import logging

import pytest

import assemblyai_wire
import speechmatics_wire
from assemblyai_wire import US
from crossfade.gateway.fitting import fitted
from crossfade.model import (
    ConfidenceEndpointing,
    KeyTerm,
    RawAudio,
    SessionConfig,
    Word,
)
from crossfade.recognizers.scripted import spoken
from crossfade.server.run import ServerConfig
from crossing import (
    EACH_BEHIND,
    EACH_PAIR,
    FRONTS,
    MS,
    QUIET,
    WORD_BY_WORD,
    Heard,
    crossing,
    pairs,
)
from gateways import BY_NAME
from speechmatics_wire import start_message

pytestmark = pytest.mark.asyncio(loop_scope="module")

row = pytest.mark.mapping
SHORT = bytes(200 * MS)
SPEECHMATICS, ASSEMBLYAI = FRONTS["speechmatics"], FRONTS["assemblyai"]


@pytest.fixture(autouse=True)
def log(caplog):
    caplog.set_level(logging.INFO)
    return caplog


def of(front, asked):
    """What a client asks for: in its own words, or in those that two protocols share."""
    return asked.get(front, asked["speechmatics"])


def texts(words):
    return [word.text for word in words]


# Language and model.


@row("settings.language", "adapted")
@EACH_PAIR
async def test_the_code_of_the_language_is_the_same(there, front, behind, log):
    asked = {"speechmatics": {"language": "de"}, "assemblyai": {"language_codes": ["de"]}}
    await FRONTS[front].converse(there.url, SHORT, **of(front, asked))
    arrived = {
        "speechmatics": {"language": "de"},
        "agent-stt": {"language": "de"},
        "assemblyai": {"language_codes": '["de"]'},
    }
    if (front, behind) == ("speechmatics", "assemblyai"):  # the standard one knows six languages
        arrived["assemblyai"] = {"speech_model": "universal-streaming-multilingual"}
        assert "language: adapted, the model finds out which of" in log.text
    else:
        assert there.far.configs[0].language == "de"
    assert arrived[behind].items() <= there.asked.items()


@row("settings.language", "adapted", behind="assemblyai")
@pytest.mark.parametrize("behind", ["assemblyai"])
async def test_a_language_that_assemblyai_has_not_is_refused_with_the_list(there, behind):
    async with speechmatics_wire.dial(f"{there.url}/v2") as wire:
        await wire.say(start_message(language="cy"))
        error = await wire.hear("Error")
    assert error["type"] == "invalid_model"
    assert "cy is none of af, ar, ca" in error["reason"]


@row("settings.language", "adapted", behind="speechmatics")
@pytest.mark.parametrize("behind", ["speechmatics"])
async def test_a_language_that_speechmatics_has_not_is_refused_with_the_list(there, behind):
    asked = {"sample_rate": 16_000, "language_codes": ["zu"]}
    async with assemblyai_wire.dial(there.url, **asked) as wire:
        error = await wire.hear("Error")
    assert error["error_code"] == 3006
    assert "zu is none of ar, ar_en, ba," in error["error"]


NAMES = {
    "standard": {"speechmatics": {}, "assemblyai": {"speech_model": US}, "agent-stt": {}},
    "enhanced": {
        "speechmatics": {"operating_point": "enhanced"},
        "assemblyai": {"speech_model": "u3-rt-pro"},
        "agent-stt": {"model": "enhanced"},
    },
}


@row("settings.model", "adapted")
@EACH_PAIR
@pytest.mark.parametrize("grade", NAMES)
async def test_the_far_model_is_of_the_grade_of_the_one_that_was_named(there, front, behind, grade):
    await FRONTS[front].converse(there.url, SHORT, **NAMES[grade][front])
    is_enhanced = grade == "enhanced" and front != "agent-stt"
    if behind == "speechmatics":
        assert there.asked.get("model", "standard") == ("enhanced" if is_enhanced else "standard")
        assert "operating_point" not in there.asked
    elif behind == "agent-stt":
        assert there.asked["model"] == "linden-1"
    elif front == "speechmatics":
        assert there.asked["speech_model"] == ("u3-rt-pro" if is_enhanced else US)
    else:  # a rule for turns, or none of the two grades
        has_rule = front == "assemblyai" and grade == "standard"
        assert there.asked["speech_model"] == (US if has_rule else "universal-3-6-pro")


@row("settings.model", "adapted", behind="assemblyai")
async def test_other_languages_with_turns_by_confidence_have_a_model_of_their_own():
    config = SessionConfig(
        language="fr",
        audio=RawAudio(encoding="pcm_s16le", sample_rate_hz=16_000),
        endpointing=ConfidenceEndpointing(min_silence_ms=400, max_silence_ms=1280, threshold=0.4),
    )
    request = BY_NAME["assemblyai"].client().request("ws://far", key=None, config=config)
    assert "speech_model=universal-streaming-multilingual" in request.url


@row("settings.model", "adapted", behind="assemblyai")
async def test_what_the_operator_wrote_into_the_address_wins(tmp_path):
    async with crossing("assemblyai", tmp_path, query="/v3/ws?speech_model=u3-rt-pro") as there:
        await SPEECHMATICS.converse(there.url, SHORT)
    assert there.asked["speech_model"] == "u3-rt-pro"


MEDICAL = {"speechmatics": {"domain": "medical"}, "assemblyai": {"domain": "medical-v1"}}


@row("settings.domain", "adapted")
@EACH_PAIR
async def test_medicine_is_a_domain_everywhere(there, front, behind):
    await FRONTS[front].converse(there.url, SHORT, **of(front, MEDICAL))
    assert there.asked["domain"] == of(behind, MEDICAL)["domain"]


@row("settings.domain", "adapted")
@EACH_BEHIND
async def test_other_domains_go_where_they_are_known_and_else_are_dropped(there, behind, log):
    await SPEECHMATICS.converse(there.url, SHORT, domain="finance")
    is_dropped = behind == "assemblyai"
    assert there.asked.get("domain") == (None if is_dropped else "finance")
    assert ("domain: dropped, this protocol has no such one" in log.text) == is_dropped
    assert "finance" not in log.text


@row("settings.output_locale", "dropped")
@EACH_BEHIND
async def test_the_spelling_of_a_country_is_not_passed_on_and_the_log_says_so(there, behind, log):
    await SPEECHMATICS.converse(there.url, SHORT, output_locale="en-GB")
    assert "output_locale" not in there.asked
    assert "output_locale: spelling is not changed" in log.text


# Words to expect.


@row("settings.keyterms", "adapted")
@EACH_PAIR
async def test_words_to_expect_are_passed_on(there, front, behind):
    terms = [f"Secret{n}" for n in range(100)]
    asked = {
        "speechmatics": {"additional_vocab": terms},
        "assemblyai": {"keyterms_prompt": terms},
    }
    await FRONTS[front].converse(there.url, SHORT, **of(front, asked))
    if behind != "assemblyai":
        assert there.asked["additional_vocab"] == terms
    else:
        assert json.loads(there.asked["keyterms_prompt"]) == terms


@row("settings.keyterms", "adapted", behind="assemblyai")
@pytest.mark.parametrize("behind", ["assemblyai"])
async def test_further_and_longer_words_are_dropped_and_counted_but_not_named(there, behind, log):
    terms = ["x" * 60, *(f"Secret{n}" for n in range(120))]
    await SPEECHMATICS.converse(there.url, SHORT, additional_vocab=terms)
    assert json.loads(there.asked["keyterms_prompt"]) == terms[1:101]
    assert "keyterms: degraded, 21 of 121 are dropped, at most 100 of 50 characters" in log.text
    assert "Secret" not in log.text


@row("settings.keyterms", "adapted", behind="speechmatics")
async def test_more_than_a_thousand_words_are_dropped_and_counted():
    terms = tuple(KeyTerm(text=f"Word{n}") for n in range(1200))
    audio = RawAudio(encoding="pcm_s16le", sample_rate_hz=16_000)
    wanted = SessionConfig(language="en", audio=audio, keyterms=terms)
    sent = fitted(wanted, BY_NAME["speechmatics"].vendor)
    assert sent.config.keyterms == terms[:1000]
    assert sent.notes == ("keyterms: degraded, 200 of 1200 are dropped, at most 1000",)


@row("settings.sounds_like", "kept", behind="speechmatics")
@row("settings.sounds_like", "kept", behind="agent-stt")
@row("settings.sounds_like", "dropped", behind="assemblyai")
@EACH_BEHIND
async def test_other_spellings_go_where_there_is_a_word_for_them(there, behind, log):
    entry = {"content": "Gnocchi", "sounds_like": ["nyohki"]}
    await SPEECHMATICS.converse(there.url, SHORT, additional_vocab=[entry])
    if behind != "assemblyai":
        assert there.asked["additional_vocab"] == [entry]
    else:
        assert json.loads(there.asked["keyterms_prompt"]) == ["Gnocchi"]
        assert "keyterms: degraded, other spellings are dropped" in log.text


# What is told, and when.


@row("settings.partials", "kept")
@EACH_PAIR
@pytest.mark.parametrize("wanted", [True, False])
async def test_partials_come_if_they_are_wanted(there, front, behind, wanted):
    name = "include_partial_turns" if front == "assemblyai" else "enable_partials"
    heard = await FRONTS[front].converse(there.url, **{name: wanted})
    if (front, behind) == ("assemblyai", "assemblyai"):  # as many as there are, for us to choose
        assert there.asked.get("interruption_delay") == ("0" if wanted else None)
    assert bool(FRONTS[front].partials(heard)) == wanted
    # A protocol that tells when turns begin needs them for that, whoever else does not.
    is_needed = front == "agent-stt"
    assert bool(FRONTS[behind].partials(there.call.said)) == (wanted or is_needed)


@row("settings.max_delay", "adapted", behind="speechmatics")
@pytest.mark.parametrize("behind", ["speechmatics"])
@pytest.mark.parametrize(("wanted_s", "asked_s"), [(0.2, 0.7), (1.5, 1.5), (8, 4)])
async def test_the_delay_of_finals_is_what_the_protocol_can_ask_for(
    there, behind, wanted_s, asked_s, log
):
    await SPEECHMATICS.converse(there.url, SHORT, max_delay=wanted_s, max_delay_mode="fixed")
    assert there.asked.get("max_delay", 4) == asked_s
    assert "max_delay_mode" not in there.asked, "it is applied here"
    # 0.2 is 0.7 for every client of this protocol.
    assert ("max_delay_ms: adapted, it can be 0.7 to 4 s" in log.text) == (wanted_s == 8)


@row("settings.max_delay", "adapted", behind="speechmatics")
@row("settings.max_delay", "degraded", behind="assemblyai")
@row("settings.max_delay", "degraded", behind="agent-stt")
@EACH_BEHIND
async def test_finals_come_in_time_or_when_their_turn_ends(there, behind, log):
    script = spoken("one two three four five six seven eight nine ten.")
    there.far.says(script)
    heard = await SPEECHMATICS.converse(there.url, max_delay=1)
    finals = [m for m in speechmatics_wire.of(heard, "AddTranscript") if m["results"]]
    assert texts(SPEECHMATICS.words(heard)) == [word.text for word in script]
    is_lost = behind != "speechmatics"
    assert (len(finals) == 1) == is_lost
    assert ("max_delay_ms: degraded, words are final w" in log.text) == is_lost
    assert "delay" not in str(there.asked) or not is_lost


@row("settings.silence", "degraded", behind="agent-stt")
@pytest.mark.parametrize("behind", ["agent-stt"])
async def test_the_silence_is_the_servers_own_where_none_can_be_asked_for(there, behind, log):
    trigger = {"end_of_utterance_silence_trigger": 1.9}
    async with speechmatics_wire.dial(f"{there.url}/v2") as wire:
        await wire.start(conversation_config=trigger)
        await wire.say(QUIET)
        await wire.finish()
    first = speechmatics_wire.of(wire.heard, "EndOfUtterance")[0]
    assert first["metadata"]["end_time"] < 1.6 + 1
    assert "1.9" not in str(there.call.heard)
    assert "endpointing: degraded, turns end after the server's own silence" in log.text


@row("settings.silence", "adapted")
@pairs(behinds=WORD_BY_WORD)
async def test_a_silence_of_its_own_is_asked_for(there, front, behind):
    """By a client that cannot choose it, too."""
    await FRONTS[front].converse(there.url, SHORT)
    if behind == "speechmatics":
        assert there.asked["conversation_config"]["end_of_utterance_silence_trigger"] > 0
    else:
        assert int(there.asked["min_turn_silence"]) <= int(there.asked["max_turn_silence"])


@row("settings.silence", "adapted")
@pairs(WORD_BY_WORD, WORD_BY_WORD)
async def test_the_silence_that_ends_a_turn_is_the_same(there, front, behind):
    trigger = {"end_of_utterance_silence_trigger": 0.9}
    asked = {
        "speechmatics": {"conversation_config": trigger},
        "assemblyai": {"min_turn_silence": 900, "max_turn_silence": 900},
    }
    heard = await FRONTS[front].converse(there.url, **asked[front])
    if behind == "speechmatics":
        assert there.asked["conversation_config"] == trigger
    else:
        assert there.asked["min_turn_silence"] == there.asked["max_turn_silence"] == "900"
    assert FRONTS[front].n_ends(heard) == 2


@row("settings.silence", "adapted", behind="speechmatics")
@pytest.mark.parametrize("behind", ["speechmatics"])
async def test_a_silence_of_more_than_two_seconds_is_cut_and_the_log_says_so(there, behind, log):
    await ASSEMBLYAI.converse(there.url, SHORT, max_turn_silence=5000)
    assert there.asked["conversation_config"] == {"end_of_utterance_silence_trigger": 2.0}
    assert "endpointing: degraded, turns end after 2 s of silence at the latest" in log.text


@row("settings.no_endpointing", "kept", behind="speechmatics")
@row("settings.no_endpointing", "kept", behind="agent-stt")
@row("settings.no_endpointing", "adapted", behind="assemblyai")
@EACH_BEHIND
async def test_turns_that_nobody_wants_ended_are_not_ended_for_the_client(there, behind):
    heard = await SPEECHMATICS.converse(there.url, conversation_config={}, max_delay=2)
    assert SPEECHMATICS.n_ends(heard) == 0
    assert len(SPEECHMATICS.words(heard)) == 8
    assert FRONTS[behind].n_ends(there.call.said) == (2 if behind == "assemblyai" else 0)
    if behind == "assemblyai":
        assert there.asked["min_turn_silence"] == "400"
        assert there.asked["max_turn_silence"] == "2000"


@row("settings.turn_confidence", "kept", behind="assemblyai")
@row("settings.turn_confidence", "degraded", behind="speechmatics")
@pytest.mark.parametrize("behind", WORD_BY_WORD)
async def test_a_turn_that_seems_complete_ends_early_where_that_can_be_asked_for(
    there, behind, log
):
    script = [*spoken("That is all."), *spoken("No, it is not.", start_ms=2600)]
    wanted = {
        "min_turn_silence": 400,
        "max_turn_silence": 1280,
        "end_of_turn_confidence_threshold": 0.5,
    }
    there.far.says(script)
    heard = await ASSEMBLYAI.converse(there.url, speech_model=US, format_turns=True, **wanted)
    is_kept = behind == "assemblyai"
    assert ASSEMBLYAI.n_ends(heard) == (2 if is_kept else 1)
    assert texts(ASSEMBLYAI.words(heard)) == [word.text for word in script]
    if is_kept:
        assert {name: str(value) for name, value in wanted.items()}.items() <= there.asked.items()
    else:
        assert there.asked["conversation_config"] == {"end_of_utterance_silence_trigger": 1.28}
    note = "endpointing: degraded, turns end after 1280 ms of silence, never sooner"
    assert (note in log.text) != is_kept


@row("settings.turn_confidence", "degraded", behind="agent-stt")
@pytest.mark.parametrize("behind", ["agent-stt"])
async def test_turns_end_by_the_servers_own_silence_whatever_seems_complete(there, behind, log):
    wanted = {"min_turn_silence": 3000, "max_turn_silence": 3000}
    heard = await ASSEMBLYAI.converse(there.url, speech_model=US, **wanted)
    assert ASSEMBLYAI.n_ends(heard) == 2
    assert not {"conversation_config", "end_of_turn_confidence_threshold"} & there.asked.keys()
    assert "endpointing: degraded, turns end after the server's own silence" in log.text


# What is done to words.


@row("settings.formatting", "adapted")
@EACH_BEHIND
@pytest.mark.parametrize("wanted", [True, False])
async def test_turns_are_formatted_here_whatever_was_heard(there, behind, wanted):
    heard = await ASSEMBLYAI.converse(there.url, speech_model=US, format_turns=wanted)
    last = {turn["turn_order"]: turn["transcript"] for turn in assemblyai_wire.ends(heard)}
    expected = "Good morning, everybody." if wanted else "good morning everybody"
    assert last[0] == expected
    assert there.asked.get("format_turns", "true") == "true"


@row("settings.formatting", "adapted")
@EACH_BEHIND
async def test_marks_and_entities_are_applied_here(there, behind):
    script = spoken("Come on May 5, 2020, please.")
    there.far.says(script)
    heard = await SPEECHMATICS.converse(
        there.url, punctuation_overrides={"permitted_marks": ["."]}, enable_entities=True
    )
    kinds = [item["type"] for item in speechmatics_wire.items(heard)]
    assert kinds == ["word", "word", "entity", "word", "punctuation"]
    assert not {"punctuation_overrides", "enable_entities"} & there.asked.keys()
    assert there.asked.get("format_turns", "true") == "true"


@row("settings.disfluencies", "adapted")
@EACH_BEHIND
async def test_hesitations_are_left_out_here(there, behind):
    there.far.says(spoken("Um, hello there."))
    config = {"transcript_filtering_config": {"remove_disfluencies": True}}
    heard = await SPEECHMATICS.converse(there.url, **config)
    assert texts(SPEECHMATICS.words(heard)) == ["Hello", "there"]
    assert texts(FRONTS[behind].words(there.call.said))[0] == "Um"
    assert "transcript_filtering_config" not in there.asked


@row("settings.replacements", "adapted")
@EACH_BEHIND
async def test_words_are_replaced_here(there, behind):
    rules = {"replacements": [{"from": "everybody", "to": "folks"}]}
    heard = await SPEECHMATICS.converse(there.url, transcript_filtering_config=rules)
    assert texts(SPEECHMATICS.words(heard))[:3] == ["Good", "morning", "folks"]
    assert "transcript_filtering_config" not in there.asked


@row("settings.profanity", "adapted", front="speechmatics")
@EACH_BEHIND
async def test_profanity_is_tagged_here(there, behind):
    there.far.says(spoken("What the fuck."))
    heard = await SPEECHMATICS.converse(there.url)
    tagged = [
        best["content"]
        for item in speechmatics_wire.items(heard)
        for best in item["alternatives"]
        if "profanity" in best.get("tags", ())
    ]
    assert tagged == ["fuck"]


@row("settings.profanity", "adapted", front="speechmatics")
async def test_what_the_far_side_has_masked_stays_masked(tmp_path):
    query, far = "/v3/ws?filter_profanity=true", Heard(spoken("What the fuck."))
    async with crossing("assemblyai", tmp_path, far=far, query=query) as there:
        heard = await SPEECHMATICS.converse(there.url)
    assert "fuck" not in str(heard)
    assert len(SPEECHMATICS.words(heard)) == 3


@row("settings.profanity", "dropped")
@pairs(fronts=["agent-stt"])
async def test_a_protocol_without_marks_for_profanity_has_none(there, front, behind):
    there.far.says(spoken("What the fuck."))
    heard = await FRONTS[front].converse(there.url)
    assert "What the fuck." in str(heard)
    assert "profanity" not in str(heard)


@row("settings.profanity", "adapted", front="assemblyai")
@EACH_BEHIND
async def test_profanity_is_masked_here(there, behind):
    there.far.says(spoken("What the fuck."))
    heard = await ASSEMBLYAI.converse(there.url, filter_profanity=True)
    assert "fuck" not in str(heard)
    assert "fuck" in str(there.call.said)
    assert "filter_profanity" not in there.asked


@row("settings.redaction", "adapted")
@EACH_BEHIND
async def test_personal_information_is_covered_here_and_the_far_side_hears_it(there, behind):
    script = spoken("Write to anna@example.com today.")
    there.far.says(script)
    heard = await ASSEMBLYAI.converse(
        there.url, redact_pii=True, redact_pii_policies=["email_address"]
    )
    assert texts(ASSEMBLYAI.words(heard))[-1] == "today"
    assert "anna" not in str(heard)
    assert "anna" in str(there.call.said)
    assert not any("redact" in name for name in there.asked)


# Voices.

SPEAKERS = [
    Word(text=text, start_ms=at, end_ms=at + 300, confidence=0.9, speaker=speaker, volume=30.0)
    for text, at, speaker in [("Hello", 500, "S1"), ("there", 1000, "S2"), ("hm", 1500, None)]
]


def diarization(**more):
    return {"diarization": "speaker", "speaker_diarization_config": more}


@row("settings.speakers", "adapted")
@EACH_PAIR
async def test_speakers_have_the_names_of_the_clients_protocol(there, front, behind):
    asked = {
        "speechmatics": diarization(max_speakers=3),
        "assemblyai": {"speaker_labels": True, "max_speakers": 3},
    }
    there.far.says(SPEAKERS)
    heard = await FRONTS[front].converse(there.url, **of(front, asked))
    names = {"speechmatics": ["S1", "S2", "UU"], "assemblyai": ["A", "B", None]}
    # Where a segment has one speaker, a word of nobody's is said by who spoke before.
    told = of(front, names) if "agent-stt" not in (front, behind) else of(front, names)[:2]
    assert [word.speaker for word in FRONTS[front].words(heard)][: len(told)] == told
    theirs = of(behind, names)[:2]
    assert [word.speaker for word in FRONTS[behind].words(there.call.said)][:2] == theirs
    if behind != "assemblyai":
        assert there.asked["diarization"] == "speaker"
        assert there.asked["speaker_diarization_config"]["max_speakers"] == 3
    else:
        assert there.asked["speaker_labels"] == "true"
        assert there.asked["max_speakers"] == "3"


@row("settings.speakers", "adapted", behind="assemblyai")
@pytest.mark.parametrize("behind", ["assemblyai"])
async def test_no_more_than_ten_speakers_are_asked_for_and_no_sensitivity(there, behind, log):
    wanted = diarization(max_speakers=20, speaker_sensitivity=0.9)
    heard = await SPEECHMATICS.converse(there.url, **wanted)
    assert len(SPEECHMATICS.words(heard)) == 8
    assert there.asked["max_speakers"] == "10"
    assert "speaker_labels: adapted, at most 10 speakers can be asked for" in log.text
    assert "known speakers and the sensitivity are dropped" in log.text


@row("settings.speakers", "adapted", behind="speechmatics")
@pytest.mark.parametrize("behind", ["speechmatics"])
async def test_no_fewer_than_two_speakers_are_asked_for(there, behind, log):
    heard = await ASSEMBLYAI.converse(there.url, speaker_labels=True, max_speakers=1)
    assert len(ASSEMBLYAI.words(heard)) == 8
    assert there.asked["speaker_diarization_config"]["max_speakers"] == 2
    assert "speaker_labels: adapted, at least 2 speakers can be asked for" in log.text


@row("settings.known_speakers", "kept", behind="speechmatics")
@row("settings.known_speakers", "kept", behind="agent-stt")
@row("settings.known_speakers", "dropped", behind="assemblyai")
@EACH_BEHIND
async def test_known_speakers_are_known_where_prints_can_be_shown(there, behind, log):
    ann = {"label": "Ann", "speaker_identifiers": ["scripted:S1"]}
    there.far.says(SPEAKERS)
    async with (
        speechmatics_wire.dial(f"{there.url}/v2") as wire,
    ):
        await wire.start(**diarization(speakers=[ann]))
        await wire.say(bytes(3000 * MS), {"message": "GetSpeakers", "final": True})
        heard = await wire.finish()
    warned = [m["type"] for m in speechmatics_wire.of(heard, "Warning")]
    [answer] = speechmatics_wire.of(heard, "SpeakersResult")
    labels = [word.speaker for word in SPEECHMATICS.words(heard)]
    if behind != "assemblyai":
        assert (warned, labels[:2]) == ([], ["Ann", "S2"])
        assert ann in answer["speakers"]
        assert there.asked["speaker_diarization_config"]["speakers"] == [ann]
    else:
        assert (warned, labels) == (["speaker_id"], ["S1", "S2", "UU"])
        assert answer["speakers"] == []
        assert "speaker_labels: degraded, prints of voices made elsewhere" in log.text
    assert "Ann" not in log.text


@row("settings.volume", "kept", behind="speechmatics")
@row("settings.volume", "dropped", behind="assemblyai")
@row("settings.volume", "dropped", behind="agent-stt")
@EACH_BEHIND
async def test_words_tell_how_loud_they_were_where_the_far_side_does(there, behind, log):
    wanted = {"audio_filtering_config": {"volume_threshold": 4.0}}
    there.far.says(SPEAKERS)
    heard = await SPEECHMATICS.converse(there.url, **wanted)
    volumes = [word.volume for word in SPEECHMATICS.words(heard)]
    is_kept = behind == "speechmatics"
    assert volumes == ([30.0] if is_kept else [None]) * 3
    assert (wanted.items() <= there.asked.items()) == is_kept
    assert there.far.configs[0].volume_threshold == (4.0 if is_kept else 0.0)
    notes = ("volume_wanted: dropped, words have no volume", "volume: dropped, this protocol has")
    assert any(note in log.text for note in notes) != is_kept


@row("settings.vad", "kept", behind="assemblyai")
@row("settings.vad", "dropped", behind="speechmatics")
@row("settings.vad", "dropped", behind="agent-stt")
@EACH_BEHIND
async def test_the_threshold_of_speech_goes_where_there_is_one(there, behind, log):
    await ASSEMBLYAI.converse(there.url, SHORT, vad_threshold=0.7)
    is_kept = behind == "assemblyai"
    assert (there.asked.get("vad_threshold") == "0.7") == is_kept
    assert ("vad_threshold: dropped, this protocol has none" in log.text) != is_kept
    assert there.far.configs[0].vad_threshold == (0.7 if is_kept else None)


# What nobody does yet.


async def start_with(there, **more):
    async with speechmatics_wire.dial(f"{there.url}/v2") as wire:
        await wire.say(start_message() | more, SHORT)
        return await wire.finish()


@row("settings.translation", "dropped")
@EACH_BEHIND
async def test_nothing_is_translated_and_the_client_is_warned(there, behind, log):
    heard = await start_with(there, translation_config={"target_languages": ["de"]})
    warned = [message["type"] for message in speechmatics_wire.of(heard, "Warning")]
    assert warned == ["unsupported_translation_pair", "empty_translation_target_list"]
    assert "translation_config: nothing is translated" in log.text
    assert "translation" not in f"{there.call.heard} {there.call.query}"


@row("settings.audio_events", "dropped")
@EACH_BEHIND
async def test_no_sounds_are_reported_and_the_log_says_so(there, behind, log):
    await start_with(there, audio_events_config={"types": ["laughter"]})
    assert "audio_events_config: no audio events are reported" in log.text
    assert "audio_events" not in f"{there.call.heard} {there.call.query}"


@row("settings.prompt", "dropped")
@EACH_BEHIND
async def test_no_prompt_is_passed_on_and_the_log_says_so_without_its_words(there, behind, log):
    asked = {"prompt": "Expect Xanthippe.", "agent_context": "Ask Xanthippe."}
    await ASSEMBLYAI.converse(there.url, SHORT, **asked)
    assert "prompt: the recognizer takes no prompt" in log.text
    assert "agent_context: the recognizer takes no context" in log.text
    assert "Xanthippe" not in f"{there.calls} {log.text}"


@row("settings.language_detection", "dropped")
@EACH_BEHIND
async def test_no_language_is_detected_the_one_asked_for_is_told(there, behind, log):
    heard = await ASSEMBLYAI.converse(there.url, language_detection=True)
    codes = {turn["language_code"] for turn in assemblyai_wire.ends(heard)}
    assert codes == {"en"}
    assert "language_detection: the session's one language is told" in log.text
    assert "language_detection" not in there.asked


@row("settings.llm", "dropped")
@EACH_BEHIND
async def test_no_language_model_is_called_and_the_log_says_so(there, behind, log):
    await ASSEMBLYAI.converse(there.url, SHORT, llm_gateway={"model": "some"})
    assert "llm_gateway: no language model is called" in log.text
    assert "llm_gateway" not in there.asked


@row("settings.webhooks", "adapted")
@EACH_BEHIND
async def test_the_ends_of_turns_are_posted_here(tmp_path, behind):
    posted = asyncio.get_running_loop().create_future()

    async def receive(reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.split("content-length:")[1].split()[0])
        posted.set_result(json.loads(await reader.readexactly(length)))
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(receive, "127.0.0.1", 0) as receiver:
        origin = f"http://127.0.0.1:{receiver.sockets[0].getsockname()[1]}"
        near = ServerConfig(
            data_dir=tmp_path / "near", port=0, no_auth=True, webhook_hosts=(origin,)
        )
        async with crossing(behind, tmp_path, near=near) as there, asyncio.timeout(20):
            heard = await ASSEMBLYAI.converse(there.url, webhook_url=f"{origin}/done")
            body = await posted
    assert body["session_id"] == ASSEMBLYAI.session_id(heard)
    assert body["messages"] == assemblyai_wire.ends(heard)
    assert "webhook_url" not in there.asked
