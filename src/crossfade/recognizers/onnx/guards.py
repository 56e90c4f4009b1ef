"""Guards against words made of noise."""

from crossfade.recognizers.onnx.report import Words

# Hardly needed: in an hour of noises the speech detector lets nothing through to the model.
NOISE_VOICED_MS = 100
DOUBT_VOICED_MS, DOUBT_WORDS, DOUBT_CONFIDENCE = 300, 3, 0.4


def trusted(words: Words, *, voiced_ms: int) -> Words:
    """Leave out what is more probably noise than words.

    Args:
        words: Everything that was heard in a stretch of speech.
        voiced_ms: How much of it the speech detector took for speech.
    """
    if voiced_ms < NOISE_VOICED_MS:
        return ()
    if words and len(words) <= DOUBT_WORDS and voiced_ms < DOUBT_VOICED_MS:
        mean = sum(word.confidence for word in words) / len(words)
        return words if mean >= DOUBT_CONFIDENCE else ()
    return words
