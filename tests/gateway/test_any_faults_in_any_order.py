"""Whatever backends do, in whatever order: one session, each word once, no forced end lost."""

from hypothesis import given, settings
from hypothesis import strategies as st

from crossfade.gateway.failover import FailoverRecognizer
from faulty_backends import CHUNK_MS, Ageing, Broken, Failing, Hanging, Mute, check, hear
from legible import LegibleRecognizer, babble, legible_audio
from virtual_time import run

N_MS = 24_000
FAULTS = st.tuples(
    st.sampled_from([Hanging, Mute, Broken, Failing]), st.just(0) | st.integers(0, N_MS // 2)
)
AGES_S = st.none() | st.integers(10, 18)
FORCES = st.sets(st.integers(0, N_MS // CHUNK_MS - 1).map(lambda n: n * CHUNK_MS), max_size=6)


class Unlucky:
    """Opens streams that have these faults, one after the other; the rest only grow old."""

    def __init__(self, faults=(), age_s=None):
        self._inner = LegibleRecognizer(babble(N_MS))
        self._faults = list(faults)
        self._age_s = age_s

    def __getattr__(self, name):
        return getattr(self._inner, name)

    def open(self, config):
        stream = self._inner.open(config)
        if self._faults:
            stream_type, from_ms = self._faults.pop(0)
            return stream_type(stream, from_ms=from_ms)
        return stream if self._age_s is None else Ageing(stream, lasts_s=self._age_s)


@settings(max_examples=25)
@given(st.lists(FAULTS, max_size=2), st.lists(FAULTS, max_size=2), AGES_S, AGES_S, FORCES)
def test_a_session_goes_on(first, second, first_age_s, second_age_s, forces_at_ms):
    backends = [Unlucky(first, first_age_s), Unlucky(second, second_age_s), Unlucky()]
    recognizer = FailoverRecognizer([*zip("abc", backends, strict=True)])
    events = run(hear(recognizer, legible_audio(N_MS), forces_at_ms=forces_at_ms))
    check(events, n_ms=N_MS, n_forced=len(forces_at_ms))
