import logging
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossfade.errors import ConfigError
from crossfade.text.replacements import Replacements

CATASTROPHE = "/^((a+)+)+$/"
BAIT = "a" * 40 + "b"


def replaced(word, *rules):
    return Replacements(rules).apply(word)


@pytest.mark.parametrize(
    ("word", "rules", "written"),
    [
        pytest.param("colour", [("colour", "color")], "color", id="a-whole-word"),
        pytest.param("colours", [("colour", "color")], "colours", id="not-a-part-of-one"),
        pytest.param("Colour", [("colour", "color")], "Colour", id="case-matters"),
        pytest.param("a", [("a", "$1")], "$1", id="a-plain-rule-is-literal"),
        pytest.param("a", [("a", "1"), ("a", "2")], "1", id="the-first-of-two"),
        pytest.param("aa", [("/a/", "b")], "bb", id="all-matches"),
        pytest.param("AbA", [("/a/i", "-")], "-b-", id="a-flag"),
        pytest.param("2024-05", [(r"/(\d+)-(\d+)/", "$2/$1")], "05/2024", id="groups"),
        pytest.param("ab", [(r"/(?<x>a)/", "[$<x>]")], "[a]b", id="a-named-group"),
        pytest.param("ab", [(r"/b/", "[$&]")], "a[b]", id="the-match"),
        pytest.param("ab", [(r"/(?<=a)b/", "c")], "ac", id="look-behind"),
        pytest.param("été", [(r"/\p{L}/u", "x")], "xxx", id="unicode-classes"),
        pytest.param("ab", [("/a/", "1"), ("/b/", "2")], "1b", id="one-expression-only"),
        pytest.param("ab", [("/c/", "1"), ("/b/", "2")], "a2", id="the-first-that-matches"),
        pytest.param("ab", [("/a/", "1"), ("ab", "2")], "2", id="plain-rules-come-first"),
        pytest.param("a", [("a", "b"), ("/b/", "c")], "b", id="no-rule-after-another"),
        pytest.param("secret", [("/.*/s", "")], "", id="to-nothing"),
        pytest.param("a/b", [("a/b", "c")], "c", id="slashes-inside-are-plain"),
        pytest.param("/usr", [("/usr", "x")], "x", id="so-is-one-slash"),
        pytest.param("/usr/lib", [("/usr/lib", "x")], "x", id="and-a-path"),
        pytest.param("//", [("//", "x")], "x", id="and-an-empty-expression"),
        pytest.param("a", [("", "x")], "a", id="an-empty-word-is-never-said"),
        pytest.param("a/b", [(r"/a\/b/", "c")], "c", id="an-escaped-slash"),
        pytest.param("a\0b", [("/b/", "c")], "a\0c", id="nul"),
        pytest.param("😀", [("/(?:)/", "-")], "-\ufffd-\ufffd-", id="torn-pairs-are-made-good"),
    ],
)
def test_a_word_is_written_as_the_rules_say(word, rules, written):
    assert replaced(word, *rules) == written


def test_an_expression_has_no_memory_of_the_word_before():
    rules = Replacements([("/a/g", "b")])
    assert [rules.apply("xa"), rules.apply("a"), rules.apply("xa")] == ["xb", "b", "xb"]


def test_without_rules_there_is_nothing_to_do():
    assert not Replacements([])
    assert Replacements([("a", "b")])
    assert Replacements([("/a/", "b")])


@pytest.mark.parametrize(
    "expression", ["/(/", "/[/", "/a**/", "/(?<x/", "/a{2,1}/", r"/\u{110000}/u", "/a/gg", "/a/uv",
                   "/" + "(" * 1000 + "/"]
)  # fmt: skip
def test_a_malformed_expression_is_refused_with_its_place(expression):
    with pytest.raises(ConfigError, match=r"^texts\[1\]\.from: SyntaxError: ") as caught:
        Replacements([("a", "b"), (expression, "")], field="texts")
    assert caught.value.field == "replacements"
    assert "\n" not in str(caught.value)


def test_expressions_have_a_limit_of_length():
    with pytest.raises(ConfigError, match="50000 characters"):
        Replacements([("/" + "a" * 49_999 + "/", ""), ("/aa/", "")])


def test_an_expression_that_never_ends_is_stopped_and_not_used_again(caplog):
    rules = Replacements([(CATASTROPHE, "x"), ("/z/", "y")])
    with caplog.at_level(logging.WARNING, logger="crossfade.text"):
        began_s = time.process_time()
        assert rules.apply(BAIT) == BAIT
        assert time.process_time() - began_s < 1.0
    assert [record.args for record in caplog.records] == [(0,)]
    assert BAIT not in caplog.text
    assert rules.apply("aaa") == "aaa"
    assert rules.apply("az") == "ay"


def test_after_three_that_never_end_no_expression_is_tried():
    rules = Replacements([(CATASTROPHE, str(n)) for n in range(4)] + [("/z/", "y"), ("b", "c")])
    baits = ["a" * number + BAIT for number in range(3)]
    assert [rules.apply(bait) for bait in baits] == baits
    assert rules.apply("az") == "az"
    assert rules.apply("b") == "c", "plain rules cost nothing"


def test_a_thousand_expressions_for_a_thousand_words_are_no_burden(caplog):
    rules = Replacements([(f"/^x{number}$/", "y") for number in range(1000)])
    assert [rules.apply(f"word{number}") for number in range(50)][-1] == "word49"
    assert rules.apply("x999") == "y"
    assert caplog.text == ""


def test_expressions_that_all_take_long_but_never_too_long_are_not_tried_for_ever(caplog):
    """Each word takes about half of what stops an expression; there may be three a second."""
    slow = Replacements([(f"/(.*.*.*.*.*.*)q{{{number}}}$/", "x") for number in range(1, 21)])
    words = [f"abcdefgh-{number:03}" for number in range(1000)]
    began_s = time.process_time()
    assert [slow.apply(word) for word in words] == words
    assert time.process_time() - began_s < 2.0  # 10 s if all were tried
    assert caplog.text.count("no expression is used") == 1


def test_a_word_that_comes_again_costs_nothing():
    rules = Replacements([(f"/(.*.*.*.*.*.*)q{{{number}}}$/", "x") for number in range(1, 21)])
    began_s = time.process_time()
    for _ in range(1000):
        rules.apply("abcdefgh-000")
    assert time.process_time() - began_s < 2.0  # 10 s if it were tried each time
    assert rules.apply("aq") == "x"


def test_an_expression_that_wants_all_memory_is_stopped():
    rules = Replacements([("/a/", "$`$'" * 1000)])
    word = "a" * 20_000
    assert rules.apply(word) == word


@given(
    st.text(max_size=20),
    st.lists(st.tuples(st.text(max_size=6) | st.from_regex(r"/.{1,8}/[gimsuvy]*", fullmatch=True),
                       st.text(max_size=4)), max_size=3),
)  # fmt: skip
def test_any_rules_give_text_or_a_complaint(word, rules):
    try:
        written = Replacements(rules).apply(word)
    except ConfigError:
        return
    assert written.encode().decode() == written
