"""The fields of accounts: what a rule about accounts can ask, in one table as for messages.

Moments are epoch seconds, UTC.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass
from types import MappingProxyType
from typing import Protocol

from smsmon.filters import Field, Kind
from smsmon.filters.fields import AnyField, Fact, asked_value
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


@dataclass(frozen=True)
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
