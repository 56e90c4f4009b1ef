"""Measuring: capacity, lag, accuracy, endurance; other engines under the same load.

What is played: ``recordings`` (a manifest of real speech), ``material`` (joined into streams),
``unbroken`` (without a pause), ``noises`` (without speech). Who hears it: ``target`` (the seam),
``in_process``, ``sockets``, ``own_server``, ``peers`` (other engines). What is measured:
``playing`` (many streams in real time), ``load`` and ``lags`` (how late words were), ``sightings``
(the same by the reference's clock), ``search`` (the most that works), ``endings`` (how soon an end
is answered), ``accuracy``, ``matching`` and ``whole`` (words against references), ``turns`` (turn
confidence), ``endurance`` (long sessions), ``pushed`` (one at full speed over a socket),
``machine`` (what it ran on), ``plot`` (a picture).
"""
