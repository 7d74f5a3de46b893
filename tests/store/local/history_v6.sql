PRAGMA application_id = 1936552813;
PRAGMA user_version = 6;
BEGIN TRANSACTION;
CREATE TABLE absence (
        message INTEGER NOT NULL,
        slot INTEGER NOT NULL,
        since INTEGER NOT NULL,
        until INTEGER NOT NULL,
        PRIMARY KEY (message, slot, since)
    ) WITHOUT ROWID;
CREATE TABLE account (
        profile TEXT PRIMARY KEY,
        condition TEXT NOT NULL,
        fault TEXT,
        reason TEXT NOT NULL,
        since INTEGER,
        retry_at INTEGER,
        failing_since INTEGER,
        heard INTEGER NOT NULL
    ) WITHOUT ROWID;
CREATE TABLE arrival (
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
    ) WITHOUT ROWID;
INSERT INTO "arrival" VALUES('8',2,1,'a code','otp','default',1795348812000,'otp',3600000,'+33600000009',1795348811500);
CREATE TABLE arrival_left (
        message_id TEXT PRIMARY KEY,
        place INTEGER NOT NULL,
        version INTEGER NOT NULL,
        left_at INTEGER NOT NULL
    ) WITHOUT ROWID;
INSERT INTO "arrival_left" VALUES('7',1,2,1795348812000);
CREATE TABLE arrival_position (reader TEXT PRIMARY KEY, position TEXT NOT NULL) WITHOUT ROWID;
INSERT INTO "arrival_position" VALUES('otp','90');
CREATE TABLE arrival_version (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        version INTEGER NOT NULL,     -- of the last change
        placed INTEGER NOT NULL,      -- the last place that was given
        forgotten INTEGER NOT NULL,   -- the last change of which nothing is in arrival_left
        name TEXT NOT NULL            -- a random one: another database has another one
    );
INSERT INTO "arrival_version" VALUES(1,2,2,0,'a25149c8f39a75a9');
CREATE TABLE balance (
        profile TEXT NOT NULL,
        at INTEGER NOT NULL,
        amount TEXT NOT NULL,         -- as the API wrote it
        currency TEXT NOT NULL,
        credits INTEGER,
        credits_eco INTEGER,
        credits_hlr INTEGER,
        to_send INTEGER,
        PRIMARY KEY (profile, at)
    ) WITHOUT ROWID;
INSERT INTO "balance" VALUES('default',1795348811000,'120.50','EUR',2410,NULL,7,0);
CREATE TABLE change (
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
    ) WITHOUT ROWID;
INSERT INTO "change" VALUES(1,0,2,1795348807000,1,2,3,0,1,1795348800,1795348805);
INSERT INTO "change" VALUES(1,3,2,1795348807000,NULL,1,1,0,0,0,1795348800);
CREATE TABLE clock (id INTEGER PRIMARY KEY CHECK (id = 1), agreed_at INTEGER);
INSERT INTO "clock" VALUES(1,NULL);
CREATE TABLE episode (
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
    );
INSERT INTO "episode" VALUES(1,'late','message','300','default',2,'oldest>60s','Black Friday','fr
promo',1795348808000,1795348809000,'for 60 s',60.0,1795348809000,'60 s',NULL,'','anna@ops1',1795348810000,'seen',NULL,0);
CREATE TABLE event (
        id INTEGER PRIMARY KEY,
        at INTEGER NOT NULL,
        kind TEXT NOT NULL,
        message_id TEXT,              -- NULL: it concerns the account
        profile TEXT NOT NULL,
        detail TEXT NOT NULL
    , until INTEGER);
INSERT INTO "event" VALUES(1,1795348800000,'first read','300','default','2 waiting, 1 unknown',NULL);
INSERT INTO "event" VALUES(2,1795348807000,'absent','300','default','1 of 4 known recipients not in the answer',NULL);
INSERT INTO "event" VALUES(3,1795348809000,'stale','300','default','no answer within 10 s',NULL);
INSERT INTO "event" VALUES(4,1795348810000,'account down',NULL,'default','no route',1795348870000);
INSERT INTO "event" VALUES(5,1795348800000,'first read','302','default','1 waiting',NULL);
CREATE TABLE last_poll (
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
    ) WITHOUT ROWID;
CREATE TABLE lease (id INTEGER PRIMARY KEY CHECK (id = 1), epoch INTEGER NOT NULL, sequence INTEGER NOT NULL);
INSERT INTO "lease" VALUES(1,0,3);
CREATE TABLE "message" (
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
        absent INTEGER NOT NULL DEFAULT 0, added_at INTEGER, source TEXT NOT NULL DEFAULT '', sent_at INTEGER, -- of total, those that the last report left out
        UNIQUE (message_id, profile)
    );
INSERT INTO "message" VALUES(1,'300','default','Black Friday','fr
promo',2,X'5B526563697069656E742870686F6E653D272B3333363030303030303031272C207374617475733D3C5374617475732E44454C4956455245443A20323E2C207261775F7374617475733D2744656C697665726564272C2073746F703D547275652C20646174653D313739353334383830352C20726561736F6E3D2727292C20526563697069656E742870686F6E653D272B3333363030303030303032272C207374617475733D3C5374617475732E57414954494E473A20313E2C207261775F7374617475733D2757616974696E67272C2073746F703D46616C73652C20646174653D313739353334383830302C20726561736F6E3D2727292C20526563697069656E742870686F6E653D272B3333363030303030303034272C207374617475733D3C5374617475732E57414954494E473A20313E2C207261775F7374617475733D2757616974696E67272C2073746F703D46616C73652C20646174653D313739353334383830302C20726561736F6E3D2727295D',1795348800000,1795348808000,1795348808000,1795348807000,NULL,NULL,1795348820000,NULL,4,1,0,2,1,1,1,1795348800000,'',NULL);
INSERT INTO "message" VALUES(2,'302','default','','',1,X'5B526563697069656E742870686F6E653D272B3333363030303030303035272C207374617475733D3C5374617475732E57414954494E473A20313E2C207261775F7374617475733D2757616974696E67272C2073746F703D46616C73652C20646174653D313739353334383830302C20726561736F6E3D2727295D',1795348800000,1795349400000,1795349400000,1795348800000,NULL,NULL,1795349400000,NULL,1,0,0,1,0,0,0,1795348800000,'',NULL);
CREATE TABLE recipient (
        message INTEGER NOT NULL,
        slot INTEGER NOT NULL,
        phone NOT NULL,
        status INTEGER NOT NULL,      -- model.Status
        word INTEGER NOT NULL,        -- the API's own word, in table word
        stop INTEGER NOT NULL,        -- 0 no, 1 yes, 2 the report did not say
        date INTEGER NOT NULL,        -- the API's date of the status; 0: none
        first_seen INTEGER NOT NULL,
        changed_at INTEGER NOT NULL,  -- 0: never seen to change
        reason TEXT, absent_since INTEGER NOT NULL DEFAULT 0,                  -- why its row could not be understood
        PRIMARY KEY (message, slot)
    ) WITHOUT ROWID;
INSERT INTO "recipient" VALUES(1,0,33600000001,2,3,1,1795348805,1795348800000,1795348807000,NULL,0);
INSERT INTO "recipient" VALUES(1,1,33600000002,1,1,0,1795348800,1795348800000,0,NULL,0);
INSERT INTO "recipient" VALUES(1,2,'0611',0,2,2,0,1795348800000,0,NULL,1795348807000);
INSERT INTO "recipient" VALUES(1,3,33600000004,1,1,0,1795348800,1795348807000,0,NULL,0);
INSERT INTO "recipient" VALUES(2,0,33600000005,1,1,0,1795348800,1795348800000,0,NULL,0);
CREATE TABLE silence (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        what TEXT NOT NULL,           -- alerts.What
        name TEXT NOT NULL,
        since INTEGER NOT NULL,
        until INTEGER NOT NULL,
        who TEXT NOT NULL,
        note TEXT NOT NULL
    );
INSERT INTO "silence" VALUES(1,'tag','promo',1795348811000,1795348899000,'anna@ops1','a test');
CREATE TABLE telling (
        episode INTEGER NOT NULL,
        target TEXT NOT NULL,
        edge TEXT NOT NULL,           -- alerts.Edge
        claimed_at INTEGER NOT NULL,
        done_at INTEGER,              -- NULL: on its way
        claimant TEXT NOT NULL,       -- the process that tells it
        PRIMARY KEY (episode, target, edge)
    ) WITHOUT ROWID;
INSERT INTO "telling" VALUES(1,'chat','fired',1795348809000,1795348809000,'5966 6a1dd9a020861473');
INSERT INTO "telling" VALUES(1,'chat','over',1795348809000,NULL,'5966 6a1dd9a020861473');
CREATE TABLE unread (
        message INTEGER NOT NULL,
        since INTEGER NOT NULL,
        until INTEGER NOT NULL,
        PRIMARY KEY (message, since)
    ) WITHOUT ROWID;
INSERT INTO "unread" VALUES(2,1795348800000,1795349400000);
CREATE TABLE wish (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        who TEXT NOT NULL,            -- the process that asks
        at INTEGER NOT NULL,
        kind TEXT NOT NULL,
        what TEXT NOT NULL
    );
CREATE TABLE word (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
INSERT INTO "word" VALUES(1,'Waiting');
INSERT INTO "word" VALUES(2,'Perhaps');
INSERT INTO "word" VALUES(3,'Delivered');
CREATE INDEX recipient_by_phone ON recipient (phone);
CREATE INDEX change_by_moment ON change (observed_at);
CREATE INDEX event_by_moment ON event (at);
CREATE INDEX event_by_message ON event (message_id, at);
CREATE INDEX last_poll_by_sequence ON last_poll (sequence);
CREATE INDEX unread_by_end ON unread (until);
CREATE UNIQUE INDEX episode_firing ON episode (rule, about, name, profile) WHERE over_at IS NULL;
CREATE INDEX episode_by_end ON episode (over_at);
CREATE INDEX silence_by_end ON silence (until);
CREATE INDEX arrival_by_version ON arrival (version);
CREATE INDEX arrival_left_by_version ON arrival_left (version);
CREATE INDEX arrival_left_by_moment ON arrival_left (left_at, version);
CREATE INDEX message_by_removal ON message (removed_at);
CREATE INDEX message_by_first_read ON message (first_read_at) WHERE source != '';
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('episode',1);
INSERT INTO "sqlite_sequence" VALUES('silence',1);
COMMIT;
