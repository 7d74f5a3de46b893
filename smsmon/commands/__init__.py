"""The commands, one small module each. They parse, call and print; they decide nothing.

Every module imports only ``click`` and the standard library's light parts at its top: what a
command needs beyond that it imports when it runs, so that ``--help`` stays instant.
"""
