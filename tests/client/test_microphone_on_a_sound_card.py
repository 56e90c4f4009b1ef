"""What is played into a room is what the microphone gives, on a real sound stack."""

import signal
import subprocess
import sys
from pathlib import Path

import numpy as np

from crossfade.audio import PcmDecoder
from crossfade.model import Encoding
from processes import LIMIT_S, write_wav
from virtual_sound import required, sound_card

PROGRAM = Path(__file__).parents[1] / "record.py"
PIECE = 8000
"""Half a second: enough of a voice to be found again."""


def position(piece, recorded):
    """Where a piece is heard: at the greatest correlation."""
    return int(np.correlate(recorded, piece, "valid").argmax())


def test_samples_come_in_order_and_without_gaps(tmp_path, tmp_path_factory, recording):
    required()
    spoken = recording("lj-LJ001-0020")
    path = write_wav(tmp_path / "speech.wav", spoken.path)
    with (
        sound_card(tmp_path_factory.mktemp("s")) as card,
        (tmp_path / "recorded").open("wb") as file,
        subprocess.Popen(
            [sys.executable, PROGRAM], env=card.environment, stdout=file, stderr=subprocess.PIPE
        ) as process,
    ):
        try:
            assert process.stderr.readline() == b"recording\n"
            card.play(path)
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=LIMIT_S) == 0
        finally:
            process.kill()
    recorded = PcmDecoder(Encoding.PCM_S16LE).decode((tmp_path / "recorded").read_bytes())
    played = spoken.samples()
    starts = range(0, played.size - PIECE, PIECE)
    delays = [position(played[at : at + PIECE], recorded) - at for at in starts]
    # The card's 44.1 kHz do not meet our 16 kHz at the same instants in every piece, and on a busy
    # machine the sound server corrects its clock by some samples. A block that is lost has 800.
    assert max(delays) - min(delays) <= 80
    assert recorded.size >= delays[-1] + played.size  # the end is there too
