"""The register of dialects: one line each."""
