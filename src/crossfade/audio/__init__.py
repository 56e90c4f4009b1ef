"""Audio: from a client's bytes to mono float32 at 16 kHz, as a stream."""
