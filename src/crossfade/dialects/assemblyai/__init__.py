"""AssemblyAI Streaming, version 3."""
