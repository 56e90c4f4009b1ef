"""The page ``docs/settings.md``, made from the table.

``python -m crossfade.settings.page > docs/settings.md`` writes it anew.
"""

import sys

from crossfade.settings.load import CONFIG_ENV, DEFAULT_FILE
from crossfade.settings.setting import Setting
from crossfade.settings.table import SETTINGS

_PAGE_HEAD = f"""\
# Settings

<!-- Made from src/crossfade/settings/table.py by `python -m crossfade.settings.page`. -->

Each setting can be given as a flag of `crossfade serve`, as an environment variable, or in a
configuration file; the first of these that is present wins. The file is the one that `--config`
or `{CONFIG_ENV}` names, else `{DEFAULT_FILE}` in the current folder:

```toml
[server]
port = 8765
max_sessions = 20

[strict]
parameters = true
```

A flag or a name in the file that nobody knows is an error, and so is a value that is not allowed:
the message says where it was found and what may stand there. Environment variables of other names
are not looked at; platforms such as Kubernetes make some.

The file may have more sections: `[backends.NAME]`, who recognizes in place of the embedded model
([gateway](gateway.md)), and `[prices.NAME]`, what that costs ([compare](compare.md#prices)). Other
commands take the settings that concern them, by the same names.

| Flag | Environment | `crossfade.toml` | Default | |
|---|---|---|---|---|
"""


def page() -> str:
    """Return ``docs/settings.md``."""
    return _PAGE_HEAD + "".join(_line(row) for row in SETTINGS)


def _line(row: Setting) -> str:
    default = row.default_text if row.about.default_text else f"`{row.default_text}`"
    key = f"`{row.key}`" if row.key else ""
    about = f"{row.help} Allowed: {row.allowed}."
    return f"| `{row.flag}` | `{row.env}` | {key} | {default} | {about} |\n"


if __name__ == "__main__":
    sys.stdout.write(page())
