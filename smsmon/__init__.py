"""smsmon, an operations console for SMS delivery.

The map, from the middle outwards (``CONTRIBUTING.md`` has the rules that go with it):

- ``model``, ``recipients``: the vocabulary. Frozen values, no I/O.
- ``text``, ``clock``: the one door for outside text; the one clock, so that tests can hold it.
- ``api``: SMS Partner over HTTP. A message id in, a report or a typed error out.
- ``monitor``: the engine. What is due, what changed, what is stale. No screen, no files.
- ``store``: what survives a restart. ``watchlist.toml`` and ``history.db``.
- ``console``: the Textual screens. The only part that knows there is a terminal.
- ``simulator``: an SMS Partner stand-in over real HTTP, for the demo, tests and benchmarks.
- ``settings``, ``locations``, ``cli``: where values and files come from; the commands.
"""

__version__ = "0.1.0"
