"""The AssemblyAI plugins of voice frameworks, unmodified; `make plugins` installs them."""

import asyncio
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest

from assemblyai_wire import U3, US
from client_programs import folder_of, heard_by
from crossfade.audio import encode
from crossfade.model import Encoding
from crossfade.scoring import normalize, word_errors
from processes import KEY

pytestmark = [
    pytest.mark.model,
    pytest.mark.conformance(
        "assemblyai",
        "16.23",
        "run Python SDK sync and async, Node SDK, LiveKit, Pipecat end to end: "
        "clean start, transcript, `Termination`",
    ),
]

HERE = Path(__file__).parent / "plugins"


@pytest.mark.parametrize("framework", ["livekit", "pipecat"])
@pytest.mark.parametrize("model", [US, U3])
async def test_a_plugin_hears_the_same_words_live_and_at_full_speed(
    url, recording, framework, model
):
    spoken = recording("vctk-p286_010")
    audio = encode(spoken.samples(), Encoding.PCM_S16LE)
    folder, program = folder_of(framework), HERE / f"{framework}_stream.py"

    def hear(pace: str) -> Coroutine[Any, Any, list[str]]:
        command = (sys.executable, program, url, KEY, model, pace)
        return heard_by(*command, audio=audio, PYTHONPATH=str(folder))

    async with asyncio.TaskGroup() as group:
        hearings = [group.create_task(hear(pace)) for pace in ("32000", "0")]
    live, fast = (" ".join(hearing.result()) for hearing in hearings)
    assert normalize(live) == normalize(fast)
    assert word_errors(spoken.text, live).rate < 0.2
