"""Key terms as a session gets them: easier to hear, written as the client writes them."""

import pytest

from crossfade.model import (
    Encoding,
    KeyTerm,
    NoEndpointing,
    Partial,
    RawAudio,
    Reconfigure,
    SessionConfig,
)
from crossfade.recognizers.onnx import terms
from crossfade.recognizers.onnx.transcriber import Transcriber
from crossfade.recognizers.onnx.vad import SpeechDetector
from hearing import advance, check_order, final_words, in_chunks, silence, text_of, transcribe

pytestmark = pytest.mark.model

WOODHOUSE = KeyTerm(text="Woodhouse")


@pytest.fixture
def open_with(moonshine, model_files):
    detector = SpeechDetector(model_files.vad)

    def open_with(*terms: KeyTerm) -> Transcriber:
        return Transcriber(moonshine, detector.open(), config_with(*terms))

    return open_with


def config_with(*terms: KeyTerm) -> SessionConfig:
    return SessionConfig(
        language="en",
        audio=RawAudio(encoding=Encoding.PCM_S16LE, sample_rate_hz=16_000),
        endpointing=NoEndpointing(),
        max_delay_ms=2000,
        keyterms=terms,
    )


def test_a_rare_name_is_heard_only_when_it_is_listed(open_with, recording):
    chunks = in_chunks(recording("ls-39-121914-0000").samples(), 1600)
    assert "Woodhouse" not in text_of(transcribe(open_with(), chunks))
    listed = transcribe(open_with(WOODHOUSE, KeyTerm(text="Hartfield")), chunks)
    assert "Emma Woodhouse" in text_of(listed)
    assert "Hartfield" not in text_of(listed)
    check_order(listed, config_with(WOODHOUSE))


def test_what_a_term_sounds_like_is_written_as_the_term_in_partials_too(open_with, recording):
    chunks = in_chunks(recording("ls-61-70968-0000").samples(), 1600)
    term = KeyTerm(text="WIZ-ARD", sounds_like=("the wizard",))
    events = transcribe(open_with(term), chunks)
    assert "WIZ-ARD" in [word.text for word in final_words(events)]
    shown = {w.text for e in events if isinstance(e, Partial) for w in e.words}
    assert "WIZ-ARD" in shown
    assert "wizard" not in {word.text for word in final_words(events)}
    check_order(events, config_with(term))


def test_terms_are_never_prepared_before_a_decode_wants_them(open_with, recording, monkeypatch):
    prepared = []
    build = terms.KeyTermBias

    def spy(*args):
        prepared.append(args)
        return build(*args)

    monkeypatch.setattr(terms, "KeyTermBias", spy)
    transcriber = open_with(WOODHOUSE)
    transcriber.hear(silence(2))
    transcriber.force(None)
    assert advance(transcriber)
    assert prepared == [], "a forced end in silence must not cost the event loop a preparation"
    transcriber.hear(recording("ls-39-121914-0000").samples()[:16_000])
    transcriber.step()
    job = transcriber.take_job()
    transcriber.reconfigure(Reconfigure(keyterms=(KeyTerm(text="Hartfield"),)))
    heard = job.run()
    assert len(prepared) == 1
    transcriber.apply(job, heard)
    assert len(prepared) == 1, "the words of a job are written with the job's own terms"


def test_terms_can_be_given_to_a_running_session(open_with, recording):
    chunks = in_chunks(recording("ls-39-121914-0000").samples(), 1600)
    transcriber = open_with()
    transcriber.reconfigure(Reconfigure(keyterms=(WOODHOUSE,)))
    assert "Emma Woodhouse" in text_of(transcribe(transcriber, chunks))
    cleared = open_with(WOODHOUSE)
    cleared.reconfigure(Reconfigure(keyterms=()))
    assert "Woodhouse" not in text_of(transcribe(cleared, chunks))
