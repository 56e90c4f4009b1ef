"""tmp"""
from crossfade.dialects.base import Counterpart

COUNTERPARTS: tuple[Counterpart, ...] = ()
