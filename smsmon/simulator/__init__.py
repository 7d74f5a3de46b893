"""An SMS Partner stand-in over real HTTP on loopback: for the demo, the tests, the benchmarks.

- ``messages``: one message as a time line; its state at a moment is a pure function.
  Whom it is about and how long reports take is drawn from a seed.
- ``world``: all messages of one account on one clock; answers, cached until something changes.
- ``scenario``: the demo's day of operations.
- ``wire``: rows and errors as the API spells them. ``routes``: from a request to its answer.
- ``faults``: plans of misbehaviour.
- ``http1``: one exchange over HTTP. ``server``: all of them. ``thread``: one beside a program.
"""
