"""Model names, and the behaviour that each one promises.

A name chooses how turns are told, not a network: every model is the server's one recognizer.
"""

from enum import Enum

from msgspec import Struct

from crossfade.errors import ConfigError


class Family(Enum):
    """How words and turns are told."""

    UNIVERSAL_STREAMING = "universal-streaming"
    """Word by word; a word that was final stays as it is."""
    WHISPER = "whisper"
    """Told like the family above."""
    UNIVERSAL_3 = "universal-3"
    """The whole turn, again and again; nothing is final before its end."""


class Model(Struct, frozen=True, kw_only=True):
    """One model."""

    name: str
    family: Family
    has_modes: bool = False
    """``mode`` chooses among presets; elsewhere it is echoed at most."""
    is_multilingual: bool = True
    """It may tell the language of what was said."""


_UNIVERSAL_3 = (
    Model(name="u3-rt-pro", family=Family.UNIVERSAL_3),
    Model(name="u3-rt-pro-beta-1", family=Family.UNIVERSAL_3),
    Model(name="universal-3-5-pro", family=Family.UNIVERSAL_3, has_modes=True),
    Model(name="universal-3-6-pro", family=Family.UNIVERSAL_3, has_modes=True),
    Model(name="universal-3-6", family=Family.UNIVERSAL_3, has_modes=True),
)

RT_PRO = _UNIVERSAL_3[0]
ENGLISH = Model(
    name="universal-streaming-english", family=Family.UNIVERSAL_STREAMING, is_multilingual=False
)
MULTILINGUAL = Model(name="universal-streaming-multilingual", family=Family.UNIVERSAL_STREAMING)
FLAGSHIP = _UNIVERSAL_3[3]
"""The default of the vendor's newest pages; it has moved several times."""

MODELS = {
    model.name: model
    for model in (
        ENGLISH,
        MULTILINGUAL,
        Model(name="whisper-rt", family=Family.WHISPER),
        *_UNIVERSAL_3,
    )
}

RETIRED = {"u3-pro": "u3-rt-pro"}
"""Name that only old SDKs know → what it means today."""

NAMES = (*MODELS, *RETIRED)
"""Every name that a client may ask for."""

DOMAINS = {"medical-v1": "medical"}
"""Name of a domain → what it is elsewhere."""

MULTILINGUAL_CODES = ("en", "es", "fr", "de", "it", "pt")

_CODES = """
    en es de fr it pt tr nl sv no da fi hi vi ar he ja ur zh ru ko ca gl ro et fa yue af mr zu xh nn
    multi
"""
LANGUAGE_CODES = tuple(_CODES.split())
"""``multi``, alone, stands for all of them."""


def find_model(
    name: str | None, *, language: str | None = None, default: str | None = None
) -> Model:
    """Find a model.

    Args:
        name: One of ``NAMES``; ``None``: none was asked for.
        language: The old ``language`` parameter, which then chooses.
        default: The operator's choice for who asked for neither; ``None``: the newest.

    Raises:
        ConfigError: If the operator chose what is none of ``NAMES``.
    """
    if name is not None:
        return MODELS[RETIRED.get(name, name)]
    if language is not None:
        return ENGLISH if language == "en" else MULTILINGUAL
    if default is None:
        return FLAGSHIP
    if default not in NAMES:
        raise ConfigError(
            f"the server's default model is none of {', '.join(NAMES)}", field="model"
        )
    return MODELS[RETIRED.get(default, default)]
