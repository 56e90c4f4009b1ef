"""Recognizers: whatever turns audio into words behind one interface."""
