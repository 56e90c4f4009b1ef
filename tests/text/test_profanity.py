import pytest

from crossfade.text.profanity import is_profane, masked


@pytest.mark.parametrize(
    "word",
    ["fuck", "Fucking", "FUCK", "motherfucker", "mother-fucker", "shit", "bullshit", "shit-show",
     "asshole's", "“damn-ass”", "fuckin'", "fuckin\N{RIGHT SINGLE QUOTATION MARK}"],
)  # fmt: skip
def test_profane_words_are_known_in_every_writing(word):
    assert is_profane(word)
    assert masked(word) == "***"


@pytest.mark.parametrize(
    "word",
    ["Scunthorpe", "assess", "class", "cocktail", "shitake", "hello", "titan", "dyke", "Dick",
     "hell", "therapist", "", "-", "pass", "bass"],
)  # fmt: skip
def test_harmless_words_are_left_alone(word):
    assert not is_profane(word)
    assert masked(word) == word
