"""The text of a file → the names of one vendor's in it.

vocabulary   a dialect's tables, turned so that names can be looked up
evidence     whether a file uses a vendor at all, and which of its generations
objects      configurations as nested objects, whatever language they were written in
source       a Python program: its strings, calls, bindings
python       Python, through libcst
braces       JavaScript, TypeScript, JSON, YAML, TOML as nested objects
lines        these languages, line by line
"""
