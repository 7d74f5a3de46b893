"""How messages are asked for: one by one (`ways.py`), or many in one request (`batches.py`) once
that is believed of the account (`trust.py`, by the comparisons of `proof.py`).

Each way sends one request. What comes of it is taken in without a pause, message by message.
"""
