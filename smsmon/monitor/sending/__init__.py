"""How messages are asked for: one by one (`singles.py`).

Each way sends one request, and takes in what comes of it without a pause.
"""
