"""The client's end: a session with any server that speaks one of our dialects."""
