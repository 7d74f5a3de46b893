"""The operations console: the one part of smsmon that imports Textual."""

import os

# Textual reads these once, when any part of it is imported: before any module of this package.

# Nothing on this screen moves by itself.
os.environ.setdefault("TEXTUAL_ANIMATIONS", "none")
os.environ.setdefault("TEXTUAL_SMOOTH_SCROLL", "0")

# A log for Textual's developers: it has what is typed and what exceptions say, key or not.
os.environ.pop("TEXTUAL_LOG", None)
