"""Comparing: the same audio, on the same clock, to several recognizers or servers at once.

``sides`` (who is compared, at which settings), ``clips`` (what is played, with its reference),
``playing`` (to all at once), ``heard`` (what came of one clip: a line of the work file),
``work_file`` (finished clips; a comparison goes on from it), ``run`` (all clips).

What it amounts to: ``errors`` and ``bootstrap`` (word errors and how sure they are), ``numbers``
(numbers and names among them), ``changes`` (words that changed after they were shown),
``turn_ends``, ``false_words``, ``prices``; ``summary`` puts them into a ``report``. ``columns``
sets the words side by side, ``page`` writes them as one HTML file.

What a gateway's shadow mode has recorded can be compared in the same way: a row of the work file
(``heard.HeardClip``) needs no more than the events of each side with the time of their arrival, so
a reader of such recordings builds ``bench.playing.Hearing`` objects and calls ``heard.heard_clip``.
"""
