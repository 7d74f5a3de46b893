"""The terminal: how it is read, written and painted, and the process that lives in it."""
