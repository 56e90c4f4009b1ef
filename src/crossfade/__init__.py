"""Crossfade: the drop-in streaming speech-to-text server."""
