"""Key terms: how they are spelt, which tokens gain by them, and what that does to recognition."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus import Recording
from crossfade.model import KeyTerm
from crossfade.recognizers.onnx.keyterms import (
    CONTINUE_BOOST,
    MAX_SPELLING_CHARS,
    MAX_SPELLINGS,
    START_BOOST_MAX,
    START_BOOST_PER_LETTER,
    KeyTermBias,
    spell,
)
from crossfade.recognizers.onnx.model import Moonshine
from crossfade.recognizers.onnx.tokens import Tokenizer
from crossfade.scoring import WordErrors, normalize, word_errors

# In the order in which a trainer would have merged them. Every other character is its byte.
PIECES = (" A", " N", " No", "va", " J", "ua", " a", "č")
N_TOKENS = 259 + len(PIECES)


def small_vocabulary(pieces: Sequence[str] = PIECES) -> Tokenizer:
    first = [b"<unk>", b"<s>", b"</s>", *(bytes([value]) for value in range(256))]
    return Tokenizer([*first, *(piece.replace(" ", "\u2581").encode() for piece in pieces)])


def terms(*texts: str) -> tuple[KeyTerm, ...]:
    return tuple(KeyTerm(text=text) for text in texts)


@dataclass
class Gains:
    """What each token gains by some key terms behind a hypothesis."""

    key_terms: tuple[KeyTerm, ...]
    tokenizer: Tokenizer = field(default_factory=small_vocabulary)

    def after(self, written: str = "", *, before: Sequence[int] = ()) -> dict[str, float]:
        bias = KeyTermBias(self.key_terms, self.tokenizer)
        row = np.linspace(-9, 9, N_TOKENS, dtype=np.float32)
        given = row.copy()
        tokens = [*before, *(self._token(piece) for piece in written.split("|") if piece)]
        gains = bias(row, tokens) - row
        np.testing.assert_array_equal(row, given, "the row belongs to the caller")
        return {
            self.tokenizer.pieces[token].decode(errors="replace"): float(gains[token].round(3))
            for token in np.flatnonzero(gains)
        }

    def _token(self, piece: str) -> int:
        return self.tokenizer.ids(piece)[-1]


def spelt(tokenizer: Tokenizer, text: str) -> list[str]:
    ids = {piece: token for token, piece in enumerate(tokenizer.pieces) if piece}
    return [tokenizer.pieces[token].decode() for token in spell(text, ids)]


def test_the_pair_that_was_merged_first_in_training_is_merged_first() -> None:
    tokenizer = small_vocabulary(("bc", " a", " ab", "cd"))
    assert spelt(tokenizer, "abd") == [" ab", "d"]
    assert spelt(tokenizer, "acd") == [" a", "cd"]
    # " ab" and "cd" would be fewer tokens.
    assert spelt(tokenizer, "abcd") == [" a", "bc", "d"]
    assert spelt(tokenizer, "bab abc") == [" ", "b", "a", "b", " a", "bc"]


@given(st.text())
def test_any_text_is_spelt_and_reads_back(text: str) -> None:
    tokenizer = small_vocabulary()
    ids = {piece: token for token, piece in enumerate(tokenizer.pieces) if piece}
    text = " ".join(text.split())
    assert tokenizer.text(spell(text, ids)) == text


def test_a_first_token_gains_by_how_much_it_spells_up_to_a_limit() -> None:
    longer = small_vocabulary((*PIECES[:-1], " Nova"))
    assert Gains(terms("Juan")).after() == {" J": START_BOOST_PER_LETTER}
    assert Gains(terms("Novak")).after() == {" No": 2 * START_BOOST_PER_LETTER}
    assert Gains(terms("Novak"), longer).after() == {" Nova": START_BOOST_MAX}


def test_what_continues_a_term_gains_much_wherever_the_term_begins() -> None:
    gains = Gains(terms("Novak"))
    assert gains.after(" No") == {" No": 1.0, "va": CONTINUE_BOOST}
    assert gains.after(" a| No") == {" No": 1.0, "va": CONTINUE_BOOST}
    assert gains.after(" No|va") == {" No": 1.0, "k": CONTINUE_BOOST}


def test_behind_a_whole_term_or_beside_it_only_first_tokens_gain() -> None:
    gains = Gains(terms("Novak"))
    for written in ("", "va", " No|k", " No|va|k", " No|va| a"):
        assert gains.after(written) == {" No": 1.0}


def test_a_phrase_goes_on_into_its_next_word() -> None:
    gains = Gains(terms("Nova Anna"))
    assert gains.after(" No|va") == {" No": 1.0, " A": CONTINUE_BOOST}


def test_a_token_gains_once_however_many_terms_want_it() -> None:
    gains = Gains(terms("Nova Anna", "Anna", "Juan Nova Anna"))
    gained = gains.after(" J|ua|n| No|va")
    assert gained == {" No": 1.0, " J": 0.5, " A": CONTINUE_BOOST}


def test_a_number_is_not_expected_wherever_any_number_begins() -> None:
    gains = Gains(terms("4K"))
    assert gains.after() == gains.after(" ") == {}
    assert gains.after(" |4") == {"K": CONTINUE_BOOST}


def test_half_a_surrogate_pair_harms_nobody() -> None:
    assert Gains(terms("\ud83d", "A\ud83d")).after() == {" A": 0.5}


def test_a_term_in_lower_case_may_also_begin_a_sentence() -> None:
    assert set(Gains(terms("anna")).after()) == {" a", " A"}
    assert set(Gains(terms("Anna")).after()) == {" A"}


def test_other_spellings_lead_there_too() -> None:
    term = KeyTerm(text="Novak", sounds_like=("Anna",))
    assert set(Gains((term,)).after()) == {" No", " A"}


def test_accents_may_come_composed_or_not() -> None:
    composed, decomposed = Gains(terms("Nočna")), Gains(terms("Noc\u030cna"))
    assert composed.after(" No") == decomposed.after(" No") == {" No": 1.0, "č": CONTINUE_BOOST}


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("the Anna", {" A"}),
        ("The Anna", {" A"}),
        ("as of the Novak", {" No"}),
        ("Anna of the Novak", {" A"}),
        ("an", set()),
        ("the of", set()),
    ],
)
def test_function_words_before_a_term_are_no_reason_to_expect_it(
    text: str, first: set[str]
) -> None:
    assert set(Gains(terms(text)).after()) == first


def test_terms_that_change_nothing_are_named() -> None:
    too_long = "No" * MAX_SPELLING_CHARS
    bias = KeyTermBias(
        (
            *terms("Anna", "", "  ", "?!", "the", too_long),
            KeyTerm(text="...", sounds_like=("dots",)),
        ),
        small_vocabulary(),
    )
    assert bias.unusable == ("", "  ", "?!", "the", too_long)


def test_a_list_without_end_is_cut_off() -> None:
    names = terms(*(f"N{number}" for number in range(MAX_SPELLINGS - 1)))
    crowd = KeyTerm(text="Anna", sounds_like=("Juan",) * 1000)
    bias = KeyTermBias((*names, crowd, KeyTerm(text="Fa")), small_vocabulary())
    assert bias.unusable == ("Fa",)


def test_without_terms_nothing_gains() -> None:
    assert Gains(()).after(" No|va") == {}


@given(st.lists(st.integers(3, N_TOKENS - 1), max_size=20), st.sampled_from(["", " No", " No|va"]))
def test_only_the_end_of_the_hypothesis_counts(before: list[int], written: str) -> None:
    gains = Gains(terms("Novak"))
    assert gains.after(written).items() <= gains.after(written, before=before).items()


@pytest.mark.model
def test_the_model_spells_its_own_words_the_same_way(
    moonshine: Moonshine, recordings: tuple[Recording, ...]
) -> None:
    tokenizer = moonshine.tokenizer
    ids = {piece: token for token, piece in enumerate(tokenizer.pieces) if piece}
    same = words = 0
    for recording in recordings:
        if recording.language == "en" and recording.duration_s <= 15:
            cross_kv = moonshine.encode_samples(recording.samples())
            tokens = moonshine.decode(cross_kv, max_tokens=100).tokens
            starts = [i for i, token in enumerate(tokens) if tokenizer.starts_word(token)]
            for first, end in pairwise([*starts, len(tokens)]):
                word = [t for t in tokens[first:end] if not tokenizer.is_punctuation(t)]
                if len(word) > 1 and tokenizer.text(word).isalpha():
                    same += spell(tokenizer.text(word), ids) == tuple(word)
                    words += 1
    assert same >= 0.95 * words > 20


@pytest.mark.model
def test_with_a_bias_drafts_are_verified_as_without(
    moonshine: Moonshine, recording: Callable[[str], Recording]
) -> None:
    bias = KeyTermBias(terms("Wanhope", "Rovigo", "Marlborough"), moonshine.tokenizer)
    cross_kv = moonshine.encode_samples(recording("ls-61-70968-0000").samples())
    plain = moonshine.decode(cross_kv, max_tokens=100, bias=bias)
    drafted = moonshine.decode(cross_kv, draft=plain.tokens[:-2], max_tokens=100, bias=bias)
    assert drafted.n_verified > len(plain.tokens) // 2
    assert drafted.n_steps < plain.n_steps // 2


# --- What it is good for -----------------------------------------------------------------------

CATEGORIES = {
    *("read_en", "noisy_en", "noisy_sim", "telephone_8k", "telephone_sim"),
    *("commands", "turn_end", "spontaneous_en"),
}
LONGEST_S = 16
SPOKEN = """
    Stella Birch Skinners Iceland Dashwood Sweynheim Pannartz Subiaco Rome Margaret Hale Thornton
    Helstone Makan Pennicote Gwendolen Lowder Kate Jodo Hakata Kyushu Collins Bennet Elizabeth
    Vickers Sylvia Emma Woodhouse Raymond Loreen Virginia Bibbs Manchester Roby Lopez Wharton Liddy
    Jamieson Warner Innes Masonic Reginald Morton Masters Quilter Bobby Mary Brooklyn Asterisk
    Digium Allah Paris
""".split()  # noqa: SIM905 (as a list it would be 52 lines)
"""Names in the recordings' texts; none is in more than four of them."""
ABSENT = """
    Kowalski Nakamura Okonkwo Bergstrom Petrovic Lindqvist Castellano Achterberg Fitzgerald Moreau
    Santorini Tbilisi Yerevan Antwerp Gdansk Valparaiso Oaxaca Nairobi Zanzibar Saskatoon Metformin
    Lisinopril Atorvastatin Ibuprofen Gabapentin Kubernetes Postgres Terraform Grafana Anselm
    Hendricks Carmichael Delacroix Abernathy Rosenthal Vandermeer Sorensen McAllister Thackeray
    Worthington Siobhan Xiomara Priyanka Bartholomew Ingrid Cordelia Leopold Marguerite Abigail
    Ackerman Adelaide Aldrich Ambrose Arbuckle Armitage Ashworth Babcock Bancroft Barnaby Beatrice
    Belmont Benedict Blackwood Boswell Bradshaw Bronwyn Buchanan Cadbury Calloway Cavendish Chadwick
    Clementine Cornelius Crawford Cromwell Davenport Desmond Donnelly Eleanor Ellsworth Fairbanks
    Farnsworth Florence Galloway Genevieve Goddard Greenwich Grimaldi Hathaway Hawthorne Holloway
    Isadora Kensington Lancaster Marlborough Octavia Ophelia Penelope Sebastian Theodore
""".split()  # noqa: SIM905
"""Names that nobody says there."""


@dataclass
class Score:
    """How one list of key terms did."""

    heard: int = 0
    said: int = 0
    false: int = 0
    named: WordErrors = field(default_factory=WordErrors)
    """In clips with a name of ``SPOKEN``."""
    other: WordErrors = field(default_factory=WordErrors)

    @property
    def recall(self) -> float:
        return self.heard / self.said

    def add(self, reference: str, hypothesis: str) -> None:
        said, heard = names_in(reference), names_in(hypothesis)
        self.said += len(said)
        self.heard += len(said & heard)
        self.false += len(heard - said)
        errors = word_errors(reference, hypothesis)
        if said:
            self.named += errors
        else:
            self.other += errors

    def __str__(self) -> str:
        return (
            f"recall {self.recall:.1%} of {self.said}, {self.false} false, WER with names "
            f"{self.named.rate:.1%}, of other speech {self.other.rate:.1%}"
        )


def names_in(text: str) -> set[str]:
    words = set(normalize(text).split())
    return {name for name in (*SPOKEN, *ABSENT) if {normalize(name), f"{normalize(name)}s"} & words}


def measure(
    moonshine: Moonshine,
    speech: Sequence[Recording],
    lists: dict[str, tuple[KeyTerm, ...]],
) -> dict[str, Score]:
    """Decode every short clip once with each list. Takes 10 s of CPU and 6 s more a list."""
    biases = {label: KeyTermBias(list_, moonshine.tokenizer) for label, list_ in lists.items()}
    scores = {label: Score() for label in lists}
    for clip in speech:
        if clip.language != "en" or clip.category not in CATEGORIES or clip.duration_s > LONGEST_S:
            continue
        cross_kv = moonshine.encode_samples(clip.samples())
        for label, bias in biases.items():
            decoding = moonshine.decode(
                cross_kv, max_tokens=int(clip.duration_s * 6.5) + 6, bias=bias
            )
            scores[label].add(clip.text, moonshine.tokenizer.text(decoding.tokens))
    return scores


@pytest.mark.model
@pytest.mark.speech
def test_rare_names_are_found_and_other_speech_stays_as_it_is(
    moonshine: Moonshine, shared_speech: tuple[Recording, ...]
) -> None:
    """Figures in ``keyterms.py`` are from here: ``pytest -s -k rare_names``."""
    lists = {
        "no key terms": (),
        "100 key terms, 52 spoken": terms(*SPOKEN, *ABSENT[:48]),
        "100 key terms, none spoken": terms(*ABSENT),
    }
    scores = measure(moonshine, shared_speech, lists)
    for label, score in scores.items():
        print(f"{label}: {score}")  # noqa: T201 (figures to be read with -s)
    without, listed, misled = scores.values()
    assert listed.said >= 80
    assert listed.recall >= without.recall + 0.08
    assert listed.false <= without.false + 2
    assert listed.named.rate < without.named.rate
    assert listed.other.rate <= without.other.rate + 0.003
    assert misled.other.rate <= without.other.rate + 0.005
