"""Measuring: capacity, lag, accuracy. What ``crossfade bench`` and ``crossfade doctor`` know.

What is played: ``recordings`` (a manifest of real speech), ``material`` (joined into streams). Who
hears it: ``target`` (the seam), ``in_process``, ``sockets``, ``own_server``. What is measured:
``playing`` (many streams in real time), ``load`` and ``lags`` (how late words were), ``search``
(the most that works), ``accuracy``, ``matching`` and ``whole`` (words against references),
``machine`` (what it ran on).
"""
