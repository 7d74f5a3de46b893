"""Nothing of a target's address is shown, in whatever spelling it comes back."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsmon.secret import DOTS, Address
from smsmon.targets import mask_of
from tests.targets.test_sending import target, why_not

ADDRESS = (
    "mailtos://ops:p%40ss%20w0rd@mail.example.com:587/Team%2FOne?to=lead%40b.example&smtp=relay"
)
PARTS = ("p%40ss%20w0rd", "p@ss w0rd", "mail.example.com", "Team/One", "lead@b.example", "relay")


def spellings(text: str) -> list[str]:
    """``text`` as libraries, servers and gateways repeat it."""
    return [
        text,
        text.upper(),
        quote(text, safe=""),
        quote(quote(text, safe=""), safe="").lower(),
        json.dumps(text),
        "".join(f"\\u{ord(char):04x}" for char in text),
        "".join(f"&#{ord(char)};" for char in text),
    ]


@pytest.mark.parametrize("part", [ADDRESS, *PARTS])
def test_an_address_and_its_parts_are_struck_out_in_every_spelling(part: str) -> None:
    mask = mask_of(Address(ADDRESS))
    for text in spellings(part):
        shown = mask.text(f"no such hook: {text}.")
        assert DOTS in shown
        assert not any(each.lower() in shown.lower() for each in PARTS), (text, shown)


def test_an_address_is_struck_out_in_base64_too() -> None:
    rest = ADDRESS.partition("://")[2]
    packed = base64.b64encode(rest.encode()).decode()
    assert packed[4:-8] not in mask_of(Address(ADDRESS)).text(f"Basic {packed}")


def test_what_is_no_part_of_it_stays() -> None:
    told = "Failed to send: error=500, see https://docs.other.org for 12 reasons."
    assert mask_of(Address(ADDRESS)).text(told) == told


@given(st.text(st.sampled_from("abXY01%&=?/@:#é ~"), min_size=1, max_size=40), st.text(max_size=20))
def test_no_run_of_eight_characters_of_any_address_is_left(rest: str, around: str) -> None:
    shown = mask_of(Address(f"json://{rest}")).text(f"{around}{rest}{around}")
    runs = {rest[at : at + 8].lower() for at in range(len(rest) - 7)}
    allowed = f"{around}|{around}".lower()
    assert not [run for run in runs if run in shown.lower() and run not in allowed]


TELLTALE = """
import logging
from urllib.parse import quote

class NotifyType: FAILURE = INFO = WARNING = SUCCESS = ""
class NotifyFormat: TEXT = ""
class AppriseAsset:
    def __init__(self, **_): pass

class Apprise:
    service_name = "Telltale"
    socket_read_timeout = 4.0
    def __init__(self, **_): pass
    def add(self, _): pass
    def notify(self, **_):
        for text in (address, quote(address), "\\x1b[31m" + quote(quote(address, safe=""))):
            logging.getLogger("apprise").warning("gateway said: %s", text)
        print(address)
        return False
    @classmethod
    def instantiate(cls, url, asset):
        global address
        address = url
        return cls()
"""


async def test_what_apprise_repeats_is_told_without_it(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "apprise.py").write_text(TELLTALE)
    telling = target("json://host/5ecretW0rdXYZ-5ecretW0rdXYZ", PYTHONPATH=str(tmp_path))
    sentence = await why_not(telling)
    assert sentence.startswith(f"Target chat was not told: gateway said: json://{DOTS} gateway")
    out, err = capfd.readouterr()
    assert "5ecret" not in sentence + out + err
    assert "\x1b" not in sentence
