"""Which words of a transcript are personal information, and how they are covered."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossfade.text.pii import FINDABLE, Redaction, find


def found_in(text, entities=FINDABLE):
    words = text.split()
    return [(f.entity, " ".join(words[f.first : f.end])) for f in find(words, entities)]


@pytest.mark.parametrize(
    ("text", "entity", "words"),
    [
        ("Write to john.smith@gmail.com, please.", "email_address", "john.smith@gmail.com,"),
        ("john dot smith at gmail dot com", "email_address", "john dot smith at gmail dot com"),
        ("ann@mail.example.co.uk", "email_address", "ann@mail.example.co.uk"),
        ("See www.example.com/a-path.", "url", "www.example.com/a-path."),
        ("Go to example dot org.", "url", "example dot org."),
        ("It is 192.168.0.1 here.", "ip_address", "192.168.0.1"),
        ("ten dot zero dot zero dot one", "ip_address", "ten dot zero dot zero dot one"),
        ("Or fe80::1 then.", "ip_address", "fe80::1"),
        ("It is 4111 1111 1111 1111.", "credit_card_number", "4111 1111 1111 1111."),
        ("5555555555554444 it is", "credit_card_number", "5555555555554444"),
        (
            "four one one one one one one one one one one one one one one one",
            "credit_card_number",
            "four one one one one one one one one one one one one one one one",
        ),
        ("4111 1111 1111 1111 04/27", "credit_card_number", "4111 1111 1111 1111"),
        ("It expires 04/27.", "credit_card_expiration", "04/27."),
        ("The CVV is 123.", "credit_card_cvv", "123."),
        ("It's 123-45-6789.", "us_social_security_number", "123-45-6789."),
        ("My social security number is 078 05 1120.", "us_social_security_number", "078 05 1120."),
        ("Call 555-123-4567 now.", "phone_number", "555-123-4567"),
        ("Call (212) 555 0100.", "phone_number", "(212) 555 0100."),
        ("Call +44 20 7946 0958.", "phone_number", "+44 20 7946 0958."),
        ("double five oh three nine eight seven six five four", "phone_number", None),
        ("DE89 3704 0044 0532 0130 00 it is", "banking_information", "DE89 3704 0044 0532 0130 00"),
        ("My passport number is A1234567.", "passport_number", "A1234567."),
        ("My driver's license is D 123 456.", "drivers_license", "D 123 456."),
        ("The account number is 00123456.", "account_number", "00123456."),
        ("My password is hunter2.", "password", "hunter2."),
        ("I was born on March 3rd, 1985.", "date_of_birth", "March 3rd, 1985."),
        ("the twenty third of July", "date", "the twenty third of July"),
        ("on 2026-11-22 we met", "date", "2026-11-22"),
        ("It was nineteen eighty five.", "year", "nineteen eighty five."),
        ("It was in May.", "month", "May."),
        ("See you on Monday!", "day", "Monday!"),
        ("at 10:30 am sharp", "time", "10:30 am"),
        ("at half past nine", "time", "half past nine"),
        ("I'm forty-two years old.", "person_age", "forty-two years old."),
        ("It costs $1,200.50.", "money_amount", "$1,200.50."),
        ("twenty five dollars", "money_amount", "twenty five dollars"),
        ("about 3.5 percent", "statistics", "3.5 percent"),
        ("for three weeks", "duration", "three weeks"),
        ("at 221 Baker Street, London", "location_address_street", "221 Baker Street,"),
        ("California 90210", "location_zip", "90210"),
        ("It is O negative.", "blood_type", "O negative."),
        ("The code is 4 7 1.", "number_sequence", "4 7 1."),
        ("A Virgo, I think.", "zodiac_sign", "Virgo,"),
    ],
)
def test_it_is_found_written_and_spoken(text, entity, words):
    assert (entity, text if words is None else words) in found_in(text)


@pytest.mark.parametrize(
    "text",
    [
        "I am one of them, and that is the first one.",
        "You may march on, said the second man at once.",
        "Meet me at the store, dot your i's.",
        "An account of the bank of the river.",
        "Look at this point.",
    ],
)
def test_plain_talk_is_left_alone(text):
    plain = FINDABLE - {"gender", "gender_sexuality"}
    assert found_in(text, plain) == []


@pytest.mark.parametrize(
    ("text", "entity"),
    [
        ("4111 1111 1111 1112", "credit_card_number"),
        ("999.168.0.1", "ip_address"),
        ("000-12-3456", "us_social_security_number"),
        ("DE89 3704 0044 0532 0130 01", "banking_information"),
        ("12345", "phone_number"),
    ],
)
def test_a_number_that_fails_its_check_is_none(text, entity):
    assert found_in(text, {entity}) == []


def test_only_what_is_asked_for_is_found():
    text = "Call 555-123-4567 on Monday."
    assert found_in(text, {"day"}) == [("day", "Monday.")]
    assert found_in(text, {"number_sequence"}) == [("number_sequence", "555-123-4567")]
    assert found_in(text, ()) == []


def test_names_of_people_have_no_pattern():
    assert "person_name" not in FINDABLE


@pytest.mark.parametrize(
    ("substitution", "covered"),
    [
        ("hash", ["Call", "############", "now,", "on", "######."]),
        ("entity_name", ["Call", "[PHONE_NUMBER]", "now,", "on", "[DAY]."]),
    ],
)
def test_each_word_is_covered_and_the_mark_behind_it_stays(substitution, covered):
    words = ["Call", "555-123-4567", "now,", "on", "Monday."]
    redaction = Redaction({"phone_number", "day", "person_name"}, substitution=substitution)
    entities = redaction.entities(words)
    shown = [
        word if entity is None else redaction.cover(word, entity)
        for word, entity in zip(words, entities, strict=True)
    ]
    assert shown == covered


TELLTALES = """
    four one oh double twenty five hundred 4111 1 2 3 at dot com gmail may first $5 a.m. passport
    number is account + ( ) / : - . , ? é 字
"""
TOKENS = st.one_of(
    st.sampled_from(TELLTALES.split()),
    st.text(min_size=1, max_size=6).filter(lambda text: not text.isspace()),
)


@given(st.lists(TOKENS, max_size=40))
def test_any_words_are_searched_and_pieces_do_not_overlap(words):
    pieces = find(words, FINDABLE)
    borders = [border for piece in pieces for border in (piece.first, piece.end)]
    assert borders == sorted(borders)
    assert all(piece.first < piece.end <= len(words) for piece in pieces)


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "word", ["one two", "a a 1", "x dot y", "1:", "100 and", f"ab12{'1' * 40} " * 3]
)
def test_a_turn_of_thousands_of_words_takes_no_age(word):
    find((word + " ").split() * 2000, FINDABLE)
