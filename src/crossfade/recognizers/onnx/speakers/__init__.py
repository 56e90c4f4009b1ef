"""Who speaks: voices compared with each other, never with a name. Off unless asked for."""
