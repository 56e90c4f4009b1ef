"""The sounds of hesitation: which words are such. English only."""

_SOUNDS = """
um umm uum uhm uhmm uhhm  uh uhh uuh uuhh  er err erm
hm hmm hhm hhmm mm mmm  mhm m-hm mm-hmm mm-hm
ah ahh aah aahh  aha a-ha ahaa ahha ah-ha  aw aww aaw  eh eeh
ugh ughh uggh  huh uh-huh uh-oh uh-uh huh-uh
"""
DISFLUENCIES = frozenset(_SOUNDS.split())
_EDGES = "-–—…'\"“”‘’"  # noqa: RUF001 (quotes and dashes as recognizers write them)
_UNIT = "mm"


def is_disfluency(text: str, *, after: str = "") -> bool:
    """Tell whether a word is a sound of hesitation.

    Args:
        text: The word, without the mark that follows it.
        after: The word before it: after a number, ``mm`` is a unit.
    """
    written = text.strip(_EDGES)
    sound = written.lower()
    if sound not in DISFLUENCIES or (sound == _UNIT and after[-1:].isdigit()):
        return False
    return not written.isupper()  # ER, UM, AH: somebody's initials
