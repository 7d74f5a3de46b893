"""SMS Partner over HTTP: a message id in, a report or a typed error out.

``client.SmsPartner`` is the way in. Nothing is imported here, so that ``api.key`` and
``api.errors`` can be had without loading an HTTP library.
"""
