"""What may be typed for a side."""

import pytest

from crossfade.compare.sides import Rules, config_of, letters, notes_of, parse
from crossfade.dialects import DIALECTS
from crossfade.errors import ConfigError

RULES = Rules()


@pytest.mark.parametrize(
    ("text", "backend", "dialect", "url", "max_delay_ms", "silence_ms"),
    [
        ("local", "local", None, None, 2000, 800),
        ("local:max_delay=0.7", "local", None, None, 700, 800),
        ("my-own:silence=1,max_delay=4", "my-own", None, None, 4000, 1000),
        ("plain=wss://host/v2", None, "plain", "wss://host/v2", 2000, 800),
        ("plain=ws://h:1:silence=0.5", None, "plain", "ws://h:1", 2000, 500),
        ("plain=ws://[::1]:80/v3/ws?x=1", None, "plain", "ws://[::1]:80/v3/ws?x=1", 2000, 800),
        ("plain=ws://h/p?x=1:max_delay=1", None, "plain", "ws://h/p?x=1", 1000, 800),
    ],
)
def test_a_name_or_a_url_with_its_dialect_and_settings_of_its_own(
    text, backend, dialect, url, max_delay_ms, silence_ms
):
    found = parse(text, RULES)
    assert (found.text, found.backend, found.dialect, found.url) == (text, backend, dialect, url)
    assert (found.rules.max_delay_ms, found.rules.turn_silence_ms) == (max_delay_ms, silence_ms)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "needs a name"),
        ("local:delay=1", "no setting 'delay', only max_delay, silence"),
        ("local:max_delay=soon", "'soon' is no time in seconds"),
        ("local:max_delay=2000", "no time in seconds, up to 60"),
        ("local:silence=0", "no time in seconds"),
        ("local:silence=nan", "no time in seconds"),
    ],
)
def test_what_makes_no_sense_is_told(text, message):
    with pytest.raises(ConfigError, match=message):
        parse(text, RULES)


def test_a_comparison_has_at_least_two_sides_and_no_more_than_letters():
    one = parse("local", RULES)
    assert letters([one, one]) == "AB"
    for n in (1, 9):
        with pytest.raises(ConfigError, match="2 to 8 sides"):
            letters([one] * n)


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
def test_what_a_protocol_cannot_carry_is_in_the_notes(dialect):
    config = config_of(Rules(max_delay_ms=5000, turn_silence_ms=700))
    notes = notes_of(dialect, "ws://host", config)
    assert any("max_delay" in note for note in notes)
    assert config.endpointing.min_silence_ms == config.endpointing.max_silence_ms == 700


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("wss://h/v2?token=abc&x=1", "wss://h/v2?token=…&x=1"),
        ("wss://h/v2?x=1&JWT=abc", "wss://h/v2?x=1&JWT=…"),
        ("wss://me:abc@h/v2", "wss://…h/v2"),
        ("wss://h/v2?keyterms=abcd", "wss://h/v2?keyterms=abcd"),
    ],
)
def test_a_credential_in_a_url_is_used_and_never_shown(url, shown):
    found = parse(f"plain={url}:max_delay=1", RULES)
    assert found.url == url
    assert found.text == f"plain={shown}:max_delay=1"
