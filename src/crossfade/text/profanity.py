"""Which words are profane. English only.

A list of our own: the packages that carry one are out of care, or bring a classifier of some
megabytes that judges whole sentences. A word with a harmless meaning is in it only where that one
is rare in speech: ``ass`` is, ``cock``, ``dyke``, ``hell`` and ``prick`` are not.
"""

MASK = "***"

_ENDINGS = {  # stem → endings; the stem alone always counts
    "arse": "s",
    "arsehole": "s",
    "ass": "es",
    "asshat": "s",
    "asshole": "s",
    "badass": "es",
    "bastard": "s",
    "bitch": "es ed ing y",
    "bollocks": "",
    "bugger": "s ed",
    "bullshit": "s ted ting ter",
    "chickenshit": "",
    "clusterfuck": "s",
    "cocksucker": "s",
    "crap": "s py ped ping",
    "cunt": "s y",
    "damn": "it",
    "dammit": "",
    "dickhead": "s",
    "dipshit": "s",
    "douchebag": "s",
    "dumbass": "es",
    "fag": "s",
    "faggot": "s ry",
    "fuck": "s ed er ers in in' ing head heads wit wits face up ups ery able",
    "goddamn": "ed it",
    "goddammit": "",
    "horseshit": "",
    "jackass": "es",
    "jerkoff": "s",
    "jizz": "",
    "kike": "s",
    "motherfuck": "er ers in in' ing a as",
    "nigga": "s z",
    "nigger": "s",
    "piss": "es ed ing er",
    "pussy": "",
    "pussies": "",
    "shit": "s ted ter ters ting ty tier tiest head heads hole holes show storm",
    "slut": "s ty",
    "smartass": "es",
    "spic": "s",
    "tits": "",
    "titties": "",
    "tosser": "s",
    "twat": "s",
    "wank": "s ed er ers ing",
    "wetback": "s",
    "whore": "s",
    "wtf": "",
}
PROFANITIES = frozenset(
    stem + ending for stem, endings in _ENDINGS.items() for ending in ["", *endings.split()]
)
_EDGES = "-–—…'\"“”‘’"  # noqa: RUF001 (quotes and dashes as recognizers write them)


def is_profane(text: str) -> bool:
    """Tell whether a word is profane; in a hyphenated one, any of its parts."""
    word = text.lower().replace("’", "'")  # noqa: RUF001 (an apostrophe as recognizers write it)
    word = word.removesuffix("'s")
    if "-" not in word:
        return word.strip(_EDGES) in PROFANITIES
    parts = (word.replace("-", ""), *word.split("-"))
    return any(part.strip(_EDGES) in PROFANITIES for part in parts)


def masked(text: str) -> str:
    """The word itself, or ``***`` in place of a profane one."""
    return MASK if is_profane(text) else text
