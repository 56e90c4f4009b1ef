"""Other engines in processes of their own: the real programs, with packages that we made up.

The fakes are found by ``PYTHONPATH``; they have the few names that our adapters use.
"""

import asyncio
import os
from textwrap import dedent
from types import SimpleNamespace

import numpy as np
import pytest

import corpus
from crossfade.bench.material import make_streams, suitable
from crossfade.bench.peers.engine import MissingEngineError
from crossfade.bench.peers.moonshine import MoonshineStream
from crossfade.bench.peers.process import PeerName, peer
from crossfade.bench.playing import Pacing, play, session_config
from crossfade.bench.recordings import read_manifest
from crossfade.errors import RecognizerError
from crossfade.model import Final, Partial

LIMIT_S = 60

MOONSHINE = """
    from pathlib import Path
    from types import SimpleNamespace

    ModelArch = SimpleNamespace(TINY=0)


    class MoonshineError(Exception):
        pass


    def get_assets_path():
        return Path(__file__).parent / "assets"


    class Transcriber:
        def __init__(self, folder, arch, options):
            assert (Path(folder) / "encoder_model.ort").exists()
            assert options["identify_speakers"] == "false"

        def create_stream(self, update_interval):
            return Stream()


    class Stream:
        def __init__(self):
            self.seconds = 0.0

        def start(self):
            print("a library that prints to stdout")

        def add_audio(self, samples, rate):
            assert isinstance(samples, list)
            self.seconds += len(samples) / rate

        def update_transcription(self):
            return self.transcript(is_over=False)

        def stop(self):
            return self.transcript(is_over=True)

        def close(self):
            pass

        def transcript(self, is_over):
            lines = [line(1, "It is said.", 0.0, self.seconds >= 2)]
            if self.seconds >= 3:
                lines.append(line(2, "It goes on", 2.0, is_over))
            return SimpleNamespace(lines=lines)


    def line(number, text, start, is_complete):
        return SimpleNamespace(
            line_id=number, text=text, start_time=start, duration=1.5, is_complete=is_complete
        )
"""

WHISPER = """
    from pathlib import Path
    from types import SimpleNamespace

    SAID = ["one", "two", "three", "four"]


    class WhisperModel:
        def __init__(self, folder, *, device, compute_type, cpu_threads, num_workers,
                     local_files_only):
            assert local_files_only and cpu_threads == 1 and num_workers >= 1
            if not Path(folder).is_dir():
                raise ValueError("not here")

        def transcribe(self, samples, *, word_timestamps, **_):
            assert word_timestamps
            n_words = min(samples.size // 8000, len(SAID))
            words = [
                SimpleNamespace(word=" " + SAID[n], start=n / 2, end=n / 2 + 0.4, probability=0.9)
                for n in range(n_words)
            ]
            return iter([SimpleNamespace(no_speech_prob=0.1, words=words)]), None
"""

WHISPER_VAD = """
    import numpy as np


    def get_vad_model():
        return lambda samples: np.abs(samples).reshape(-1, 512).max(axis=1) * 100
"""


def package(folder, name, *, version="9.9", **modules):
    """Make up an installed package."""
    (folder / name).mkdir(parents=True)
    for module, code in modules.items():
        (folder / name / f"{module}.py").write_text(dedent(code))
    info = folder / f"{name}-{version}.dist-info"
    info.mkdir()
    info.joinpath("METADATA").write_text(f"Name: {name.replace('_', '-')}\nVersion: {version}\n")


@pytest.fixture
def packages(tmp_path):
    """A folder for made-up packages, and the environment in which they are installed."""
    environment = os.environ | {"PYTHONPATH": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"}
    return tmp_path, environment


@pytest.fixture
def moonshine(packages):
    folder, environment = packages
    modules = dict.fromkeys(("transcriber", "utils"), "from moonshine_voice import *")
    package(folder, "moonshine_voice", __init__=MOONSHINE, **modules)
    model = folder / "moonshine_voice" / "assets" / "tiny-en"
    model.mkdir(parents=True)
    (model / "encoder_model.ort").touch()
    return environment


class FailingStream:
    """Knows one open line; then its library fails."""

    def __init__(self):
        self.fails = False

    def start(self):
        pass

    def add_audio(self, samples, rate):
        pass

    def update_transcription(self):
        if self.fails:
            raise ZeroDivisionError
        line = {"line_id": 1, "text": "so far", "start_time": 0.0, "duration": 1.0}
        return SimpleNamespace(lines=[SimpleNamespace(**line, is_complete=False)])

    def stop(self):
        return None if self.fails else self.update_transcription()


def test_what_moonshine_said_last_stands_when_its_library_fails():
    inner = FailingStream()
    stream = MoonshineStream(inner, error=ZeroDivisionError)
    samples = np.zeros(8000, np.float32)
    _, said = stream.hear(samples, last=False)
    assert [word.text for word in said] == ["so", "far"]
    inner.fails = True
    assert stream.hear(samples, last=False) == ((), said)
    assert stream.hear(samples, last=True) == (said, ())


class GrowingStream(FailingStream):
    """Completes its one line when it is told to."""

    is_complete = False

    def update_transcription(self):
        (line,) = super().update_transcription().lines
        line.is_complete = self.is_complete
        return SimpleNamespace(lines=[line])


def test_a_line_is_settled_once_when_moonshine_has_completed_it():
    inner = GrowingStream()
    stream = MoonshineStream(inner, error=ZeroDivisionError)
    samples = np.zeros(8000, np.float32)
    _, still_open = stream.hear(samples, last=False)
    inner.is_complete = True
    assert stream.hear(samples, last=False) == (tuple(still_open), ())
    assert stream.hear(samples, last=True) == ((), ())


@pytest.fixture
def whisper(packages):
    folder, environment = packages
    package(folder, "faster_whisper", __init__=WHISPER, vad=WHISPER_VAD)
    return environment


@pytest.fixture(scope="module")
def streams():
    short = [r for r in suitable(read_manifest(corpus.CARRIED / "manifest.jsonl")) if r.words]
    return make_streams([r for r in short if r.duration_s < 4], 2, seconds=6)


async def hear(wanted, environment, streams):
    async with asyncio.timeout(LIMIT_S), peer(wanted, environment=environment) as engine:
        pacing = Pacing(real_time=False, spread_s=0.0)
        played = await play(engine, streams, session_config(max_delay_ms=2000), pacing)
        assert engine.cpu_s() is None or engine.cpu_s() > 0
        return engine.name, played.hearings


async def test_lines_of_moonshine_become_final_when_they_are_complete(moonshine, streams):
    name, hearings = await hear(PeerName(name="moonshine-voice"), moonshine, streams)
    assert name == "moonshine-voice 9.9 (tiny-en), its own process"
    for hearing in hearings:
        assert hearing.failure is None
        assert hearing.text == "It is said. It goes on"
        finals = [a.event for a in hearing.arrivals if isinstance(a.event, Final)]
        words = [word for final in finals for word in final.words]
        assert [word.start_ms for word in words] == [0, 500, 1000, 2000, 2500, 3000]
        assert all(word.end_ms - word.start_ms == 500 for word in words)


async def test_words_of_whisper_become_final_when_they_are_heard_twice(whisper, streams, tmp_path):
    wanted = PeerName(name="faster-whisper", model=tmp_path)
    _, hearings = await hear(wanted, whisper, streams)
    for hearing in hearings:
        assert hearing.failure is None
        assert hearing.text.startswith("one two three four")
        assert isinstance(hearing.arrivals[-1].event, Partial)
        assert hearing.arrivals[-1].event.words == ()


@pytest.mark.parametrize("name", ["moonshine-voice", "faster-whisper"])
async def test_an_engine_that_is_not_installed_says_how_to_get_it(name, packages):
    folder, environment = packages
    # Whatever is installed here is hidden by a package that cannot be imported.
    broken = {"__init__": "raise ImportError('hidden')"}
    package(folder, name.replace("-", "_"), **broken)
    with pytest.raises(MissingEngineError, match=r"pip install 'crossfade\[peers\]'"):
        async with peer(PeerName(name=name), environment=environment):
            pass


async def test_an_engine_without_its_model_says_where_to_name_one(whisper, moonshine, tmp_path):
    for name, option in (("faster-whisper", "--whisper-model"), ("moonshine-voice", "no model")):
        wanted = PeerName(name=name, model=tmp_path / "nowhere")
        with pytest.raises(MissingEngineError, match=option):
            async with peer(wanted, environment=whisper):
                pass


async def test_a_process_that_dies_fails_its_streams_and_takes_no_more(moonshine):
    async with (
        asyncio.timeout(LIMIT_S),
        peer(PeerName(name="moonshine-voice"), environment=moonshine) as engine,
        engine.session(session_config(max_delay_ms=2000)) as conversation,
    ):
        engine._process.kill()
        with pytest.raises(RecognizerError, match="has ended"):
            async for _ in conversation.events():
                pass
