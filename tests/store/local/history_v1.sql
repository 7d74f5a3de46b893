PRAGMA application_id = 1936552813;
PRAGMA user_version = 1;
BEGIN TRANSACTION;
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
CREATE TABLE event (
        id INTEGER PRIMARY KEY,
        at INTEGER NOT NULL,
        kind TEXT NOT NULL,
        message_id TEXT,              -- NULL: it concerns the account
        profile TEXT NOT NULL,
        detail TEXT NOT NULL
    );
INSERT INTO "event" VALUES(1,1795348800000,'first read','300','default','2 waiting, 1 unknown');
INSERT INTO "event" VALUES(2,1795348807000,'absent','300','default','1 of 4 known recipients not in the answer');
INSERT INTO "event" VALUES(3,1795348809000,'stale','300','default','no answer within 10 s');
INSERT INTO "event" VALUES(4,1795348810000,'account down',NULL,'default','no route');
CREATE TABLE message (
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
    );
INSERT INTO "message" VALUES(1,'300','default','Black Friday','fr
promo',2,X'5B526563697069656E742870686F6E653D272B3333363030303030303031272C207374617475733D3C5374617475732E44454C4956455245443A20323E2C207261775F7374617475733D2744656C697665726564272C2073746F703D547275652C20646174653D313739353334383830352C20726561736F6E3D2727292C20526563697069656E742870686F6E653D272B3333363030303030303032272C207374617475733D3C5374617475732E57414954494E473A20313E2C207261775F7374617475733D2757616974696E67272C2073746F703D46616C73652C20646174653D313739353334383830302C20726561736F6E3D2727292C20526563697069656E742870686F6E653D272B3333363030303030303034272C207374617475733D3C5374617475732E57414954494E473A20313E2C207261775F7374617475733D2757616974696E67272C2073746F703D46616C73652C20646174653D313739353334383830302C20726561736F6E3D2727295D',1795348800000,1795348807000,1795348807000,NULL,1795348820000,4,1,0,2,1,1,'2');
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
        reason TEXT,                  -- why its row could not be understood
        PRIMARY KEY (message, slot)
    ) WITHOUT ROWID;
INSERT INTO "recipient" VALUES(1,0,33600000001,2,3,1,1795348805,1795348800000,1795348807000,NULL);
INSERT INTO "recipient" VALUES(1,1,33600000002,1,1,0,1795348800,1795348800000,0,NULL);
INSERT INTO "recipient" VALUES(1,2,'0611',0,2,2,0,1795348800000,0,NULL);
INSERT INTO "recipient" VALUES(1,3,33600000004,1,1,0,1795348800,1795348807000,0,NULL);
CREATE TABLE word (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
INSERT INTO "word" VALUES(1,'Waiting');
INSERT INTO "word" VALUES(2,'Perhaps');
INSERT INTO "word" VALUES(3,'Delivered');
CREATE INDEX recipient_by_phone ON recipient (phone);
CREATE INDEX change_by_moment ON change (observed_at);
CREATE INDEX event_by_moment ON event (at);
CREATE INDEX event_by_message ON event (message_id, at);
COMMIT;
