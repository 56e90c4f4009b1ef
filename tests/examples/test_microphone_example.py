"""`examples/microphone.py`, unchanged, on a real sound stack: see `virtual_sound`."""

import signal
import subprocess
import sys

from processes import CHECKOUT, KEY, LIMIT_S, environment, serving
from virtual_sound import required, sound_card

PROGRAM = CHECKOUT / "examples" / "microphone.py"


def test_the_example_captions_the_microphone_until_ctrl_c(tmp_path, tmp_path_factory):
    required()
    with (
        sound_card(tmp_path_factory.mktemp("s")) as card,
        serving(tmp_path, "--key", KEY) as server,
        subprocess.Popen(
            [sys.executable, PROGRAM, f"ws://{server.address}", KEY],
            env=environment(tmp_path) | card.variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process,
    ):
        try:
            words = process.stdout.readline().split()
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=LIMIT_S)
        finally:
            process.kill()
    assert process.returncode == 0, err
    assert words[0] == "These"
