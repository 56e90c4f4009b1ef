"""The examples for voice frameworks, unchanged; `make plugins` installs what they need."""

import os
import subprocess
import sys

import pytest

from client_programs import LIMIT_S, folder_of
from crossfade.scoring import word_errors
from processes import CHECKOUT, KEY, write_wav

pytestmark = pytest.mark.model


@pytest.mark.parametrize("framework", ["livekit", "pipecat"])
def test_the_example_prints_what_was_said(url, recording, tmp_path, framework):
    spoken = recording("vctk-p286_010")
    wav = write_wav(tmp_path / "speech.wav", spoken.path)
    program = CHECKOUT / "examples" / f"{framework}_captions.py"
    done = subprocess.run(
        [sys.executable, program, wav, url, KEY],
        env=os.environ | {"PYTHONPATH": str(folder_of(framework))},
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert word_errors(spoken.text, done.stdout).rate < 0.2, done.stderr
