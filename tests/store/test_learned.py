"""What the schedule learnt, as every store keeps it."""

from __future__ import annotations

from tests.store.places import Place


def test_what_was_kept_last_is_there_for_all(place: Place) -> None:
    assert place().learned() == b""
    place().keep_learned(b'{"default": {"reports": []}}')
    place().keep_learned(b'{"default": {"stops": []}}')
    assert place().learned() == b'{"default": {"stops": []}}'
