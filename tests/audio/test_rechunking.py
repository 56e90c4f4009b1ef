import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossfade.audio.rechunk import Rechunker


@given(st.lists(st.binary(max_size=40)), st.integers(1, 17))
def test_pieces_have_one_size_and_nothing_is_lost_or_moved(chunks, chunk_bytes):
    rechunker = Rechunker(chunk_bytes)
    pieces = [piece for chunk in chunks for piece in rechunker.push(chunk)]
    assert {len(piece) for piece in pieces} <= {chunk_bytes}
    rest = rechunker.flush()
    assert len(rest) < chunk_bytes
    assert b"".join([*pieces, rest]) == b"".join(chunks)


def test_a_piece_comes_as_soon_as_it_is_whole():
    rechunker = Rechunker(4)
    assert rechunker.push(b"abc") == []
    assert rechunker.push(b"defgh") == [b"abcd", b"efgh"]


def test_after_a_flush_it_starts_anew():
    rechunker = Rechunker(4)
    rechunker.push(b"ab")
    assert rechunker.flush() == b"ab"
    assert rechunker.push(b"cdef") == [b"cdef"]


def test_pieces_of_nothing_are_refused():
    with pytest.raises(ValueError, match="at least 1"):
        Rechunker(0)
