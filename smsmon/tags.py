"""How tags are written, and what is done to them: the one grammar of tags. Pure.

Words between spaces or commas; one with a space stands in quotes. ``+x`` adds a tag, ``-x`` takes
it away, and ``=x y`` gives these tags and no others.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from smsmon.text import typed

_WORD = re.compile(r'([-+=])(?:"([^"]*)"?|([^\s,"]*))|"([^"]*)"?|([^\s,"]+)')
_NEEDS_QUOTES = re.compile(r"^[-+=]|[\s,]")


class BadTags(ValueError):
    """What was typed is no change of tags. The text is a sentence that says why."""


@dataclass(frozen=True, slots=True)
class TagChange:
    """What becomes of the tags of a message, whatever they are before."""

    added: tuple[str, ...] = ()
    taken: tuple[str, ...] = ()
    anew: bool = False
    """No tag stays: it has those that are added, and no others."""

    def of(self, tags: Iterable[str]) -> tuple[str, ...]:
        """What ``tags`` become: each once, those that stay in their order, new ones behind."""
        kept = () if self.anew else tags
        return tuple(dict.fromkeys(tag for tag in (*kept, *self.added) if tag not in self.taken))


NO_TAGS = TagChange(anew=True)
"""Takes every tag away."""


def read_tags(text: str, *, shown: bool = False) -> TagChange:
    """The change that ``text`` asks for; raises `BadTags`.

    Words without a sign are added. With ``shown``, where ``text`` began as the tags there are,
    they are all the tags there shall be.
    """
    added: dict[str, None] = {}
    taken: dict[str, None] = {}
    anew = shown and not text.strip(" ,")
    signs: set[str] = set()
    for sign, tag in _words(text):
        signs.add(sign)
        if sign == "=" and not tag and not anew:
            anew = True
            continue
        if not tag:
            raise BadTags(f"There is no tag after {sign}." if sign else "A tag is empty.")
        anew = anew or sign == "="
        there, away = (taken, added) if sign == "-" else (added, taken)
        there[tag] = None
        away.pop(tag, None)
    if "=" in signs and signs & {"+", "-"}:
        raise BadTags("Write either =x y (these tags and no others) or +x -y (add x, take y away).")
    return TagChange(tuple(added), tuple(taken), anew=anew or (shown and "" in signs))


def tags_text(tags: Iterable[str]) -> str:
    """``tags`` as they are typed."""
    return " ".join(f'"{tag}"' if _NEEDS_QUOTES.search(tag) else tag for tag in tags)


def signed(tag: str) -> str:
    """One tag behind its sign, if it has one, as both are typed: spaces are within the tag."""
    sign = tag[:1] if tag[:1] in "-+=" else ""
    return f'{sign}"{tag.removeprefix(sign)}"' if tag else ""


def _words(text: str) -> Iterable[tuple[str, str]]:
    """Each word typed: its sign, if it has one, and its tag, safe to keep."""
    for sign, *words in _WORD.findall(text):
        tag = " ".join("".join(words).split())
        if sign or tag:
            yield sign, typed(tag)
