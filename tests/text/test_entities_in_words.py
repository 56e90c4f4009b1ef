import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossfade.model import Word
from crossfade.text.entities import Entity, grouped, n_unfinished
from crossfade.text.written import read


def words_of(text, speakers=""):
    words = []
    for number, written in enumerate(text.split()):
        bare = written if written.lower() in ("a.m.", "p.m.") else written.rstrip(".,?") or written
        words.append(
            Word(
                text=bare,
                punctuation=written[len(bare) :],
                start_ms=number * 100,
                end_ms=number * 100 + 50,
                confidence=1.0,
                speaker=speakers[number : number + 1] or None,
            )
        )
    return words


def entities(text, speakers=""):
    return [
        (part.kind, " ".join(word.text for word in part.words), " ".join(part.spoken))
        for part in grouped(words_of(text, speakers))
        if isinstance(part, Entity)
    ]


@pytest.mark.parametrize(
    ("written", "kind", "spoken"),
    [
        ("0", "cardinal", "zero"),
        ("312", "cardinal", "three hundred and twelve"),
        ("1,000,000", "cardinal", "one million"),
        ("-5", "cardinal", "minus five"),
        ("007", "cardinal", "oh oh seven"),
        ("5551234567", "cardinal", "five five five one two three four five six seven"),
        ("1" * 20, "cardinal", " ".join(["one"] * 20)),
        ("20th", "ordinal", "twentieth"),
        ("3rd", "ordinal", "third"),
        ("3.14", "decimal", "three point one four"),
        ("3.50", "decimal", "three point five zero"),
        (".5", "decimal", "zero point five"),
        ("50%", "percentage", "fifty percent"),
        ("2.5%", "percentage", "two point five percent"),
        ("$20", "money", "twenty dollars"),
        ("$1", "money", "one dollar"),
        ("$1.50", "money", "one dollar fifty cents"),
        ("$0.01", "money", "zero dollars one cent"),
        ("$3.00", "money", "three dollars"),
        ("£3.99", "money", "three pounds ninety nine pence"),
        ("€5", "money", "five euros"),
        ("€5.5", "money", "five point five euros"),
        ("$2.5M", "money", "two point five million dollars"),
        ("$3k", "money", "three thousand dollars"),
        ("3:15", "time", "three fifteen"),
        ("3:05", "time", "three oh five"),
        ("3:00", "time", "three o'clock"),
        ("12:30am", "time", "twelve thirty a.m."),
        ("5PM", "time", "five p.m."),
        ("1/2", "fraction", "one half"),
        ("3/4", "fraction", "three quarters"),
        ("2/3", "fraction", "two thirds"),
        ("½", "fraction", "one half"),
        ("24/7", "fraction", "twenty four seven"),
        ("10-15", "span", "ten to fifteen"),
        ("1990\N{EN DASH}1995", "span", "nineteen ninety to nineteen ninety five"),
        ("1990s", "date", "nineteen nineties"),
        ("'60s", "date", "sixties"),
        ("10/12/2024", "date", "ten twelve twenty twenty four"),
        ("2024-01-05", "date", "twenty twenty four one five"),
        ("10km", "measurement", "ten kilometers"),
        ("70°F", "measurement", "seventy degrees Fahrenheit"),
        ("B52", "alphanum", "B fifty two"),
        ("COVID-19", "alphanum", "COVID nineteen"),
        ("MP3", "alphanum", "M P three"),
        ("555-1234", "telephone", "five five five one two three four"),
        ("+15551234567", "telephone", "one five five five one two three four five six seven"),
        ("1234-5678-9012-3456", "credit card",
         "one two three four five six seven eight nine oh one two three four five six"),
        ("me@example.com", "electronic", "me at example dot com"),
        ("example.org/a-b", "electronic", "example dot org slash a dash b"),
    ],
)  # fmt: skip
def test_one_word(written, kind, spoken):
    assert entities(written) == [(kind, written, spoken)]


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("$20 million,", [("money", "$20 million", "twenty million dollars")]),
        ("5 million dollars.", [("money", "5 million dollars", "five million dollars")]),
        ("50 cents", [("money", "50 cents", "fifty cents")]),
        ("5 million people", [("cardinal", "5 million", "five million")]),
        ("20 percent of", [("percentage", "20 percent", "twenty percent")]),
        ("at 3:15 p.m.", [("time", "3:15 p.m.", "three fifteen p.m.")]),
        ("at 3 PM.", [("time", "3 PM", "three pm")]),
        ("3 o'clock", [("time", "3 o'clock", "three o'clock")]),
        ("5 kg", [("measurement", "5 kg", "five kilograms")]),
        ("100 miles", [("measurement", "100 miles", "one hundred miles")]),
        ("2 GB", [("measurement", "2 GB", "two gigabytes")]),
        ("May 5, 2020, we", [("date", "May 5 2020", "May fifth twenty twenty")]),
        ("May 5th", [("date", "May 5th", "May fifth")]),
        ("5th of May 2021", [("date", "5th of May 2021", "fifth of May twenty twenty one")]),
        ("In May 2019", [("date", "May 2019", "May twenty nineteen")]),
        ("in 1995", [("date", "1995", "nineteen ninety five")]),
        ("1995 people", [("cardinal", "1995", "one thousand nine hundred and ninety five")]),
        ("(555) 123-4567",
         [("telephone", "(555) 123-4567", "five five five one two three four five six seven")]),
        ("5. Million", [("cardinal", "5", "five")]),
        ("May I have 2?", [("cardinal", "2", "two")]),
        ("twenty dollars", []),
        ("We're here, e.g. at p.m. #tag ...", []),
    ],
)  # fmt: skip
def test_words_that_belong_together(said, found):
    assert entities(said) == found


def test_four_times_four_digits_are_a_card():
    [(kind, text, spoken)] = entities("1234 5678 9012 3456")
    assert (kind, text, len(spoken.split())) == ("credit card", "1234 5678 9012 3456", 16)


def test_words_of_two_speakers_do_not_belong_together():
    assert [text for _, text, _ in entities("$20 million", "ab")] == ["$20"]


@pytest.mark.parametrize(
    ("said", "n_words"),
    [
        ("", 0),
        ("for lunch", 0),
        ("pay $20", 1),
        ("pay $20 million", 2),
        ("pay $20.", 0),
        ("on May", 1),
        ("on May 5,", 2),
        ("on May 5, 2020.", 0),
        ("he may", 0),
    ],
)
def test_how_many_words_may_wait_for_more(said, n_words):
    assert n_unfinished(words_of(said)) == n_words


TOKENS = """a 5 $20 million % May 5th of 2020 3:15 p.m. 1/2 10-15 (555) 123-4567 1234 x1 ½ 0/0 00:00
            percent o'clock in $ 0 .5"""
tokens = st.sampled_from(TOKENS.split()) | st.text(
    st.characters(codec="utf-8", exclude_categories=("Z", "C")), min_size=1, max_size=12
)


@given(st.lists(st.tuples(tokens, st.sampled_from(["", "", ",", "."])), max_size=12))
def test_no_word_is_lost_and_every_entity_can_be_spoken(spoken):
    words = [
        Word(text=text, punctuation=mark, start_ms=i, end_ms=i + 1, confidence=1.0)
        for i, (text, mark) in enumerate(spoken)
    ]
    parts = list(grouped(words))
    flat = [w for part in parts for w in (part.words if isinstance(part, Entity) else [part])]
    assert flat == words
    for part in parts:
        if isinstance(part, Entity):
            assert part.spoken
            assert all(word and not set(word) & set(" ,0123456789") for word in part.spoken)
    assert 0 <= n_unfinished(words) <= len(words)


@given(st.from_regex(r"[-+$£€]?[\d,.:/%-]{1,30}[a-z]{0,3}", fullmatch=True))
def test_anything_made_of_digits_is_read_or_left_alone(text):
    found = read(text)
    assert found is None or found[1]
