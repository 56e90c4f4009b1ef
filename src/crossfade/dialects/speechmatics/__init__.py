"""Speechmatics Real-Time, version 2."""
