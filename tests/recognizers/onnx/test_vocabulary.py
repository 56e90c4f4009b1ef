"""The vocabulary: its file format, and what kind of token a token is."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossfade.errors import ModelError
from crossfade.recognizers.onnx.files import ModelFiles
from crossfade.recognizers.onnx.tokens import Tokenizer, split_marks

WORD_START = "\u2581".encode()
NOTE_BYTES = [3 + byte for byte in "♪".encode()]


def small(*pieces: str) -> Tokenizer:
    """A vocabulary whose own pieces begin at id 259, behind the special ones and the bytes."""
    first = [b"<unk>", b"<s>", b"</s>", *(bytes([value]) for value in range(256))]
    return Tokenizer([*first, *(piece.replace(" ", "\u2581").encode() for piece in pieces)])


def written(pieces: list[bytes]) -> bytes:
    lengths = [
        bytes([len(piece)])
        if len(piece) < 128
        else bytes([128 + len(piece) % 128, len(piece) // 128])
        for piece in pieces
    ]
    return b"".join(length + piece for length, piece in zip(lengths, pieces, strict=True))


@given(st.lists(st.binary(min_size=1, max_size=400), min_size=1, max_size=20))
def test_a_written_vocabulary_reads_back(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[bytes]
) -> None:
    pieces = [piece.replace(WORD_START, b"_") for piece in pieces]
    path = tmp_path_factory.mktemp("vocabulary") / "tokenizer.bin"
    everything = [b""] * 3 + pieces + [b"x"] * (32768 - 3 - len(pieces))
    path.write_bytes(written(everything))
    assert list(Tokenizer.from_file(path).pieces[3 : 3 + len(pieces)]) == pieces


@pytest.mark.parametrize("damage", ["cut", "short", "empty"])
def test_a_damaged_vocabulary_is_refused(tmp_path: Path, damage: str) -> None:
    whole = written([b"abc"] * 32768)
    path = tmp_path / "tokenizer.bin"
    path.write_bytes({"cut": whole[:-1], "short": whole[:-4], "empty": b""}[damage])
    with pytest.raises(ModelError, match="damaged"):
        Tokenizer.from_file(path)


def test_a_character_spread_over_tokens_is_joined_before_it_is_decoded() -> None:
    tokenizer = small(" caf")
    bytes_of_e_acute = [3 + byte for byte in "é".encode()]
    assert tokenizer.text([259, *bytes_of_e_acute]) == "café"
    assert tokenizer.text([259, bytes_of_e_acute[0]]) == "caf"


def test_special_tokens_have_no_text() -> None:
    assert small(" a").text([0, 1, 259, 2]) == "a"


@pytest.mark.parametrize(
    ("piece", "starts_word", "is_punctuation"),
    [
        (" the", True, False),
        ("ing", False, False),
        (".", False, True),
        (" -", True, True),
        ('."', False, True),
        ("...", False, True),
        ("'s", False, False),
        (" ", True, False),
        ("5.", False, False),
        ("%", False, False),
    ],
)
def test_kinds_of_tokens(piece: str, *, starts_word: bool, is_punctuation: bool) -> None:
    tokenizer = small(piece)
    assert tokenizer.starts_word(259) is starts_word
    assert tokenizer.is_punctuation(259) is is_punctuation


def test_all_tokens_of_a_text_are_found() -> None:
    tokenizer = small(".", " .", "..")
    assert tokenizer.ids(".") == (3 + ord("."), 259)


def test_notes_are_found_with_the_space_before_them() -> None:
    tokenizer = small(" ", " la")
    assert tokenizer.notes([260, 259, *NOTE_BYTES, 260]) == {1, 2, 3, 4}
    assert tokenizer.notes([*NOTE_BYTES, *NOTE_BYTES[:2]]) == {0, 1, 2}
    assert tokenizer.notes([260, 260]) == frozenset()


@pytest.mark.parametrize(
    ("text", "word", "punctuation"),
    [
        ("Hello,", "Hello", ","),
        ('"Hello', "Hello", ""),
        ('there."', "there", "."),
        ("(what?!)", "what", "?!"),
        ("don't", "don't", ""),
        ("dogs'", "dogs'", ""),
        ("well-known", "well-known", ""),
        ("U.S.", "U.S", "."),
        ("wait\u2014", "wait", "\u2014"),
        ("...", "", "..."),
        ('"', "", ""),
        ("", "", ""),
    ],
)
def test_words_are_split_from_their_marks(text: str, word: str, punctuation: str) -> None:
    assert split_marks(text) == (word, punctuation)


@pytest.mark.model
def test_the_real_vocabulary(model_files: ModelFiles) -> None:
    tokenizer = Tokenizer.from_file(model_files.tokenizer)
    assert len(tokenizer.pieces) == 32768
    sentence = (18274, 1898, 29892, 3926, 5229, 29892, 694, 4383, 29889)
    assert tokenizer.text(sentence) == "Ever tried, ever failed, no matter."
    assert [tokenizer.starts_word(token) for token in sentence[:4]] == [True, True, False, True]
    assert {22993, 869}.isdisjoint(tokenizer.ids("."))
    assert 29889 in tokenizer.ids(".")
