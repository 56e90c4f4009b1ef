"""What an operator can choose, in one table.

From the table come every flag, its environment variable, its place in ``crossfade.toml``, its
line in ``--help`` and its line in ``docs/settings.md``. A flag wins over the environment, that
over the file, that over the default.
"""

from crossfade.settings.backends import BUILT_IN, BackendSettings
from crossfade.settings.load import CONFIG_ENV, DEFAULT_FILE, SettingError, load, parse
from crossfade.settings.prices import PriceSettings
from crossfade.settings.setting import Setting
from crossfade.settings.table import SETTINGS, Settings

__all__ = [
    "BUILT_IN",
    "CONFIG_ENV",
    "DEFAULT_FILE",
    "SETTINGS",
    "BackendSettings",
    "PriceSettings",
    "Setting",
    "SettingError",
    "Settings",
    "load",
    "parse",
]
