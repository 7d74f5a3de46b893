"""Who tells what a process of a team took on to tell, when that is not there any more."""

from __future__ import annotations

from contextlib import closing

from smsmon.alerts import Edge, Telling
from smsmon.store.sql.alerts import CLAIM_LASTS
from smsmon.store.sql.fence import WholeFence
from smsmon.store.team import TeamStore
from smsmon.store.team.address import Address
from smsmon.store.team.archive import GONE_LASTS, TeamAlerts
from smsmon.store.team.database import Access
from tests.store.reports import START
from tests.store.team.test_history import FIRES, put


def test_what_one_that_is_gone_took_on_is_told_soon_and_of_one_that_may_return_later(
    team_store: str,
) -> None:
    def there(host: str, since: str) -> None:
        put(
            team_store,
            "INSERT INTO member (owner, name, host, pid, rank, egress, polls, standing, joined,"
            " seen_until) VALUES (%s, '', %s, 7, 2, '', 1, '{}', clock_timestamp() - %s::interval,"
            " clock_timestamp() + interval '1 hour')",
            host, host, since,
        )  # fmt: skip

    with closing(TeamStore(Access(Address.parse(team_store)))) as store:
        other, us = TeamAlerts(store.work, WholeFence), TeamAlerts(store.work, WholeFence)
        other._claimant = "7@elsewhere another"
        (number,) = other.fire([FIRES])
        telling = [Telling(number, "chat", Edge.FIRED)]

        def given_up_after(age: float) -> bool:
            assert other.claim(telling, START) == [True]
            (ours,) = us.claim(telling, START + age)
            us.release(telling)
            other.release(telling)
            return ours

        there("new", "1 second")
        assert not given_up_after(500.0), "the store was gone until a moment ago, say"
        there("old", "1 hour")
        assert not given_up_after(GONE_LASTS - 1)
        assert given_up_after(GONE_LASTS)
        there("elsewhere", "1 hour")
        assert not given_up_after(GONE_LASTS)
        assert given_up_after(CLAIM_LASTS)
