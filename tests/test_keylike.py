"""What could be a key is never shown where it does not belong; what people call things is."""

from __future__ import annotations

import string
from random import Random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from smsmon.secret import (
    ANYWHERE,
    DOTS,
    IN_ITS_PLACE,
    could_be_key,
    has_password,
    is_most_likely_key,
    place_shown,
    without_keys,
    without_likely_keys,
    without_passwords,
)
from smsmon.text import safe

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
def keys(draw: st.DrawFn) -> str:
    """What a machine draws: each character by itself."""
    alphabet = draw(st.sampled_from(sorted(ALPHABETS)))
    # A short one that happens to have hyphens may look like initials: no key is both.
    length = draw(st.integers(20 if ALPHABETS[alphabet].isalnum() else 32, 64))
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


@pytest.mark.parametrize("alphabet", ["hex", "HEX", "base62", "base36", "BASE36"])
@pytest.mark.parametrize("around", ["{}", "echo {}", "~/{}", "{} show"])
def test_in_its_place_shorter_ones_are_dots_too_but_for_what_can_be_spoken(
    alphabet: str, around: str
) -> None:
    draw = Random(12)
    drawn = ["".join(draw.choices(ALPHABETS[alphabet], k=12)) for _ in range(1_000)]
    told = [key for key in drawn if key in without_keys(around.format(key), IN_ITS_PLACE)]
    assert len(told) <= 20, told[:5]


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


@pytest.mark.parametrize(
    "key", ["zX9+qL2/vB7nM4kJ8hG6fD5sA3wQ1eRt==", "vB7nM4kJ8hG6fD5sA/aB3+/q=="]
)
def test_of_base64_that_is_dots_no_part_between_slashes_is_left(key: str) -> None:
    assert without_keys(f"there is no theme “{key}”.") == f"there is no theme “{DOTS}”."
    assert without_keys(f"/etc/smsmon/keys/{key[12:26]}") == f"/etc/smsmon/keys/{key[12:26]}"


@pytest.mark.parametrize(
    ("word", "sense"),
    [
        # Three letters are initials, four must be spoken.
        ("xyz_xyz_xyz_xyz_xyz", True),
        ("bcdf_bcdf_bcdf_bcdf", False),
        ("bcda_bcda_bcda_bcda", True),
        # Fifteen letters are a word, and no more; five consonants, and no more; four vowels.
        ("notificationnot_e", True),
        ("notificationnote_", False),
        ("abcdfga_abcdfga_a", True),
        ("abcdfgha_abcdfgha", False),
        ("baeio_baeio_baeio", True),
        ("baeiou_baeiou_bae", False),
        # Numbers have eight digits, behind a word four, before one two.
        ("note_20261126_note", True),
        ("note_202611261_note", False),
        ("note1234_note1234", True),
        ("note12345_note1234", False),
        ("12note_note_note_n", True),
        ("123note_note_note", False),
        ("EU_NOTE1234_NOTE_A", True),
        ("EU_NOTE12345_NOTE", False),
        ("eu1_v2_k8s_v2_k8s", True),
        ("eu1_v2_k8s_v2_k8s1", False),
    ],
)
def test_a_word_makes_sense_when_each_part_of_it_could_be_said(word: str, sense: bool) -> None:
    for separator in "_.~+=-":
        assert could_be_key(word.replace("_", separator)) is not sense


@pytest.mark.parametrize("shortest", [ANYWHERE, IN_ITS_PLACE])
def test_so_long_a_word_could_be_a_key_and_no_shorter_one(shortest: int) -> None:
    word = ("x9q7" * 9)[:shortest]
    assert could_be_key(word, shortest)
    assert not could_be_key(word[:-1], shortest)
    assert without_keys(word, shortest) == DOTS
    assert without_keys(f"a longer text of {word[:-1]} b", shortest).endswith(f"{word[:-1]} b")
    assert could_be_key(word) is (shortest == ANYWHERE)


@pytest.mark.parametrize(
    ("place", "shown"),
    [
        ("x9q7x9q7", DOTS),
        ("x9q7x9q", "x9q7x9q"),
        ("/run/x9q7x9q7", "/run/x9q7x9q7"),
        ("/run/x9q7x9q7x9q7x9q7", f"/run/{DOTS}"),
        ("SMSPARTNER_API_KEY", "SMSPARTNER_API_KEY"),
    ],
)
def test_the_place_of_a_key_is_judged_strictly_where_it_is_no_path(place: str, shown: str) -> None:
    assert place_shown(place) == shown


def test_of_a_key_that_was_cut_too_little_is_left_to_tell() -> None:
    for left in range(4, 40):
        cut = safe("said: q7RtB2xLw9ZkV4mNcY8sHd3PjF6gUa1EzX9qL2vB", 6 + left + 1)
        assert len(without_keys(cut)) <= 6 + IN_ITS_PLACE
    assert without_keys("the campaign of Christmas…") == "the campaign of Christmas…"


def test_32_hexadecimal_digits_in_a_row_are_most_likely_a_key() -> None:
    digits = "0123456789abcdefABCDEF0123456789"
    assert is_most_likely_key(f"x {digits} y")
    assert not is_most_likely_key(digits[:-1])
    assert not is_most_likely_key(f"{digits[:16]} {digits[16:]}")
    told = without_likely_keys(f"z{digits}z{digits}00 {digits[:-1]}")
    assert told == f"z{DOTS}z{DOTS} {digits[:-1]}"


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://anna:hunter2@db.example/smsmon",
        "postgresql://anna:hun@ter:2/@db1.example,db2.example:6432/smsmon?sslmode=verify-full",
        "postgres://:hunter2@/smsmon",
        "mailtos:/anna:hunter2@mail.example",  # as a path
        "postgresql:///smsmon?user=anna&password=hunter2&sslmode=require",
        "postgresql:///smsmon?sslpassword=hunter2",
        "could not parse \"host=db password='hun ter\\'2' user=anna\" at all",
        "it failed: postgresql://anna:hunter2@db.example/smsmon, twice",
    ],
)
def test_the_password_of_an_address_is_never_shown(text: str) -> None:
    assert has_password(text)
    for shown in (without_passwords(text), without_keys(text)):
        assert DOTS in shown
        assert "hun" not in shown
        assert "ter" not in shown


@pytest.mark.parametrize(
    "text",
    [
        "",
        "service=smsmon",
        "postgresql://anna@db.example:5432/smsmon?sslmode=verify-full",
        "postgresql://anna@[::1]:5432/smsmon",
        "a password is asked for at 12:30, of anna@db.example",
    ],
)
def test_what_holds_no_password_is_shown_as_it_is(text: str) -> None:
    assert without_passwords(text) == text
    assert not has_password(text)
