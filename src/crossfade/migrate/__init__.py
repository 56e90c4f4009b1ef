"""Programs that use one vendor, on their way to another: what they use, and what becomes of it.

findings     what was found in a file, and the report about all of them
checking     files → report; ``walking`` finds the files
converting   one captured configuration, in the other vendor's words
reading      a file's text → the names in it, by the dialects' tables of programs
rewriting    a program → the same program for the other vendor

This room names no vendor: what their programs look like is data of the dialects (``Programs``), and
what becomes of each topic is the gateway's table.
"""
