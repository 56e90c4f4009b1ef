"""Checks for dialects and recordings of wire traffic; public, for third parties too."""
