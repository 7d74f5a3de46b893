"""The commands. They parse, call and print; they decide nothing.

A module is loaded when one of its commands is called, and what takes long to load (Textual, the
HTTP client) when that runs, so that ``--help`` stays instant.
"""
