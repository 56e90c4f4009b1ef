"""Where a setting comes from, and what is said about one that cannot be."""

from pathlib import Path

import pytest

from crossfade.settings import SETTINGS, SettingError, Settings, load
from crossfade.settings.page import page

PAGE = Path(__file__).parents[2] / "docs" / "settings.md"


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path / "crossfade.toml"


def test_the_page_is_what_the_table_makes_of_it():
    assert PAGE.read_text() == page()  # python -m crossfade.settings.page > docs/settings.md


def test_without_anything_said_every_setting_has_its_default(file):
    assert load({}, environ={}) == Settings()


def test_a_flag_wins_over_the_environment_that_over_the_file_that_over_the_default(file):
    file.write_text("[server]\nport = 3\nhost = 'c'\nlog_level = 'debug'\n")
    environ = {"CROSSFADE_PORT": "2", "CROSSFADE_HOST": "b"}
    found = load({"port": "1"}, environ=environ)
    assert (found.port, found.host, found.log_level, found.log_format) == (1, "b", "debug", "text")


def test_flags_that_were_not_given_do_not_count(file):
    found = load({"port": None, "keys": ()}, environ={"CROSSFADE_KEY": "a,b"})
    assert (found.port, found.keys) == (8765, ("a", "b"))


def test_the_environment_may_name_the_file(tmp_path):
    named = tmp_path / "other.toml"
    named.write_text("[strict]\nparameters = true\n")
    assert load({}, environ={"CROSSFADE_CONFIG": str(named)}).strict_parameters


def test_a_file_that_was_named_has_to_be_there(tmp_path):
    with pytest.raises(SettingError, match=r"cannot read .*none\.toml"):
        load({}, environ={}, file=tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        (
            {"CROSSFADE_PORT": "70000"},
            "CROSSFADE_PORT cannot be '70000': it must be a whole number from 0 to 65535",
        ),
        ({"CROSSFADE_PORT": "many"}, "CROSSFADE_PORT cannot be 'many'"),
        (
            {"CROSSFADE_LOG_LEVEL": "loud"},
            "CROSSFADE_LOG_LEVEL cannot be 'loud': it must be debug, info, warning or error",
        ),
        ({"CROSSFADE_AUTH": "maybe"}, "CROSSFADE_AUTH cannot be 'maybe': it must be true or false"),
        (
            {"CROSSFADE_IDLE_S": "nan"},
            "CROSSFADE_IDLE_S cannot be 'nan': it must be a number, 1 or",
        ),
    ],
)
def test_a_bad_value_is_told_with_its_source_and_what_is_allowed(file, variables, message):
    with pytest.raises(SettingError) as caught:
        load({}, environ=variables)
    assert str(caught.value).startswith(message)


def test_a_bad_flag_is_told_by_the_name_that_was_typed(file):
    with pytest.raises(SettingError, match=r"^--max-sessions cannot be '-1'"):
        load({"max_sessions": "-1"}, environ={})


def test_a_bad_value_in_the_file_is_told_with_its_place(file):
    file.write_text("[server]\nport = true\n")
    with pytest.raises(SettingError, match=r"^server.port in crossfade.toml cannot be True"):
        load({}, environ={})


def test_a_key_is_never_repeated_in_a_message(file):
    with pytest.raises(SettingError) as caught:
        load({}, environ={"CROSSFADE_KEY": "secret,,"})
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[server]\nprot = 1\n", "unknown setting server.prot; the nearest is server.port"),
        ("port = 1\n", "unknown setting port; the nearest is server.port"),
        ("[strikt]\nparameters = true\n", "the nearest is strict.parameters"),
        ("[backends.aai]\nvender = 'x'\n", r"\[backends.aai\] in .*no setting `vender`"),
        ("[backends.aai]\nkey = 1\n", r"Expected `str.*got `int` - at `\$.key`"),
        ("backends = 1\n", "backends must be a table of tables"),
        ("[route]\ndefalt = []\n", "the nearest is route.default"),
        ("port", "crossfade.toml is not TOML"),
    ],
)
def test_a_file_with_what_nobody_knows_is_refused(file, content, message):
    file.write_text(content)
    with pytest.raises(SettingError, match=message):
        load({}, environ={})


def test_what_kubernetes_puts_into_our_variable_is_left_alone(file):
    assert load({}, environ={"CROSSFADE_PORT": "tcp://10.0.0.1:8765"}).port == 8765


def test_every_setting_has_names_of_its_own():
    for names in ([s.flag for s in SETTINGS], [s.env for s in SETTINGS]):
        assert len(set(names)) == len(names)
    keys = [s.key for s in SETTINGS if s.key is not None]
    assert len(set(keys)) == len(keys)
