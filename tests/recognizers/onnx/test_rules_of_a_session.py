"""What a session's configuration means for its decodes."""

import pytest

from crossfade.model import Encoding, RawAudio, SessionConfig
from crossfade.recognizers.onnx.rules import Rules


def interval_ms(**changes) -> int:
    pcm = RawAudio(encoding=Encoding.PCM_S16LE, sample_rate_hz=16_000)
    config = SessionConfig(language="en", audio=pcm, max_delay_ms=900, **changes)
    return Rules.of(config, tokenizer=None).interval_ms


def test_words_that_are_shown_when_others_are_settled_are_looked_for_more_often():
    assert interval_ms(early_finals=True) < interval_ms(early_finals=False)


@pytest.mark.parametrize("early", [True, False])
def test_where_nobody_sees_partials_there_is_no_hurry(early):
    assert interval_ms(early_finals=early, partials_wanted=False) == interval_ms()
