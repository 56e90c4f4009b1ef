"""Other engines under the same load, each in a process of its own.

``process`` is the ``Target`` at our end of two pipes; ``wire`` is what goes through them;
``worker`` is the program at the other end: threads, one a core, that serve the stream that has
waited longest. ``engine`` is the seam behind it, ``moonshine`` and ``whisper`` stand there.
``comparison`` runs them all. Their packages are the extra ``peers``; nothing else needs them.
"""
