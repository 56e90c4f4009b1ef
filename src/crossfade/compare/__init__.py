"""Comparing: the same audio, on the same clock, to several recognizers or servers at once.

``sides`` (who is compared, at which settings), ``clips`` (what is played, with its reference),
``playing`` (to all at once), ``heard`` (what came of one clip: a line of the work file),
``work_file`` (finished clips; a comparison goes on from it), ``run`` (all clips).

What it amounts to: ``errors`` and ``bootstrap`` (word errors and how sure they are), ``numbers``
(numbers and names among them), ``changes`` (words that changed after they were shown),
``turn_ends``, ``false_words``, ``prices``; ``summary`` puts them into a ``report``. ``columns``
sets the words side by side, ``page`` writes them as one HTML file.

``shadows`` reads what a gateway's shadow mode has recorded, and makes the same of it: a record has
the words and turns of both sides with their lags, so that a ``heard.HeardClip`` comes of it, and
nothing is played.
"""
