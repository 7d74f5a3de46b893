"""Every setting of smsmon, once: name, type, bounds, default and meaning.

``config.toml`` is decoded into these types; ``smsmon config init``, ``show`` and ``schema``
print them. A setting's text is its documentation: there is no other.
"""

from threading import Lock
from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from smsmon.api.address import DEFAULT_BASE_URL
from smsmon.secret import Password
from smsmon.settings.display import Display, View
from smsmon.settings.secrets import Command, KeySource, Text, Variable, read_secret, source_of
from smsmon.settings.sources import Source
from smsmon.settings.telling import Alert, Target, Watch, built_in_alerts

API_KEY_VARIABLE = "SMSMON_API_KEY"
MEBIBYTE = 2**20


class Profile(Struct, frozen=True, kw_only=True):
    """One SMS Partner account."""

    api_key_env: Annotated[
        Variable | None,
        Meta(
            description="The environment variable that holds the API key. With no source "
            f"named at all, it is {API_KEY_VARIABLE}.",
            examples=["SMSPARTNER_KEY"],
        ),
    ] = None
    api_key_file: Annotated[
        Text | None,
        Meta(
            description="A file whose first line is the API key, readable by you alone.",
            examples=["~/.config/smsmon/key"],
        ),
    ] = None
    api_key_command: Annotated[
        Command | None,
        Meta(
            description="A command that prints the API key, run without a shell.",
            examples=[["pass", "show", "smspartner"]],
        ),
    ] = None
    base_url: Annotated[
        str, Meta(description="Where the API is. https, or plain http to this machine only.")
    ] = DEFAULT_BASE_URL
    answer_format: Annotated[
        Literal["json", "xml"], Meta(description="The format that the API is asked to answer in.")
    ] = "json"
    night_hold: Annotated[
        bool,
        Meta(
            description="The API holds this account's messages back from 20:00 to 08:00 and on "
            "Sundays and holidays (Paris time), as it does with commercial ones: alerts do not "
            "count that time as waiting."
        ),
    ] = False

    @property
    def key_source(self) -> KeySource:
        """Where this profile's key comes from."""
        named = source_of(self.api_key_env, self.api_key_file, self.api_key_command)
        return named or KeySource("env", API_KEY_VARIABLE)


class Polling(Struct, frozen=True, kw_only=True):
    """How often the API is asked."""

    min_interval: Annotated[
        float,
        Meta(description="Seconds between two requests for one message, at least.", ge=1, le=3_600),
    ] = 5.0
    max_interval: Annotated[
        float,
        Meta(
            description="Seconds between two requests for one message, at most, while it is live.",
            ge=1,
            le=86_400,
        ),
    ] = 900.0
    budget: Annotated[
        int,
        Meta(
            description="Requests a minute, at most, for all profiles together. The API allows "
            "2000 to one address.",
            ge=1,
            le=2_000,
        ),
    ] = 600
    concurrency: Annotated[
        int,
        Meta(description="Requests in flight at once, over all profiles.", ge=1, le=64),
    ] = 8
    batch: Annotated[
        bool,
        Meta(
            description="Read small messages up to 500 in one request, once its answers were seen "
            "to agree with those to single messages. false: each message by a request of its own."
        ),
    ] = True
    role: Annotated[
        Literal["auto", "always", "never"],
        Meta(
            description="Of all consoles and watches on one home one asks the API, and the others "
            "show what it finds; on a team's store a few do, each for its part of the messages. "
            "auto: whoever comes first (of a team the first two), and another one when that ends. "
            "always: this one, and an auto one lets it. never: this one only shows."
        ),
    ] = "auto"
    egress: Annotated[
        str,
        Meta(
            description="With a team's store: a name for the address that requests leave this "
            "host by. The API counts requests by that address, and behind NAT all hosts of an "
            "office have the same one, which no host can see: give them the same name here, and "
            "they share one budget. Empty: this host's name, a budget for this host alone.",
            max_length=64,
            pattern="^[^\\x00-\\x1f\\x7f]*$",
            examples=["office-paris"],
        ),
    ] = ""


class Network(Struct, frozen=True, kw_only=True):
    """How the API is reached."""

    timeout: Annotated[
        float,
        Meta(description="Seconds that one whole exchange may take.", ge=0.1, le=300),
    ] = 10.0
    body_limit: Annotated[
        int, Meta(description="The largest answer taken, in MiB, unpacked.", ge=1, le=1_024)
    ] = 64
    proxy: (
        Annotated[
            str,
            Meta(
                description="The proxy to go through. Unset: what HTTPS_PROXY or ALL_PROXY say.",
                pattern="^https?://",
                examples=["http://proxy.example:3128"],
            ),
        ]
        | None
    ) = None
    ca_file: Annotated[
        Text | None,
        Meta(
            description="File of certificate authorities to trust instead of the usual ones.",
            examples=["/etc/ssl/certs/ca-certificates.crt"],
        ),
    ] = None

    @property
    def body_limit_bytes(self) -> int:
        """The largest answer taken, in bytes."""
        return self.body_limit * MEBIBYTE


class History(Struct, frozen=True, kw_only=True):
    """What is kept of the past."""

    retention_days: Annotated[
        int,
        Meta(
            description="Days that a message's history is kept after it left the watchlist; "
            "0 keeps it for good.",
            ge=0,
            le=36_500,
        ),
    ] = 90


_SAID: dict[KeySource, Password] = {}
"""What the commands that print passwords said last."""
_RUN = Lock()


class Settings(Struct, frozen=True, kw_only=True):
    """All settings of smsmon."""

    profile: Annotated[
        str,
        Meta(
            description="The profile that new messages are given to, and that commands use unless "
            "told otherwise.",
            pattern="^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$",
        ),
    ] = "default"
    store: Annotated[
        str,
        Meta(
            description="Where the watchlist and all that is recorded are kept. Empty: on this "
            "machine. The address of a database, or the name of a service of libpq "
            '("service=NAME"): in PostgreSQL, for a whole team; smsmon[team] is needed. API keys '
            "are never kept there.",
            pattern="^(postgres(ql)?://.*|service=.*)?$",
            examples=["postgresql://smsmon@db.example/smsmon?sslmode=verify-full"],
        ),
    ] = ""
    store_password_env: Annotated[
        Variable | None,
        Meta(
            description="The environment variable that holds the password of that database. "
            "With no source named, it is found as libpq finds it: PGPASSWORD, ~/.pgpass, the "
            "file of services.",
            examples=["SMSMON_DATABASE_PASSWORD"],
        ),
    ] = None
    store_password_file: Annotated[
        Text | None,
        Meta(
            description="A file whose first line is that password, readable by you alone.",
            examples=["~/.config/smsmon/store-password"],
        ),
    ] = None
    store_password_command: Annotated[
        Command | None,
        Meta(
            description="A command that prints that password, run without a shell.",
            examples=[["pass", "show", "smsmon-store"]],
        ),
    ] = None
    profiles: dict[str, Profile] = field(default_factory=lambda: {"default": Profile()})
    polling: Polling = field(default_factory=Polling)
    network: Network = field(default_factory=Network)
    display: Display = field(default_factory=Display)
    history: History = field(default_factory=History)
    sources: dict[str, Source] = field(default_factory=dict)
    alerts: dict[str, Alert] = field(default_factory=built_in_alerts)
    targets: dict[str, Target] = field(default_factory=dict)
    watch: Watch = field(default_factory=Watch)
    views: dict[str, View] = field(default_factory=dict)
    keymap: Annotated[
        dict[str, str],
        Meta(
            description="Action → its keys, separated by commas. `smsmon` lists the actions "
            "under ? (help).",
        ),
    ] = field(default_factory=dict)

    def profile_of(self, named: str) -> str:
        """The profile that a message is polled under: the one it names, or the current one if it
        says "default" and no profile has that name.
        """
        return self.profile if named == "default" and named not in self.profiles else named

    @property
    def current(self) -> Profile:
        """The profile named by ``profile``."""
        return self.profiles[self.profile]

    @property
    def store_password_source(self) -> KeySource | None:
        """Where the password of the team's store comes from; None: wherever libpq finds it."""
        return source_of(
            self.store_password_env, self.store_password_file, self.store_password_command
        )

    def store_password(self, *, anew: bool = False) -> Password | None:
        """The password of the team's store; None: libpq is to find it. Blocks on a file or a
        command. Raises ``ValueError`` with a sentence that does not hold it.

        A command is run once, whoever asks: it may want a passphrase. ``anew``: what it said then
        is not taken any more.
        """
        source = self.store_password_source
        if source is None:
            return None
        if source.kind != "command":
            return read_secret(source, "password", Password.parse)
        with _RUN:
            if anew or source not in _SAID:
                _SAID[source] = read_secret(source, "password", Password.parse)
            return _SAID[source]
