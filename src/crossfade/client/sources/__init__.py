"""Where audio comes from. Each source is an asynchronous iterator of bytes.

A source says in its description which format it yields; those that decode or record yield
``MEDIA_AUDIO``, which is what a session expects unless its configuration says otherwise. Whatever
else yields bytes is a source too: ``Session.send_all`` takes any iterator.
"""

from crossfade.client.sources.files import MEDIA_AUDIO, media, stdin
from crossfade.client.sources.live import in_real_time
from crossfade.client.sources.microphone import Microphone
from crossfade.client.sources.portaudio import InputDevice, MicrophoneError, input_devices
from crossfade.client.sources.sound_check import Trouble

__all__ = [
    "MEDIA_AUDIO",
    "InputDevice",
    "Microphone",
    "MicrophoneError",
    "Trouble",
    "in_real_time",
    "input_devices",
    "media",
    "stdin",
]
