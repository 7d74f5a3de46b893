"""``smsmon doctor``: what it looks at, one module for each part of the world.

Nothing here prints a key, a phone number, an amount or a user's name: the result is made to be
pasted into a ticket.
"""
