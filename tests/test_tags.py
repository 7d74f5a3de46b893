"""The grammar of tags: what is typed, and what becomes of the tags there are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsmon.tags import NO_TAGS, BadTags, TagChange, read_tags, tags_text
from smsmon.text import typed

TAG = st.text("ab ,é+-=", min_size=1, max_size=6).map(lambda tag: " ".join(tag.split()))
TAGS = st.lists(TAG.filter(bool), unique=True, max_size=5).map(tuple)


@pytest.mark.parametrize("text", ["otp fr", "otp,fr", " otp , fr,otp ", '"otp" fr', "otp\tfr,,"])
def test_tags_stand_between_spaces_or_commas(text: str) -> None:
    assert read_tags(text) == TagChange(("otp", "fr"))


@pytest.mark.parametrize(
    ("text", "change"),
    [
        ("", TagChange()),
        (" , ", TagChange()),
        ("+otp -fr", TagChange(("otp",), ("fr",))),
        ("otp -fr", TagChange(("otp",), ("fr",))),
        ('+"black  friday" -"a b"', TagChange(("black friday",), ("a b",))),
        ("+x -x", TagChange((), ("x",))),
        ("-x +x", TagChange(("x",))),
        ("=x y", TagChange(("x", "y"), anew=True)),
        ("= x, y", TagChange(("x", "y"), anew=True)),
        ("=x =y", TagChange(("x", "y"), anew=True)),
        ("=", NO_TAGS),
        ("a-b c++ d=e", TagChange(("a-b", "c++", "d=e"))),
        ('"-x" +"=y"', TagChange(("-x", "=y"))),
        ('"open end', TagChange(("open end",))),
    ],
)
def test_what_is_typed_asks_for_a_change(text: str, change: TagChange) -> None:
    assert read_tags(text) == change


@pytest.mark.parametrize(
    ("text", "change"),
    [
        ("", NO_TAGS),
        ("fr promo", TagChange(("fr", "promo"), anew=True)),
        ("fr +otp", TagChange(("fr", "otp"), anew=True)),
        ("fr promo -promo", TagChange(("fr",), ("promo",), anew=True)),
        ("+otp", TagChange(("otp",))),
        ("-fr", TagChange((), ("fr",))),
        ("=x", TagChange(("x",), anew=True)),
    ],
)
def test_where_the_tags_stand_in_the_field_its_words_are_all_there_shall_be(
    text: str, change: TagChange
) -> None:
    assert read_tags(text, shown=True) == change


@pytest.mark.parametrize(
    ("text", "why"),
    [("+", "no tag after +"), ("fr - x", "no tag after -"), ("=x +y", "either =x y"),
     ("-y =x", "either =x y"), ("= =", "no tag after =")],
)  # fmt: skip
def test_what_is_no_change_says_why(text: str, why: str) -> None:
    with pytest.raises(BadTags, match=why):
        read_tags(text)


def test_a_change_keeps_the_order_of_what_stays() -> None:
    assert read_tags("+new -b b2").of(("c", "b", "a")) == ("c", "a", "new", "b2")
    assert read_tags("+a").of(("c", "a")) == ("c", "a")
    assert read_tags("=z").of(("c", "a")) == ("z",)


@given(TAGS)
def test_tags_are_read_as_they_are_written(tags: tuple[str, ...]) -> None:
    assert read_tags(tags_text(tags)).added == tags
    assert read_tags(tags_text(tags), shown=True).of(("other",)) == tags


@given(st.text(max_size=40), TAGS, st.booleans())
def test_a_change_is_safe_and_done_once_for_all(
    text: str, tags: tuple[str, ...], own: bool
) -> None:
    try:
        change = read_tags(text, shown=own)
    except BadTags:
        return
    now = change.of(tags)
    assert change.of(now) == now
    assert len(set(now)) == len(now)
    assert all(tag and typed(tag) == tag for tag in (*change.added, *change.taken))
    assert not set(change.taken) & set(now)


@given(st.text('+-= ,"ab', max_size=12))
def test_words_without_a_sign_never_take_a_tag_away(text: str) -> None:
    if "-" in text or "=" in text:
        return
    try:
        change = read_tags(text)
    except BadTags:
        return
    assert set(change.of(("a", "c"))) >= {"a", "c"}
