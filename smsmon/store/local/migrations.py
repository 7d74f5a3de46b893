"""The versions of ``history.db``: the statements that make each of the one before.

Moments we observed are milliseconds since the epoch, the API's own dates are seconds; both
UTC. A phone is an integer where it is E.164 (``33612345678``), else the text that came.
"""

from __future__ import annotations

from collections.abc import Sequence

_V1 = (
    """CREATE TABLE message (
        id INTEGER PRIMARY KEY,
        message_id TEXT NOT NULL UNIQUE,
        profile TEXT NOT NULL,
        label TEXT NOT NULL,
        tags TEXT NOT NULL,           -- one a line
        revision INTEGER NOT NULL,    -- grows by one with each recorded report
        digest BLOB,                  -- of the last true report
        first_read_at INTEGER,
        read_at INTEGER,
        last_change_at INTEGER,
        completed_at INTEGER,
        removed_at INTEGER,           -- from the watchlist; NULL while it is on it
        total INTEGER NOT NULL,
        delivered INTEGER NOT NULL,
        not_delivered INTEGER NOT NULL,
        waiting INTEGER NOT NULL,
        unknown INTEGER NOT NULL,
        stop INTEGER NOT NULL,
        absent TEXT NOT NULL          -- slots the last report left out: "3 17 18"
    )""",
    # No type for phone: with one, SQLite would make the text "0612345678" a number.
    """CREATE TABLE recipient (
        message INTEGER NOT NULL,
        slot INTEGER NOT NULL,
        phone NOT NULL,
        status INTEGER NOT NULL,      -- model.Status
        word INTEGER NOT NULL,        -- the API's own word, in table word
        stop INTEGER NOT NULL,        -- 0 no, 1 yes, 2 the report did not say
        date INTEGER NOT NULL,        -- the API's date of the status; 0: none
        first_seen INTEGER NOT NULL,
        changed_at INTEGER NOT NULL,  -- 0: never seen to change
        reason TEXT,                  -- why its row could not be understood
        PRIMARY KEY (message, slot)
    ) WITHOUT ROWID""",
    "CREATE INDEX recipient_by_phone ON recipient (phone)",
    # The key is the guard: one report changes a recipient once.
    """CREATE TABLE change (
        message INTEGER NOT NULL,
        slot INTEGER NOT NULL,
        revision INTEGER NOT NULL,
        observed_at INTEGER NOT NULL,
        before INTEGER,               -- NULL: it appeared in this report
        after INTEGER NOT NULL,
        word INTEGER NOT NULL,
        stop_before INTEGER NOT NULL,
        stop_after INTEGER NOT NULL,
        date_before INTEGER NOT NULL,
        date INTEGER NOT NULL,
        PRIMARY KEY (message, slot, revision)
    ) WITHOUT ROWID""",
    "CREATE INDEX change_by_moment ON change (observed_at)",
    "CREATE TABLE word (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE)",
    """CREATE TABLE event (
        id INTEGER PRIMARY KEY,
        at INTEGER NOT NULL,
        kind TEXT NOT NULL,
        message_id TEXT,              -- NULL: it concerns the account
        profile TEXT NOT NULL,
        detail TEXT NOT NULL
    )""",
    "CREATE INDEX event_by_moment ON event (at)",
    "CREATE INDEX event_by_message ON event (message_id, at)",
)

# What the processes on one home tell each other.
_SHARED = (
    # Whoever polls has this epoch: what an earlier one still tries to record is refused. Each
    # recording has a number of its own, and followers read what has a higher one.
    "CREATE TABLE lease (id INTEGER PRIMARY KEY CHECK (id = 1), epoch INTEGER NOT NULL,"
    " sequence INTEGER NOT NULL)",
    "INSERT INTO lease VALUES (1, 0, 0)",
    """CREATE TABLE last_poll (
        message_id TEXT PRIMARY KEY,
        profile TEXT NOT NULL,
        sequence INTEGER NOT NULL,    -- of the recording that wrote it
        read_at INTEGER,
        asked_at INTEGER,
        promise INTEGER,              -- milliseconds from that read to the next
        next_due INTEGER,
        settled_at INTEGER,
        fault TEXT,                   -- model.FaultKind; NULL: the last poll went well
        reason TEXT NOT NULL,
        fault_since INTEGER
    ) WITHOUT ROWID""",
    "CREATE INDEX last_poll_by_sequence ON last_poll (sequence)",
    """CREATE TABLE account (
        profile TEXT PRIMARY KEY,
        condition TEXT NOT NULL,
        fault TEXT,
        reason TEXT NOT NULL,
        since INTEGER,
        retry_at INTEGER,
        failing_since INTEGER,
        heard INTEGER NOT NULL
    ) WITHOUT ROWID""",
    """CREATE TABLE wish (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        who TEXT NOT NULL,            -- the process that asks
        at INTEGER NOT NULL,
        kind TEXT NOT NULL,
        what TEXT NOT NULL
    )""",
    # Alerts whose command ran when they fired, until it ran when they were over.
    """CREATE TABLE told (
        rule TEXT NOT NULL,
        message_id TEXT NOT NULL,
        at INTEGER NOT NULL,
        PRIMARY KEY (rule, message_id)
    ) WITHOUT ROWID""",
)

_V2 = (
    # Since when the reports leave it out; 0: the last one lists it.
    "ALTER TABLE recipient ADD COLUMN absent_since INTEGER NOT NULL DEFAULT 0",
    """UPDATE recipient
        SET absent_since = (SELECT ifnull(read_at, 1) FROM message WHERE id = recipient.message)
        WHERE (message, slot) IN (
            SELECT m.id, place.value FROM message m,
            json_each('[' || replace(m.absent, ' ', ',') || ']') place
        )""",
    # A message id belongs to an account: of each that it was read with, there is one message.
    """CREATE TABLE message_of_account (
        id INTEGER PRIMARY KEY,
        message_id TEXT NOT NULL,
        profile TEXT NOT NULL,
        label TEXT NOT NULL,
        tags TEXT NOT NULL,           -- one a line
        revision INTEGER NOT NULL DEFAULT 0, -- grows by one with each report that is recorded
        digest BLOB,                  -- of the last true report
        first_read_at INTEGER,
        read_at INTEGER,
        asked_at INTEGER,             -- when what was read last had been asked for
        last_change_at INTEGER,
        completed_at INTEGER,
        settled_at INTEGER,
        removed_at INTEGER,           -- from the watchlist or this account; NULL while it is there
        due_at INTEGER,               -- when it was first found to be old enough to be dropped
        total INTEGER NOT NULL DEFAULT 0,
        delivered INTEGER NOT NULL DEFAULT 0,
        not_delivered INTEGER NOT NULL DEFAULT 0,
        waiting INTEGER NOT NULL DEFAULT 0,
        unknown INTEGER NOT NULL DEFAULT 0,
        stop INTEGER NOT NULL DEFAULT 0,
        absent INTEGER NOT NULL DEFAULT 0, -- of total, those that the last report left out
        UNIQUE (message_id, profile)
    )""",
    """INSERT INTO message_of_account SELECT
        id, message_id, profile, label, tags, revision, digest, first_read_at, read_at, read_at,
        last_change_at, completed_at, NULL, removed_at, NULL,
        total, delivered, not_delivered, waiting, unknown, stop,
        (SELECT count(*) FROM recipient WHERE message = message.id AND absent_since)
        FROM message""",
    "DROP TABLE message",
    "ALTER TABLE message_of_account RENAME TO message",
    # The last moment at which our clock and the server's agreed.
    "CREATE TABLE clock (id INTEGER PRIMARY KEY CHECK (id = 1), agreed_at INTEGER)",
    "INSERT INTO clock VALUES (1, NULL)",
    # What version 1 kept as it came, or as a mainland number though it is of a department
    # overseas: reports spell it otherwise now, and it would look like another recipient.
    """UPDATE recipient SET phone = respelled(phone) WHERE phone >= ''
        OR phone BETWEEN 33260000000 AND 33269999999 OR phone BETWEEN 33590000000 AND 33599999999
        OR phone BETWEEN 33639000000 AND 33639999999 OR phone BETWEEN 33690000000 AND 33699999999
        OR phone BETWEEN 33708000000 AND 33709999999""",
    *_SHARED,
)

_V3 = (
    # Until when the server asked to be left alone, as it was told when an account went down.
    "ALTER TABLE event ADD COLUMN until INTEGER",
    # From which report to which one a recipient was left out, once he was back.
    """CREATE TABLE absence (
        message INTEGER NOT NULL,
        slot INTEGER NOT NULL,
        since INTEGER NOT NULL,
        until INTEGER NOT NULL,
        PRIMARY KEY (message, slot, since)
    ) WITHOUT ROWID""",
)

_V4 = (
    # From which read to which one a message was not read for longer than was promised.
    """CREATE TABLE unread (
        message INTEGER NOT NULL,
        since INTEGER NOT NULL,
        until INTEGER NOT NULL,
        PRIMARY KEY (message, since)
    ) WITHOUT ROWID""",
    "CREATE INDEX unread_by_end ON unread (until)",
)

_V5 = (
    # Alerts, each from when it fired until it was over: of one rule and subject one at a time.
    """CREATE TABLE episode (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        rule TEXT NOT NULL,
        about TEXT NOT NULL,          -- alerts.About
        name TEXT NOT NULL,           -- of what it is about
        profile TEXT NOT NULL,        -- of a message or an account, else empty
        severity INTEGER NOT NULL,
        condition TEXT NOT NULL,      -- of the rule, as it was written
        label TEXT NOT NULL,
        tags TEXT NOT NULL,           -- one a line
        began_at INTEGER NOT NULL,
        fired_at INTEGER NOT NULL,
        facts TEXT NOT NULL,
        worst REAL,
        worst_at INTEGER,
        worst_facts TEXT,
        over_at INTEGER,              -- NULL while it fires
        why_over TEXT NOT NULL DEFAULT '',
        ack_by TEXT,                  -- who acknowledged it last; NULL: nobody does now
        ack_at INTEGER,
        ack_note TEXT,
        ack_until INTEGER,            -- NULL: until it is over
        old INTEGER NOT NULL          -- 1: it held already when somebody first looked
    )""",
    "CREATE UNIQUE INDEX episode_firing ON episode (rule, about, name, profile)"
    " WHERE over_at IS NULL",
    "CREATE INDEX episode_by_end ON episode (over_at)",
    """CREATE TABLE silence (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        what TEXT NOT NULL,           -- alerts.What
        name TEXT NOT NULL,
        since INTEGER NOT NULL,
        until INTEGER NOT NULL,
        who TEXT NOT NULL,
        note TEXT NOT NULL
    )""",
    "CREATE INDEX silence_by_end ON silence (until)",
    # Who was told what of an episode, or is being told.
    """CREATE TABLE telling (
        episode INTEGER NOT NULL,
        target TEXT NOT NULL,
        edge TEXT NOT NULL,           -- alerts.Edge
        claimed_at INTEGER NOT NULL,
        done_at INTEGER,              -- NULL: on its way
        claimant TEXT NOT NULL,       -- the process that tells it
        PRIMARY KEY (episode, target, edge)
    ) WITHOUT ROWID""",
    # What an account held, each time it was another than before.
    """CREATE TABLE balance (
        profile TEXT NOT NULL,
        at INTEGER NOT NULL,
        amount TEXT NOT NULL,         -- as the API wrote it
        currency TEXT NOT NULL,
        credits INTEGER,
        credits_eco INTEGER,
        credits_hlr INTEGER,
        to_send INTEGER,
        PRIMARY KEY (profile, at)
    ) WITHOUT ROWID""",
    # What was told as firing fires still, and its command has run.
    """INSERT INTO episode (rule, about, name, profile, severity, condition, label, tags,
            began_at, fired_at, facts, old)
        SELECT told.rule, 'message', told.message_id, ifnull(m.profile, 'default'), 2, '',
            ifnull(m.label, ''), ifnull(m.tags, ''), told.at, told.at, '', 0
        FROM told LEFT JOIN message m ON m.id = (
            SELECT id FROM message WHERE message_id = told.message_id
            ORDER BY removed_at IS NOT NULL, removed_at DESC, id DESC LIMIT 1
        )""",
    """INSERT INTO telling
        SELECT id, 'command:' || rule, 'fired', fired_at, fired_at, '' FROM episode""",
    "DROP TABLE told",
)

# Messages that came by themselves. Each row has the number of the change that brought it.
_V6 = (
    """CREATE TABLE arrival (
        message_id TEXT PRIMARY KEY,
        place INTEGER NOT NULL,       -- in the order in which they came
        version INTEGER NOT NULL,
        label TEXT NOT NULL,
        tags TEXT NOT NULL,           -- one a line
        profile TEXT NOT NULL,
        came_at INTEGER NOT NULL,
        source TEXT NOT NULL,
        leave_after INTEGER NOT NULL, -- milliseconds
        phone TEXT NOT NULL,
        sent_at INTEGER
    ) WITHOUT ROWID""",
    "CREATE INDEX arrival_by_version ON arrival (version)",
    # What left a while ago, and where it stood.
    """CREATE TABLE arrival_left (
        message_id TEXT PRIMARY KEY,
        place INTEGER NOT NULL,
        version INTEGER NOT NULL,
        left_at INTEGER NOT NULL
    ) WITHOUT ROWID""",
    "CREATE INDEX arrival_left_by_version ON arrival_left (version)",
    "CREATE INDEX arrival_left_by_moment ON arrival_left (left_at, version)",
    # Up to where each source was read.
    "CREATE TABLE arrival_position (reader TEXT PRIMARY KEY, position TEXT NOT NULL) WITHOUT ROWID",
    """CREATE TABLE arrival_version (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        version INTEGER NOT NULL,     -- of the last change
        placed INTEGER NOT NULL,      -- the last place that was given
        forgotten INTEGER NOT NULL,   -- the last change of which nothing is in arrival_left
        name TEXT NOT NULL            -- a random one: another database has another one
    )""",
    "INSERT INTO arrival_version VALUES (1, 0, 0, 0, lower(hex(randomblob(8))))",
    # Of the history: when a message was added, or came, and how; empty where somebody added it.
    "ALTER TABLE message ADD COLUMN added_at INTEGER",
    "ALTER TABLE message ADD COLUMN source TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE message ADD COLUMN sent_at INTEGER",
    "CREATE INDEX message_by_removal ON message (removed_at)",
    "CREATE INDEX message_by_first_read ON message (first_read_at) WHERE source != ''",
)

Script = Sequence[str]
MIGRATIONS: Sequence[Script] = (_V1, _V2, _V3, _V4, _V5, _V6)
"""``MIGRATIONS[n]`` are the statements that make a database of version n one of version n + 1;
version 0 is an empty file."""
