"""A comparison as one HTML file that needs nothing else: no server, no network, no other file.

``writing`` fills the template, recording by recording, so that memory does not grow with them;
``pictures`` draws by hand, as ``bench.plot`` does. ``page.html.j2``, ``page.css`` and ``page.js``
are what becomes of it.
"""

from crossfade.compare.page.writing import PageError, check_installed, pieces

__all__ = ["PageError", "check_installed", "pieces"]
