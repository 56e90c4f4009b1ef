"""The server: HTTP, WebSockets, sessions, limits, keys. It knows dialects, not vendors."""
