"""The vendor's languages: code, name, how words are joined, which marks there are.

From the language table of the protocol reference (section 22) and its table of punctuation marks
(section 8.7). Whether there is a recognizer for a language is not decided here.
"""

import re
from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

from crossfade.dialects.speechmatics.errors import InvalidLanguageError


class Language(Struct, frozen=True, kw_only=True):
    """What the dialect has to know about one language."""

    code: str
    name: str
    """In English."""
    word_delimiter: Literal[" ", ""] = " "
    writing_direction: Literal["left-to-right", "right-to-left"] = "left-to-right"
    marks: frozenset[str] = frozenset(".,!?")
    sentence_marks: frozenset[str] = frozenset(".!?")

    @property
    def has_english(self) -> bool:
        """What is known of English words (hesitations, profanities, numbers) holds for it."""
        return "en" in self.code.split("_")


_NAMES = {
    "ar": "Arabic",
    "ar_en": "Arabic & English",
    "ba": "Bashkir",
    "be": "Belarusian",
    "bg": "Bulgarian",
    "bn": "Bengali",
    "ca": "Catalan",
    "cmn": "Mandarin",
    "cmn_en": "Mandarin & English",
    "cmn_en_ms_ta": "Mandarin, Malay, Tamil & English",
    "cs": "Czech",
    "cy": "Welsh",
    "da": "Danish",
    "de": "German",
    "el": "Greek",
    "en": "English",
    "en_ms": "English & Malay",
    "en_ta": "English & Tamil",
    "eo": "Esperanto",
    "es": "Spanish",
    "et": "Estonian",
    "eu": "Basque",
    "fa": "Persian",
    "fi": "Finnish",
    "fr": "French",
    "ga": "Irish",
    "gl": "Galician",
    "he": "Hebrew",
    "hi": "Hindi",
    "hr": "Croatian",
    "hu": "Hungarian",
    "ia": "Interlingua",
    "id": "Indonesian",
    "it": "Italian",
    "ja": "Japanese",
    "ko": "Korean",
    "lt": "Lithuanian",
    "lv": "Latvian",
    "mn": "Mongolian",
    "mr": "Marathi",
    "ms": "Malay",
    "mt": "Maltese",
    "multi": "Multilingual",
    "nl": "Dutch",
    "no": "Norwegian",
    "pl": "Polish",
    "pt": "Portuguese",
    "ro": "Romanian",
    "ru": "Russian",
    "sk": "Slovakian",
    "sl": "Slovenian",
    "sv": "Swedish",
    "sw": "Swahili",
    "ta": "Tamil",
    "th": "Thai",
    "tl": "Tagalog & English",
    "tr": "Turkish",
    "ug": "Uyghur",
    "uk": "Ukrainian",
    "ur": "Urdu",
    "vi": "Vietnamese",
    "yue": "Cantonese",
}
CODES = frozenset(_NAMES)
"""Of all languages that the vendor names."""

_UNSPACED = {"cmn", "ja", "th", "yue"}
_RIGHT_TO_LEFT = {"ar", "fa", "he", "ug", "ur"}
# All marks, and those that end a sentence. The full-width ones are meant (hence the noqa).
_MARKS: Mapping[str, tuple[str, str]] = {
    "cmn": ("，。？！、", "。？！"),  # noqa: RUF001
    "yue": ("，。？！、", "。？！"),  # noqa: RUF001
    "ja": ("。、", "。"),
    "hi": ("।?,!", "।?!"),
}

_CODE = re.compile(r"[a-z]{2,5}(_[a-z]{2,3})*", re.ASCII)
_LOCALE = re.compile(r"([a-z]{2,3})-[A-Z][A-Za-z]+", re.ASCII)


def find_language(code: str) -> Language:
    """Look up the ``language`` of a configuration.

    A locale such as ``en-GB`` counts as its language, since people write it; a code that is well
    formed but not in the table is passed on, for the recognizer to judge.

    Raises:
        InvalidLanguageError: If the code is empty, malformed, or ``auto``, which is for files only.
    """
    locale = _LOCALE.fullmatch(code)
    code = locale[1] if locale else code
    if code == "auto" or not _CODE.fullmatch(code):
        raise InvalidLanguageError("transcription_config.language: not a language code")
    marks, sentence_marks = _MARKS.get(code, (".,!?", ".!?"))
    return Language(
        code=code,
        name=_NAMES.get(code, code),
        word_delimiter="" if code in _UNSPACED else " ",
        writing_direction="right-to-left" if code in _RIGHT_TO_LEFT else "left-to-right",
        marks=frozenset(marks),
        sentence_marks=frozenset(sentence_marks),
    )
