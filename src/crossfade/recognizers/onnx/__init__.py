"""The embedded recognizer: Moonshine tiny-en on onnxruntime, CPU only.

How the model gets here: ``files`` (where it is), ``install``, ``fetch``, ``weights``, ``graphs``,
``blocks``, ``convert``, ``datawheel``. What it does with audio: ``vad``, ``features``, ``model``,
``tokens``, ``alignment``. What becomes of it: ``segment`` (which words are settled),
``report`` (which turn is open, and what was said of it),
``transcriber`` (one stream on its audio clock), ``stream`` (and its commands), ``scheduler``
(which decode runs next), ``recognizer`` (the whole). Beside it: ``terms``, ``keyterms`` and
``respelling`` (key terms), ``speakers`` (who speaks), ``calibrate`` (how many streams fit).
"""

from crossfade.recognizers.onnx.recognizer import EmbeddedRecognizer

__all__ = ["EmbeddedRecognizer"]
