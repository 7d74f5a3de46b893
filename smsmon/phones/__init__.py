"""Phone numbers: how they are spelled, what is searched for, which country they are of. Pure.

Whatever the program asks about a number, it asks here. The stored and compared form is E.164
(``+33612345678``); what cannot be brought into it stays as it came. The library that knows the
numbering plans is loaded on first use; its geocoder, thirty times as heavy, never.
"""

from smsmon.phones.plans import E164, region, sole_region
from smsmon.phones.search import Sought, sought, why_not_sought
from smsmon.phones.shown import MASK, as_shown, masked, pretty, without_numbers
from smsmon.phones.spelling import LONGEST_ID, e164, is_number_like, is_phone_like, written

__all__ = [
    "E164", "LONGEST_ID", "MASK", "Sought", "as_shown", "e164", "is_number_like", "is_phone_like",
    "masked", "pretty", "region", "sole_region", "sought", "why_not_sought", "without_numbers",
    "written",
]  # fmt: skip
