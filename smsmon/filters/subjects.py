"""What can be asked of accounts and of the log, and of all that a rule of alerts can be about.

Moments are epoch seconds, UTC.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass
from types import MappingProxyType
from typing import Protocol

from smsmon.alerts import About
from smsmon.filters import Field, FilterError, Kind, parse
from smsmon.filters.fields import AnyField, Fact, asked_value
from smsmon.filters.groups import GROUP_FIELDS
from smsmon.filters.messages import MESSAGE_FIELDS
from smsmon.filters.questions import Value

CONDITION_WORDS = ("ok", "down", "refused")
"""How an account can stand: the API answers, it does not, it refuses the account."""


class Account(Protocol):
    """What is known of an account; None: nobody knows."""

    @property
    def profile(self) -> str: ...
    @property
    def condition(self) -> str:
        """One of ``CONDITION_WORDS``."""

    @property
    def reason(self) -> str: ...
    @property
    def held(self) -> bool: ...
    @property
    def failing_since(self) -> float | None: ...
    @property
    def messages(self) -> int: ...
    @property
    def stale(self) -> int: ...
    @property
    def balance(self) -> float | None: ...
    @property
    def credits(self) -> int | None: ...
    @property
    def spent(self) -> float | None: ...


@dataclass(frozen=True, eq=False, repr=False)
class AccountField(AnyField):
    """One thing that is known of accounts."""

    of: Callable[[Account], Fact]
    _: KW_ONLY
    shown: None = None
    exported: None = None

    def value(self, account: Account, now: float) -> Value:
        """What a filter asks of an account at wall time ``now``."""
        return asked_value(self.kind, self.of(account), now)


ACCOUNTS: tuple[AccountField, ...] = (
    AccountField("profile", Kind.TEXT, lambda it: it.profile, plain=True, offered=True,
                 help="the name of the account"),
    AccountField("condition", Kind.WORD, lambda it: it.condition, plain=True,
                 words=CONDITION_WORDS, asked_as="condition:refused",
                 help="how the API answers it"),
    AccountField("reason", Kind.TEXT, lambda it: it.reason,
                 help="why it is down or refused"),
    AccountField("held", Kind.FLAG, lambda it: it.held,
                 help='the API asked for a pause (429, "too many requests")'),
    AccountField("failing", Kind.MOMENT, lambda it: it.failing_since, asked_as="failing>5m",
                 help="how long nothing has been answered"),
    AccountField("stale", Kind.NUMBER, lambda it: it.stale,
                 help="how many of its messages are stale"),
    AccountField("stale_share", Kind.SHARE,
                 lambda it: it.stale / it.messages if it.messages else None,
                 help="stale ÷ its messages"),
    AccountField("balance", Kind.NUMBER, lambda it: it.balance, asked_as="balance<50",
                 help="the money left, in the account's currency"),
    AccountField("credits", Kind.NUMBER, lambda it: it.credits,
                 help="how many SMS the balance is worth"),
    AccountField("spent", Kind.NUMBER, lambda it: it.spent,
                 help="the money spent within the rule's window; top-ups do not count"),
)  # fmt: skip

ACCOUNTS_BY_NAME: Mapping[str, AccountField] = MappingProxyType(
    {each.name: each for each in ACCOUNTS}
)
ACCOUNT_FIELDS: tuple[Field, ...] = tuple(each.question for each in ACCOUNTS)
"""What a rule about accounts can ask."""
MONEY = frozenset(("balance", "credits", "spent"))
"""The fields that the API is asked for apart, and only where a rule asks for them."""

FIELDS_ABOUT: Mapping[About, tuple[Field, ...]] = MappingProxyType(
    {
        About.MESSAGE: MESSAGE_FIELDS,
        About.ACCOUNT: ACCOUNT_FIELDS,
        About.TAG: GROUP_FIELDS,
        About.SOURCE: GROUP_FIELDS,
        About.LABEL: GROUP_FIELDS,
        About.PROFILE: GROUP_FIELDS,
        About.COUNTRY: GROUP_FIELDS,
        About.ALL: GROUP_FIELDS,
    }
)


def can_be_asked(text: str) -> list[About]:
    """What a condition can be asked of."""
    found = []
    for about, fields in FIELDS_ABOUT.items():
        try:
            parse(text, fields)
        except FilterError:
            continue
        found.append(about)
    return found


LOG_FIELDS: tuple[Field, ...] = (
    Field("text", Kind.TEXT, plain=True, help="what happened"),
    Field("message", Kind.TEXT, plain=True, help="the message id", offered=True),
    Field("phone", Kind.PHONE, plain=True, help="any part of the number", asked_as="phone:0612"),
    Field("age", Kind.MOMENT, help="since it happened", asked_as="age<1h"),
    Field("trouble", Kind.FLAG, help="what went wrong", asked_as="trouble:yes"),
)
LOG_COLUMNS = ("at", "message", "phone", "text")
"""The names of its columns, in their usual order."""
