"""``[prices.NAME]``, and the list prices that vendors' dialects know."""

from datetime import date

import pytest

from crossfade.dialects import DIALECTS
from crossfade.settings import SettingError, load


def load_text(tmp_path, text):
    (tmp_path / "crossfade.toml").write_text(text)
    return load({}, environ={}, file=tmp_path / "crossfade.toml")


def test_a_price_has_a_default_for_all_that_is_not_said(tmp_path):
    price = load_text(tmp_path, "[prices.one]\nper_audio_hour = 1\n").prices["one"]
    assert (price.per_audio_hour, price.per_session_hour) == (1.0, 0.0)
    assert (price.currency, price.source, price.date) == ("USD", "the settings", "")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[prices.one]\nper_hour = 1\n", r"\[prices.one\] in .*no setting `per_hour`"),
        ("[prices.one]\nper_audio_hour = -1\n", "a price must be 0 or more"),
        ("[prices.one]\nper_audio_hour = nan\n", "a price must be 0 or more"),
        ("[prices.one]\nper_audio_hour = 'much'\n", r"Expected `float`"),
        ("[prices]\none = 1\n", "it must be a table"),
        ("prices = 1\n", "prices must be a table of tables"),
    ],
)
def test_a_price_that_is_none_is_refused(tmp_path, text, message):
    with pytest.raises(SettingError, match=message):
        load_text(tmp_path, text)


@pytest.mark.parametrize(
    "vendor", [dialect.vendor for dialect in DIALECTS if dialect.vendor], ids=lambda _: ""
)
def test_a_list_price_names_its_source_and_day(vendor):
    listed = vendor.list_price
    if listed is None:
        return
    assert "pricing" in listed.source
    assert date.fromisoformat(listed.date).year >= 2026
    assert (listed.per_audio_hour > 0) != (listed.per_session_hour > 0)
