"""What a shell may complete: ids, tags, profiles, rules, filters, times, files.

All of it comes from the watchlist and the settings. Nothing is asked over the network, no history
is opened, no file is made; what cannot be read completes nothing, without a word.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import wraps
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import click
    from click.shell_completion import CompletionItem

    from smsmon.filters import Field
    from smsmon.filters.questions import Value
    from smsmon.model import Entry
    from smsmon.settings import Settings

Found = tuple[str, str]
"""A value, and what is said of it."""
_CAME = 100
"""Of messages that came by themselves, no more are offered."""
_WITHIN = 1.5
"""Seconds that a shell is kept waiting for the store."""
_MESSAGES = frozenset(("summary", "watchlist"))
"""What is exported of messages."""
PART = "part"
"""The type of what is no whole word yet: no blank follows it."""
_RANGES = (
    ("today", "since midnight"), ("yesterday", "the whole day"), ("last night", "22:00 to 08:00"),
    ("this week", "since Monday"), ("last week", "Monday to Sunday"), ("1h", "the last hour"),
    ("12h", "the last twelve hours"), ("7d", "the last seven days"),
)  # fmt: skip
_AHEAD = (
    ("1h", "in an hour"), ("2h", "in two hours"), ("tomorrow 9:00", ""), ("monday 9:00", ""),
)  # fmt: skip


Complete = Callable[["click.Context", "click.Parameter", str], "list[CompletionItem[str]]"]


def completes(
    values: Callable[[click.Context, click.Parameter, str], Iterable[Found]],
) -> Complete:
    """What gives those of ``values`` that begin as what is typed, and nothing when they fail."""

    @wraps(values)
    def complete(
        ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem[str]]:
        from click.shell_completion import CompletionItem

        try:
            found = [each for each in values(ctx, param, incomplete) if _begins(each, incomplete)]
        except Exception:
            return []
        return [CompletionItem(value, help=" ".join(told.split()) or None) for value, told in found]

    return complete


def _begins(found: Found, incomplete: str) -> bool:
    return found[0].casefold().startswith(incomplete.casefold())


@completes
def ids(ctx: click.Context, param: click.Parameter, incomplete: str) -> Iterator[Found]:
    """The messages of the watchlist that are not named yet, by their labels; what came by itself
    once enough is typed that there are few."""
    named = ctx.params.get(param.name or "") or ()
    found = [each for each in _entries() if each.id.startswith(incomplete)]
    many = sum(each.arrival is not None for each in found) > _CAME
    for entry in found:
        if entry.id not in named and not (many and entry.arrival):
            yield entry.id, entry.label


@completes
def tags(ctx: click.Context, param: click.Parameter, _: str) -> Iterator[Found]:
    """The tags of the watchlist, and how many messages have each."""
    named = ctx.params.get(param.name or "") or ()
    return (each for each in _tags() if each[0] not in named)


@completes
def changed_tags(_: click.Context, __: click.Parameter, incomplete: str) -> Iterator[Found]:
    """As `tags`, each behind what is typed before it: ``+x -y``, ``=x,y``."""
    at = max(incomplete.rfind(" "), incomplete.rfind(",")) + 1
    at += incomplete[at : at + 1] in ("+", "-", "=")
    for tag, told in _tags():
        yield f"{incomplete[:at]}{tag}", told


def _tags() -> Iterator[Found]:
    from collections import Counter

    from smsmon.times import counted

    counts = Counter(tag for entry in _entries() for tag in entry.tags)
    for tag, count in sorted(counts.items()):
        yield tag, counted(count, "message")


@completes
def profiles(_: click.Context, __: click.Parameter, ___: str) -> Iterator[Found]:
    """The accounts of the settings."""
    for name, profile in _settings().profiles.items():
        yield name, profile.base_url


@completes
def places(_: click.Context, __: click.Parameter, ___: str) -> Iterator[Found]:
    """The files and folders that `smsmon locate` knows."""
    from smsmon.locations import Locations

    for name, path in Locations.find().named():
        yield name, str(path)


@completes
def rules(_: click.Context, __: click.Parameter, ___: str) -> Iterator[Found]:
    return _rules()


@completes
def sources(_: click.Context, __: click.Parameter, ___: str) -> Iterator[Found]:
    """What brings messages by itself."""
    for name in _settings().sources:
        yield name, ""


@completes
def targets(_: click.Context, __: click.Parameter, ___: str) -> Iterator[Found]:
    """Who can be told of alerts."""
    from smsmon.targets import open_targets

    for name in open_targets(_settings(), {}):
        yield name, ""


@completes
def silenceable(_: click.Context, __: click.Parameter, ___: str) -> Iterator[Found]:
    """What may be silenced: rules, tags and messages."""
    yield from _rules()
    for tag, told in _tags():
        yield f"tag:{tag}", told
    for entry in _entries():
        yield entry.id, entry.label


@completes
def subjects(ctx: click.Context, param: click.Parameter, _: str) -> Iterator[Found]:
    """What an alert may be about, and is not named yet."""
    named = ctx.params.get(param.name or "") or ()
    return (each for each in _subjects() if each[0] not in named)


def _subjects() -> Iterator[Found]:
    for entry in _entries():
        yield entry.id, entry.label
    for tag, told in _tags():
        yield f"tag:{tag}", told
    for name in _settings().profiles:
        yield f"account:{name}", ""
    yield "all", "everything at once"


def _rules() -> Iterator[Found]:
    for name, rule in _settings().alerts.items():
        yield name, rule.when


@completes
def ahead(_: click.Context, __: click.Parameter, ___: str) -> Iterable[Found]:
    """Moments to come that are often meant."""
    return _AHEAD


@completes
def ranges(_: click.Context, __: click.Parameter, ___: str) -> Iterable[Found]:
    """Ranges of time that are often asked for."""
    return _RANGES


def files(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Paths: the shell knows them."""
    from click.shell_completion import CompletionItem

    return [CompletionItem(incomplete, type="file")]


def filters(what: str) -> Complete:
    """Terms of a filter over the fields of ``what``: messages, or recipients and their messages.

    A command that lists either says by ``--recipients`` or by what it exports which it is.
    """

    def complete(
        ctx: click.Context, _: click.Parameter, incomplete: str
    ) -> list[CompletionItem[str]]:
        try:
            return list(_terms(incomplete, _fields(ctx, what)))
        except Exception:
            return []

    return complete


def _fields(ctx: click.Context, what: str) -> Sequence[Field]:
    from smsmon.commands.fields import of_groups, of_messages, of_recipients

    typed = ctx.obj or ()  # an option without its value keeps Click from parsing the rest
    if "--group" in typed or "groups" in typed:
        return of_groups()
    if what == "messages":
        return of_recipients() if "--recipients" in typed else of_messages()
    return of_recipients() if _MESSAGES.isdisjoint(typed) else of_messages()


def _terms(text: str, fields: Sequence[Field]) -> Iterator[CompletionItem[str]]:
    from click.shell_completion import CompletionItem

    from smsmon.filters.prompt import begun_term, completions

    known = {begun_term(each): each for each in fields}
    found = completions(text, len(text), fields, _offered)
    candidates = found.candidates
    if not text.removeprefix("!").strip() or text[-1].isspace():
        candidates = tuple(sorted(known))
    for each in candidates:
        field = known.get(each)
        yield CompletionItem(
            f"{text[: found.start]}{each}",
            type="plain" if found.final else PART,
            help=field.help if field else None,
            example=f"{text[: found.start]}{field.example}" if field else None,
        )


def _offered(name: str) -> Iterator[Value]:
    """What the messages of the watchlist have in a field."""
    for entry in _entries():
        match name:
            case "id":
                yield entry.id
            case "label":
                yield entry.label
            case "tag":
                yield entry.tags
            case "profile":
                yield entry.profile


def _settings() -> Settings:
    from smsmon.locations import Locations
    from smsmon.settings import load_settings

    return load_settings(Locations.find())


def _entries() -> list[Entry]:
    from smsmon.commands.stores import the_store, within_time
    from smsmon.locations import Locations

    # Nobody waits at a prompt for a team's store that does not answer.
    return within_time(lambda: the_store(Locations.find()).watchlist().load(), _WITHIN)
