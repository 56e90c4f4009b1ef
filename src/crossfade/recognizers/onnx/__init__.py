"""The embedded recognizer: Moonshine tiny-en on onnxruntime, CPU only.

How the model gets here: ``files`` (where it is), ``install``, ``fetch``, ``weights``, ``graphs``,
``blocks``, ``convert``, ``datawheel``. What it does with audio: ``vad``, ``features``, ``model``,
``tokens``, ``alignment``. What becomes of it: ``segment`` (which words are settled),
``report`` (which turn is open, and what was said of it),
``transcriber`` (one stream on its audio clock), ``stream`` (and its commands), ``scheduler``
(which decode runs next), ``recognizer`` (the whole). Beside it: ``terms``, ``keyterms`` and
``respelling`` (key terms), ``speakers`` (who speaks), ``calibrate`` (how many streams fit).
"""

import os

# The library as PyPI has it (1.31) tells its makers over HTTPS how it is used, and keeps a database
# and an identifier of the machine in the user's cache. It looks for this as it is imported.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

from crossfade.recognizers.onnx.recognizer import EmbeddedRecognizer

__all__ = ["EmbeddedRecognizer"]
