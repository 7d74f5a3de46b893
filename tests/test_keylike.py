"""What could be a key is never shown where it does not belong; what people call things is."""

from __future__ import annotations

import string
from random import Random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from smsmon.keylike import ANYWHERE, DOTS, IN_ITS_PLACE, without_keys

HEX, BASE62 = "0123456789abcdef", string.ascii_letters + string.digits
ALPHABETS = {
    "hex": HEX,
    "HEX": HEX.upper(),
    "base62": BASE62,
    "base36": string.ascii_lowercase + string.digits,
    "BASE36": string.ascii_uppercase + string.digits,
    "URL": BASE62 + "-_",
    "unreserved": BASE62 + "-_.~",
    "base64": BASE62 + "+=",
}


@st.composite
def keys(draw: st.DrawFn, shortest: int = 20) -> str:
    """What a machine draws: each character by itself."""
    alphabet = draw(st.sampled_from(sorted(ALPHABETS)))
    # A short one that happens to have hyphens may look like initials: no key is both.
    length = draw(st.integers(shortest if ALPHABETS[alphabet].isalnum() else 32, 64))
    return "".join(Random(draw(st.integers())).choices(ALPHABETS[alphabet], k=length))


AROUND = [
    "{}",
    "echo {}",
    "/run/{}",
    "~/{}",
    '["{}"]',
    "--token={}",
    "https://api.smspartner.fr/v1?apiKey={}",
    "Cannot declare ('profiles', '{}') twice",
    "{}:{}",
    "_{}_",
    "é{}",
    "{}\u200b",
]


@given(keys(), st.sampled_from(AROUND))
def test_what_could_be_a_key_is_dots_whatever_stands_around_it(key: str, around: str) -> None:
    told = without_keys(around.format(key, key))
    inner = key.strip("-_.~+=")
    assert DOTS in told
    for start in range(len(inner) - 12):
        assert inner[start : start + 12] not in told


@given(keys(12), st.sampled_from(["{}", "echo {}", "~/{}", "{} show"]))
def test_in_its_place_shorter_ones_are_dots_too(key: str, around: str) -> None:
    assert key.strip("-_.~+=") not in without_keys(around.format(key), IN_ITS_PLACE)


WORDS = st.sampled_from(
    """sms partner api key prod production staging client billing black friday france secret store
    team default marketing codes otp late fetch get show print token gateway customer shop night
    home user config local share lib usr bin etc run password vault""".split()  # noqa: SIM905
)


@st.composite
def names(draw: st.DrawFn) -> str:
    """What people call things: words, in one of the usual ways, perhaps with a number."""
    words = draw(st.lists(WORDS, min_size=1, max_size=5))
    match draw(st.sampled_from(["-", "_", ".", "UPPER", "camel"])):
        case "UPPER":
            name = "_".join(words).upper()
        case "camel":
            name = words[0] + "".join(word.title() for word in words[1:])
        case separator:
            name = separator.join(words)
    number = draw(st.sampled_from(["", "2", "-2026", "_20261126", "-v2", "-eu-west-1", "-k8s"]))
    return name + number


@given(names())
@example("SMSPARTNER_PRODUCTION_API_KEY_FR")
@example("aws-vault")
@example("1password-cli")
@example("pinentry-gnome3")
@example("x86_64-linux-gnu")
def test_names_are_shown(name: str) -> None:
    for shortest in (ANYWHERE, IN_ITS_PLACE):
        assert without_keys(name, shortest) == name


@given(st.lists(names(), min_size=1, max_size=5).map("/".join), st.sampled_from(["/", "~/", ""]))
def test_paths_are_shown(path: str, root: str) -> None:
    for shortest in (ANYWHERE, IN_ITS_PLACE):
        assert without_keys(root + path, shortest) == root + path


@given(st.text(max_size=60), st.sampled_from([ANYWHERE, IN_ITS_PLACE]))
def test_what_was_made_dots_stays_as_it_is(text: str, shortest: int) -> None:
    once = without_keys(text, shortest)
    assert without_keys(once, shortest) == once


@pytest.mark.parametrize(
    "key",
    [
        "5e41713109ab5e41713109ab5e41713109ab0123",
        "5E41713109AB5E41713109AB5E41713109AB0123",
        "123e4567-e89b-12d3-a456-426614174000",
        "1234567890123456789012345678901234567890",
        "abcdefabcdefabcdefabcdefabcdefabcdefabcd",
        "sk_live_4eC39HqLyjWDarjtT1zdp7dc",
        "a" * 40,
    ],
)
def test_keys_of_every_make_are_dots(key: str) -> None:
    assert without_keys(key) in (DOTS, f"sk_live_{DOTS}")
