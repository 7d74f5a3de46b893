"""The history in tables, of whatever database: its statements, and how they are carried out.

All that is specific to one database is behind `database.Connection` and its `Dialect`, and behind
the few Protocols that the writer and the archive are given. Statements are written once, in what
SQLite and PostgreSQL both understand.
"""
