"""The engine breaks: one session ends in its dialect's words, the others do not notice."""

import asyncio
import logging

import numpy as np
import pytest

from both_voices import chunks, is_closed_as, letters
from crossfade.audio import encode
from crossfade.model import Encoding
from crossfade.recognizers.onnx import transcriber, vad
from crossfade.recognizers.onnx.scheduler import Scheduler, Ticket

pytestmark = pytest.mark.model


@pytest.fixture
def speech(recordings):
    """Three seconds of real speech, then silence."""
    spoken = next(r for r in recordings if r.category == "read_en")
    samples = np.concatenate([spoken.samples()[: 3 * 16_000], np.zeros(16_000, np.float32)])
    return encode(samples, Encoding.PCM_S16LE)


class Fault:
    """Breaks the next call of a method, once it is armed."""

    def __init__(self, monkeypatch, owner, method, error):
        self.armed, self._error = False, error
        self._whole = getattr(owner, method)
        fault = self

        def call(*args, **options):
            if fault.armed:
                fault.armed = False
                raise fault._error
            return fault._whole(*args, **options)

        monkeypatch.setattr(owner, method, call)


FAULTS = {
    "the-model-call-raises": (transcriber.Job, "run", RuntimeError("canary: bad shape")),
    "out-of-memory": (transcriber.Job, "run", MemoryError()),
    "the-thread-is-told-to-exit": (transcriber.Job, "run", SystemExit(1)),
    "the-speech-detector-raises": (vad.VadState, "probabilities", RuntimeError("canary")),
    "a-job-cannot-be-made": (transcriber.Transcriber, "take_job", IndexError("canary")),
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_one_session_ends_with_the_dialects_error_and_the_others_go_on(
    serve, voice, embedded, speech, monkeypatch, caplog, fault
):
    caplog.set_level(logging.INFO)
    broken = Fault(monkeypatch, *FAULTS[fault])
    async with serve(embedded) as server:
        async with voice.dial(server.url) as other:
            await voice.started(other)
            async with voice.dial(server.url) as victim:
                await voice.started(victim)
                broken.armed = True
                await victim.say(*chunks(speech))
                heard = await victim.hear_all()
                assert not broken.armed
                assert voice.verdict(heard) == voice.failed[0]
                assert is_closed_as(victim, voice.failed[1])
                assert "canary" not in str(heard[-1])
            await other.say(*chunks(speech))
            assert len(letters(voice.text(await voice.finish(other))).split()) >= 3
        async with voice.dial(server.url) as later:  # all threads are there
            await voice.started(later)
            await later.say(*chunks(speech))
            assert len(letters(voice.text(await voice.finish(later))).split()) >= 3
        text = server.service.metrics.text().decode()
        assert f'crossfade_errors_total{{dialect="{voice.name}",type="recognizer"}} 1.0' in text
    assert any(record.exc_info for record in caplog.records), "the operator sees where it broke"


async def test_a_thread_that_cannot_be_had_costs_one_decode_and_not_the_queue():
    class NoThreads:
        def submit(self, *args):
            raise RuntimeError("can't start new thread")

        def shutdown(self, **options):
            pass

    scheduler = Scheduler(1)
    scheduler._threads, whole = NoThreads(), scheduler._threads
    outcome: asyncio.Queue = asyncio.Queue()

    def done(ticket, job, result):
        outcome.put_nowait(result)

    class Quick:
        def run(self):
            return "heard"

    scheduler.submit(Ticket(urgent=True, take=Quick, done=done))
    async with asyncio.timeout(5):
        assert isinstance(await outcome.get(), RuntimeError)
        scheduler._threads = whole
        scheduler.submit(Ticket(urgent=True, take=Quick, done=done))
        assert await outcome.get() == "heard"
    scheduler.close()
