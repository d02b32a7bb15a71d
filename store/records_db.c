#include "store/records_db.h"

#include "store/sqlite_file.h"

/* The steps for a big file take longer than a process that runs waits for another one. */
#define SCHEMA_WAIT_MS 600000
#define BUSY_TIMEOUT_MS 5000

/* The terms of evidence that is JSON, for triggers and what was there before them. */
#define TERMS_OF(evidence)                                                                         \
    "json_each(CASE WHEN json_valid(" evidence ") THEN " evidence " ELSE '{}' END, '$.terms')"
#define SYMBOLS_OF(evidence)                                                                       \
    "SELECT json_extract(value, '$.symbol') AS symbol FROM " TERMS_OF(                             \
        evidence) " WHERE "                                                                        \
                  "json_extract(value, '$.symbol') IS NOT NULL"

/* A reputation's term names its identity before the last ": ": "evil.example: 12 spam, 0 ham". */
#define IDENTITIES_OF(id, evidence)                                                                \
    "SELECT symbol, substr(named, 1, length(named) - 1), entry, log_odds FROM (SELECT symbol, "    \
    "entry, log_odds, rtrim(detail, replace(detail, ':', '')) AS named FROM (SELECT " id           \
    " AS entry, json_extract(value, '$.symbol') AS symbol, json_extract(value, '$.log_odds') AS "  \
    "log_odds, json_extract(value, '$.detail') AS detail FROM " TERMS_OF(                          \
        evidence) ") WHERE symbol GLOB 'REPUTATION_*') WHERE length(named) > 1"

/* Verdicts, counted from the newest, that are found by the identities which moved them. */
#define IDENTITIES_OF_VERDICTS "100000"

/* Words of the steps. */
#define TERMS_OF_HELD TERMS_OF("held.evidence")
#define SYMBOLS_OF_OLD SYMBOLS_OF("OLD.evidence")
#define SYMBOLS_OF_NEW SYMBOLS_OF("NEW.evidence")
#define IDENTITIES_OF_NEW IDENTITIES_OF("NEW.id", "NEW.evidence")

#define CHANGES_FEEDS(event, table)                                                                \
    "CREATE TRIGGER " table "_" event " AFTER " event " ON " table                                 \
    " BEGIN UPDATE feed_changes SET last = last + 1; END;"

/* What was learned of a document is kept as long as anything else about it. */
#define UNLEARNED_WITH(table)                                                                      \
    "CREATE TRIGGER learned_with_" table " AFTER DELETE ON " table                                 \
    " BEGIN DELETE FROM learned WHERE document_id = OLD.document_id AND NOT EXISTS (SELECT 1 "     \
    "FROM history WHERE document_id = OLD.document_id) AND NOT EXISTS (SELECT 1 FROM held WHERE "  \
    "document_id = OLD.document_id); END;"

/* What a line of the audit trail takes, with its indices. */
#define OCTETS(column) "length(CAST(" column " AS BLOB))"
#define AUDIT_OCTETS(row)                                                                          \
    "(25 + " OCTETS(row "who") " + " OCTETS(row "what") " + 2 * " OCTETS(row "subject") ")"
#define AUDIT_OCTETS_OF_OLD AUDIT_OCTETS("OLD.")
#define AUDIT_OCTETS_OF_NEW AUDIT_OCTETS("NEW.")
#define AUDIT_OCTETS_OF_ALL "SELECT coalesce(sum(" AUDIT_OCTETS("") "), 0) FROM audit"

/* Step n makes a file of version n + 1 from one of version n; a new file goes through all of them.
 * Ids of held entries are never used again: a request that is late must not meet another one. Nor
 * are the numbers of changes, whatever is removed: a server waits for what comes after one. */
static const char *const steps[] = {
    "CREATE TABLE history (id INTEGER PRIMARY KEY, document_id BLOB NOT NULL, time_s INTEGER NOT "
    "NULL, channel TEXT NOT NULL, action TEXT NOT NULL, log_odds REAL NOT NULL, sender TEXT NOT "
    "NULL, recipients TEXT NOT NULL, subject TEXT NOT NULL, reference TEXT NOT NULL, evidence "
    "TEXT NOT NULL);"
    "CREATE INDEX history_document ON history (document_id);"
    "CREATE INDEX history_reference ON history (reference);"
    "CREATE INDEX history_time ON history (time_s);"
    "CREATE TABLE held (id INTEGER PRIMARY KEY AUTOINCREMENT, state INTEGER NOT NULL, document_id "
    "BLOB NOT NULL, time_s INTEGER NOT NULL, state_time_s INTEGER NOT NULL, former_state INTEGER "
    "NOT NULL DEFAULT 0, missing_since_s INTEGER NOT NULL DEFAULT 0, started_s INTEGER NOT NULL "
    "DEFAULT 0, channel TEXT NOT NULL, sender TEXT NOT NULL, recipients TEXT NOT "
    "NULL, subject TEXT NOT NULL, reference TEXT NOT NULL, requeued_as TEXT NOT NULL DEFAULT '', "
    "log_odds REAL NOT NULL, evidence TEXT NOT NULL, lesson BLOB, item BLOB, taught "
    "INTEGER NOT NULL DEFAULT 0);"
    "CREATE INDEX held_state ON held (state);"
    "CREATE INDEX held_reference ON held (reference);"
    "CREATE INDEX held_requeued_as ON held (requeued_as);"
    "CREATE TABLE judged (feed TEXT NOT NULL, guid TEXT NOT NULL, content_hash BLOB NOT NULL, "
    "action TEXT NOT NULL, log_odds REAL NOT NULL, time_s INTEGER NOT NULL, held_id INTEGER NOT "
    "NULL, PRIMARY KEY (feed, guid)) WITHOUT ROWID;"
    "CREATE TABLE audit (id INTEGER PRIMARY KEY, time_s INTEGER NOT NULL, who TEXT NOT NULL, what "
    "TEXT NOT NULL, subject TEXT NOT NULL);"
    "PRAGMA user_version = 1;",

    "ALTER TABLE held ADD COLUMN item_head BLOB;"
    "ALTER TABLE held ADD COLUMN change INTEGER NOT NULL DEFAULT 0;"
    "UPDATE held SET change = id;"
    "CREATE INDEX held_change ON held (change);"
    "CREATE INDEX held_sender ON held (sender, state_time_s);"
    "CREATE TABLE held_changes (last INTEGER NOT NULL);"
    "INSERT INTO held_changes SELECT coalesce(max(change), 0) FROM held;"
    "CREATE TRIGGER held_added AFTER INSERT ON held BEGIN "
    "UPDATE held_changes SET last = last + 1; "
    "UPDATE held SET change = (SELECT last FROM held_changes) WHERE id = NEW.id; END;"
    "CREATE TRIGGER held_moved AFTER UPDATE OF state ON held BEGIN "
    "UPDATE held_changes SET last = last + 1; "
    "UPDATE held SET change = (SELECT last FROM held_changes) WHERE id = NEW.id; END;"
    "PRAGMA user_version = 2;",

    /* In the order of time, so that entries are added at its end. */
    "DROP INDEX history_time;"
    "CREATE INDEX history_search ON history (time_s, channel, action, sender, recipients, subject);"
    "CREATE INDEX held_time ON held (time_s, state, taught);"
    "PRAGMA user_version = 3;",

    /* What is held, to be searched by any part of a word in any script. */
    "CREATE INDEX held_open ON held (id) WHERE state IN (0, 1, 2);"
    "CREATE VIRTUAL TABLE held_text USING fts5 (sender, recipients, subject, reference, "
    "content = held, content_rowid = id, tokenize = trigram);"
    "INSERT INTO held_text (held_text) VALUES ('rebuild');"
    "CREATE TRIGGER held_text_added AFTER INSERT ON held BEGIN "
    "INSERT INTO held_text (rowid, sender, recipients, subject, reference) VALUES "
    "(NEW.id, NEW.sender, NEW.recipients, NEW.subject, NEW.reference); END;"
    "CREATE TRIGGER held_text_removed AFTER DELETE ON held BEGIN "
    "INSERT INTO held_text (held_text, rowid, sender, recipients, subject, reference) VALUES "
    "('delete', OLD.id, OLD.sender, OLD.recipients, OLD.subject, OLD.reference); END;"
    "PRAGMA user_version = 4;",

    "CREATE INDEX audit_subject ON audit (subject);"
    "PRAGMA user_version = 5;",

    /* What is held, found by what a filter asks for. held_late has the few entries that are older
     * than one before them, since a clock went back: without these ids follow time. */
    "CREATE INDEX held_of_sender ON held (sender);"
    "CREATE INDEX held_score ON held (log_odds);"
    "CREATE TABLE held_symbol (symbol TEXT NOT NULL, held_id INTEGER NOT NULL, PRIMARY KEY "
    "(symbol, held_id)) WITHOUT ROWID;"
    "INSERT OR IGNORE INTO held_symbol SELECT json_extract(value, '$.symbol'), held.id FROM "
    "held, " TERMS_OF_HELD " WHERE json_extract(value, '$.symbol') IS NOT NULL;"
    "CREATE TRIGGER held_symbol_added AFTER INSERT ON held BEGIN "
    "INSERT OR IGNORE INTO held_symbol SELECT symbol, NEW.id FROM (" SYMBOLS_OF_NEW "); END;"
    "CREATE TRIGGER held_symbol_changed AFTER UPDATE OF evidence ON held BEGIN "
    "DELETE FROM held_symbol WHERE held_id = NEW.id AND symbol IN (" SYMBOLS_OF_OLD "); "
    "INSERT OR IGNORE INTO held_symbol SELECT symbol, NEW.id FROM (" SYMBOLS_OF_NEW "); END;"
    "CREATE TRIGGER held_symbol_removed AFTER DELETE ON held BEGIN "
    "DELETE FROM held_symbol WHERE held_id = OLD.id AND symbol IN (" SYMBOLS_OF_OLD "); END;"
    "CREATE TABLE held_late (id INTEGER PRIMARY KEY);"
    "INSERT INTO held_late SELECT id FROM (SELECT id, time_s, max(time_s) OVER (ORDER BY id ROWS "
    "BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before FROM held) WHERE time_s < before;"
    "CREATE TRIGGER held_late_added AFTER INSERT ON held WHEN NEW.time_s < (SELECT max(time_s) "
    "FROM held) BEGIN INSERT INTO held_late VALUES (NEW.id); END;"
    "CREATE TRIGGER held_late_removed AFTER DELETE ON held BEGIN "
    "DELETE FROM held_late WHERE id = OLD.id; END;"
    /* Which verdicts an identity moved, of those from now on: to read a long history for it would
     * keep every other process from writing meanwhile. */
    "CREATE TABLE history_identity (symbol TEXT NOT NULL, value TEXT NOT NULL, history_id INTEGER "
    "NOT NULL, log_odds REAL NOT NULL, PRIMARY KEY (symbol, value, history_id)) WITHOUT ROWID;"
    "CREATE INDEX history_identity_entry ON history_identity (history_id);"
    "CREATE TRIGGER history_identity_added AFTER INSERT ON history BEGIN "
    "INSERT OR IGNORE INTO history_identity " IDENTITIES_OF_NEW "; "
    "DELETE FROM history_identity WHERE history_id <= NEW.id - " IDENTITIES_OF_VERDICTS "; END;"
    "CREATE TRIGGER history_identity_removed AFTER DELETE ON history BEGIN "
    "DELETE FROM history_identity WHERE history_id = OLD.id; END;"
    "PRAGMA user_version = 6;",

    "ALTER TABLE held ADD COLUMN due_s INTEGER NOT NULL DEFAULT 0;"
    "CREATE TABLE deeds (id INTEGER PRIMARY KEY AUTOINCREMENT, held_id INTEGER NOT NULL, name TEXT "
    "NOT NULL, from_state INTEGER NOT NULL, to_state INTEGER NOT NULL, taught_before INTEGER NOT "
    "NULL, time_s INTEGER NOT NULL, undone_s INTEGER NOT NULL DEFAULT 0);"
    "CREATE INDEX deeds_held ON deeds (held_id);"
    "CREATE INDEX held_due ON held (state, due_s);"
    "PRAGMA user_version = 7;",

    /* What people were told of what is held for them, what they did from there, and whom they want
     * to hear of, or not. */
    "CREATE TABLE told (held_id INTEGER NOT NULL, recipient TEXT NOT NULL, time_s INTEGER NOT "
    "NULL, warned_s INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (held_id, recipient)) WITHOUT ROWID;"
    "CREATE TABLE link_uses (held_id INTEGER NOT NULL, recipient TEXT NOT NULL, action INTEGER NOT "
    "NULL, time_s INTEGER NOT NULL, PRIMARY KEY (held_id, recipient, action)) WITHOUT ROWID;"
    "CREATE TABLE person_lists (recipient TEXT NOT NULL, entry TEXT NOT NULL, denies INTEGER NOT "
    "NULL, time_s INTEGER NOT NULL, PRIMARY KEY (recipient, entry)) WITHOUT ROWID;"
    "CREATE INDEX judged_held ON judged (held_id) WHERE held_id > 0;"
    "CREATE TRIGGER held_removed AFTER DELETE ON held BEGIN "
    "DELETE FROM deeds WHERE held_id = OLD.id; DELETE FROM told WHERE held_id = OLD.id; "
    "DELETE FROM link_uses WHERE held_id = OLD.id; END;"
    "PRAGMA user_version = 8;",

    /* What verdicts were made of, of the newest ones, and what people said of documents since. */
    "CREATE TABLE evidence (history_id INTEGER PRIMARY KEY, document_id BLOB NOT NULL, record BLOB "
    "NOT NULL);"
    "CREATE TRIGGER history_evidence_removed AFTER DELETE ON history BEGIN "
    "DELETE FROM evidence WHERE history_id = OLD.id; "
    "DELETE FROM correction WHERE document_id = OLD.document_id AND NOT EXISTS (SELECT 1 FROM "
    "history "
    "WHERE document_id = OLD.document_id); END;"
    "CREATE TABLE correction (document_id BLOB PRIMARY KEY, label INTEGER NOT NULL, who TEXT NOT "
    "NULL, way TEXT NOT NULL, time_s INTEGER NOT NULL) WITHOUT ROWID;"
    "PRAGMA user_version = 9;",

    /* A score that is common may be rare among what is open. */
    "DROP INDEX held_score;"
    "CREATE INDEX held_score ON held (state, log_odds);"
    "PRAGMA user_version = 10;",

    /* How many there are in each state. */
    "CREATE TABLE held_sums (state INTEGER PRIMARY KEY, entries INTEGER NOT NULL);"
    "INSERT INTO held_sums SELECT state, count(*) FROM held GROUP BY state;"
    "CREATE TRIGGER held_sums_added AFTER INSERT ON held BEGIN INSERT INTO held_sums VALUES "
    "(NEW.state, 1) ON CONFLICT (state) DO UPDATE SET entries = entries + 1; END;"
    "CREATE TRIGGER held_sums_moved AFTER UPDATE OF state ON held BEGIN "
    "UPDATE held_sums SET entries = entries - 1 WHERE state = OLD.state; "
    "INSERT INTO held_sums VALUES (NEW.state, 1) ON CONFLICT (state) DO UPDATE SET entries = "
    "entries + 1; END;"
    "CREATE TRIGGER held_sums_removed AFTER DELETE ON held BEGIN "
    "UPDATE held_sums SET entries = entries - 1 WHERE state = OLD.state; END;"
    "PRAGMA user_version = 11;",

    /* By which rules an item was judged, and what they said. */
    "ALTER TABLE judged ADD COLUMN rules INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE judged ADD COLUMN rules_said INTEGER NOT NULL DEFAULT 0;"
    "PRAGMA user_version = 12;",

    /* Feeds that were subscribed to while weir runs, who reads them, and how the server's stand. */
    "CREATE TABLE feeds (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, url TEXT NOT NULL, "
    "mode TEXT NOT NULL, title TEXT NOT NULL, category TEXT NOT NULL, readers TEXT NOT NULL, "
    "added_s INTEGER NOT NULL);"
    "CREATE INDEX feeds_url ON feeds (url);"
    "CREATE TABLE readers (name TEXT PRIMARY KEY, token_hash BLOB NOT NULL, added_s INTEGER NOT "
    "NULL) WITHOUT ROWID;"
    "CREATE TABLE feed_states (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, place TEXT NOT "
    "NULL, url TEXT NOT NULL, state TEXT NOT NULL, trouble TEXT NOT NULL, checked_s INTEGER NOT "
    "NULL, next_poll_s INTEGER NOT NULL, items INTEGER NOT NULL, held INTEGER NOT NULL, tagged "
    "INTEGER NOT NULL, put_back INTEGER NOT NULL);"
    "CREATE TABLE feed_changes (last INTEGER NOT NULL);"
    "INSERT INTO feed_changes VALUES (1);" CHANGES_FEEDS("INSERT", "feeds")
        CHANGES_FEEDS("DELETE", "feeds") CHANGES_FEEDS("INSERT", "readers")
            CHANGES_FEEDS("DELETE", "readers") "PRAGMA user_version = 13;",

    /* How many there were in each quarter of an hour, for charts: days begin on quarters in every
     * zone. */
    "CREATE TABLE history_quarters (quarter INTEGER NOT NULL, channel TEXT NOT NULL, action TEXT "
    "NOT NULL, verdicts INTEGER NOT NULL, PRIMARY KEY (quarter, channel, action)) WITHOUT ROWID;"
    "INSERT INTO history_quarters SELECT time_s / 900, channel, action, count(*) FROM history "
    "INDEXED BY history_search GROUP BY 1, 2, 3;"
    "CREATE TRIGGER history_quarters_added AFTER INSERT ON history BEGIN "
    "INSERT INTO history_quarters VALUES (NEW.time_s / 900, NEW.channel, NEW.action, 1) "
    "ON CONFLICT (quarter, channel, action) DO UPDATE SET verdicts = verdicts + 1; END;"
    "CREATE TRIGGER history_quarters_removed AFTER DELETE ON history BEGIN "
    "UPDATE history_quarters SET verdicts = verdicts - 1 WHERE quarter = OLD.time_s / 900 AND "
    "channel = OLD.channel AND action = OLD.action; "
    "DELETE FROM history_quarters WHERE quarter = OLD.time_s / 900 AND verdicts = 0; END;"
    "CREATE TABLE held_quarters (quarter INTEGER NOT NULL, state INTEGER NOT NULL, entries INTEGER "
    "NOT NULL, PRIMARY KEY (quarter, state)) WITHOUT ROWID;"
    "INSERT INTO held_quarters SELECT time_s / 900, state, count(*) FROM held INDEXED BY held_time "
    "GROUP BY 1, 2;"
    "CREATE TRIGGER held_quarters_added AFTER INSERT ON held BEGIN "
    "INSERT INTO held_quarters VALUES (NEW.time_s / 900, NEW.state, 1) "
    "ON CONFLICT (quarter, state) DO UPDATE SET entries = entries + 1; END;"
    "CREATE TRIGGER held_quarters_moved AFTER UPDATE OF state, time_s ON held BEGIN "
    "UPDATE held_quarters SET entries = entries - 1 WHERE quarter = OLD.time_s / 900 AND state = "
    "OLD.state; "
    "INSERT INTO held_quarters VALUES (NEW.time_s / 900, NEW.state, 1) "
    "ON CONFLICT (quarter, state) DO UPDATE SET entries = entries + 1; END;"
    "CREATE TRIGGER held_quarters_removed AFTER DELETE ON held BEGIN "
    "UPDATE held_quarters SET entries = entries - 1 WHERE quarter = OLD.time_s / 900 AND state = "
    "OLD.state; "
    "DELETE FROM held_quarters WHERE quarter = OLD.time_s / 900 AND entries = 0; END;"
    "PRAGMA user_version = 14;",
    /* What is remembered of each feed. */
    "CREATE TABLE feed_profiles (feed TEXT PRIMARY KEY, profile BLOB NOT NULL, time_s INTEGER NOT "
    "NULL) WITHOUT ROWID;"
    "PRAGMA user_version = 15;",
    /* The feed that the page at a feed's URL names. The server tells how all stand when it starts.
     */
    "DROP TABLE feed_states;"
    "CREATE TABLE feed_states (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, place TEXT NOT "
    "NULL, url TEXT NOT NULL, state TEXT NOT NULL, trouble TEXT NOT NULL, checked_s INTEGER NOT "
    "NULL, next_poll_s INTEGER NOT NULL, items INTEGER NOT NULL, held INTEGER NOT NULL, tagged "
    "INTEGER NOT NULL, put_back INTEGER NOT NULL, found TEXT NOT NULL);"
    "PRAGMA user_version = 16;",
    /* Items that readers were shown with links to say what they are. */
    "CREATE TABLE shown (document_id BLOB NOT NULL UNIQUE, content_hash BLOB NOT NULL, feed TEXT "
    "NOT NULL, judged_as TEXT NOT NULL, reference TEXT NOT NULL, subject TEXT NOT NULL, address "
    "TEXT NOT NULL, item BLOB, item_head BLOB, time_s INTEGER NOT NULL, said INTEGER NOT NULL "
    "DEFAULT 0);"
    "CREATE INDEX shown_time ON shown (time_s);"
    "PRAGMA user_version = 17;",
    /* What a reader said may change the feed, as what is held does. */
    "ALTER TABLE shown ADD COLUMN change INTEGER NOT NULL DEFAULT 0;"
    "CREATE INDEX shown_change ON shown (change);"
    "CREATE TRIGGER shown_said AFTER UPDATE OF said ON shown BEGIN "
    "UPDATE held_changes SET last = last + 1; "
    "UPDATE shown SET change = (SELECT last FROM held_changes) WHERE rowid = NEW.rowid; END;"
    "PRAGMA user_version = 18;",
    /* Which items were shown where, and which left out as the same story. */
    "CREATE TABLE stories (id INTEGER PRIMARY KEY AUTOINCREMENT, feed TEXT NOT NULL, item BLOB NOT "
    "NULL, twin INTEGER NOT NULL, way TEXT NOT NULL, title TEXT NOT NULL, link TEXT NOT NULL, text "
    "BLOB NOT NULL, first_s INTEGER NOT NULL, seen_s INTEGER NOT NULL, UNIQUE (feed, item));"
    "CREATE INDEX stories_seen ON stories (seen_s);"
    "CREATE INDEX stories_left_out ON stories (feed, id) WHERE twin > 0;"
    "CREATE TABLE story_keys (key INTEGER NOT NULL, story INTEGER NOT NULL, PRIMARY KEY (key, "
    "story)) WITHOUT ROWID;"
    "CREATE INDEX story_keys_story ON story_keys (story);"
    "CREATE TRIGGER stories_removed AFTER DELETE ON stories BEGIN "
    "DELETE FROM story_keys WHERE story = OLD.id; END;"
    "ALTER TABLE feed_states ADD COLUMN duplicates INTEGER NOT NULL DEFAULT 0;"
    "PRAGMA user_version = 19;",
    /* Of which feed the stories are that go by its name. */
    "CREATE TABLE story_feeds (feed TEXT PRIMARY KEY, mark INTEGER NOT NULL) WITHOUT ROWID;"
    "PRAGMA user_version = 20;",
    /* How often readers said something else of an item, and which items are comments. */
    "ALTER TABLE shown ADD COLUMN sayings INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE shown ADD COLUMN is_comment INTEGER NOT NULL DEFAULT 0;"
    "PRAGMA user_version = 21;",
    /* The feeds whose items have links; until the server says which, all that had. */
    "CREATE TABLE shown_feeds (feed TEXT PRIMARY KEY) WITHOUT ROWID;"
    "INSERT OR IGNORE INTO shown_feeds SELECT DISTINCT feed FROM shown;"
    "PRAGMA user_version = 22;",
    /* What was left out for a story. */
    "CREATE INDEX stories_twin ON stories (twin) WHERE twin > 0;"
    "PRAGMA user_version = 23;",
    "ALTER TABLE held ADD COLUMN taught_from REAL NOT NULL DEFAULT 0;"
    "PRAGMA user_version = 24;",
    /* Whose lesson it is; of those before nobody knows, and most are the operator's. */
    "ALTER TABLE held ADD COLUMN taught_by TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE deeds ADD COLUMN taught_from_before REAL NOT NULL DEFAULT 0;"
    "ALTER TABLE deeds ADD COLUMN taught_by_before TEXT NOT NULL DEFAULT '';"
    "PRAGMA user_version = 25;",
    /* What deeds that were done before had found said nobody knows. */
    "ALTER TABLE deeds ADD COLUMN said_before INTEGER NOT NULL DEFAULT -1;"
    "CREATE INDEX held_taught ON held (document_id) WHERE taught > 0;"
    "PRAGMA user_version = 26;",
    /* Whose word a deed was, and all deeds about one document. */
    "ALTER TABLE deeds ADD COLUMN source TEXT NOT NULL DEFAULT '';"
    "DROP INDEX held_taught; CREATE INDEX held_document ON held (document_id);"
    "PRAGMA user_version = 27;",
    /* What was refused goes first when the audit is too large. */
    "CREATE INDEX audit_refused ON audit (id) WHERE what GLOB 'refused-*';"
    "PRAGMA user_version = 28;",
    /* Where a feed that has moved for good is fetched from. */
    "ALTER TABLE feed_states ADD COLUMN moved TEXT NOT NULL DEFAULT '';"
    "PRAGMA user_version = 29;",
    /* What was taught of documents otherwise than by a deed, and the latest deed of all that there
     * was then. Of what was said before, the last word is known, and whose it was where that was no
     * operator. */
    "CREATE TABLE learned (id INTEGER PRIMARY KEY, document_id BLOB NOT NULL, source TEXT NOT "
    "NULL, label INTEGER NOT NULL, who TEXT NOT NULL, way TEXT NOT NULL, time_s INTEGER NOT NULL, "
    "deed INTEGER NOT NULL, UNIQUE (document_id, source));"
    "INSERT INTO learned (document_id, source, label, who, way, time_s, deed) SELECT document_id, "
    "CASE WHEN who GLOB 'user:*' THEN who WHEN who GLOB 'reader of *' THEN 'user:feed/' || "
    "substr(who, 11, 54) ELSE '' END, label, who, way, time_s, (SELECT coalesce(max(id), 0) FROM "
    "deeds) FROM correction WHERE way NOT IN ('release', 'confirm');"
    "CREATE TRIGGER learned_added AFTER INSERT ON learned WHEN EXISTS (SELECT 1 FROM history WHERE "
    "document_id = NEW.document_id) BEGIN INSERT OR REPLACE INTO correction (document_id, label, "
    "who, way, time_s) VALUES (NEW.document_id, NEW.label, NEW.who, NEW.way, NEW.time_s); "
    "END;" UNLEARNED_WITH("history") UNLEARNED_WITH("held")
    /* What the content said of what is held, as near as it is known. */
    "UPDATE held SET taught_from = coalesce((SELECT json_extract(value, '$.log_odds') "
    "FROM " TERMS_OF_HELD " WHERE json_extract(value, '$.symbol') = 'CONTENT'), 0) WHERE "
    "taught_from = 0;"
    "PRAGMA user_version = 30;",
    /* How much the audit trail takes: its lines are as long as who is refused has them. */
    "CREATE TABLE audit_size (bytes INTEGER NOT NULL);"
    "INSERT INTO audit_size " AUDIT_OCTETS_OF_ALL ";"
    "CREATE TRIGGER audit_size_added AFTER INSERT ON audit BEGIN "
    "UPDATE audit_size SET bytes = bytes + " AUDIT_OCTETS_OF_NEW "; END;"
    "CREATE TRIGGER audit_size_changed AFTER UPDATE OF who, what, subject ON audit BEGIN "
    "UPDATE audit_size SET bytes = bytes + " AUDIT_OCTETS_OF_NEW " - " AUDIT_OCTETS_OF_OLD "; END;"
    "CREATE TRIGGER audit_size_removed AFTER DELETE ON audit BEGIN "
    "UPDATE audit_size SET bytes = bytes - " AUDIT_OCTETS_OF_OLD "; END;"
    "PRAGMA user_version = 31;",
    /* What is held may be taught of before its verdict is written. */
    "DROP TRIGGER learned_added;"
    "CREATE TRIGGER learned_added AFTER INSERT ON learned BEGIN INSERT OR REPLACE INTO correction "
    "(document_id, label, who, way, time_s) VALUES (NEW.document_id, NEW.label, NEW.who, NEW.way, "
    "NEW.time_s); END;"
    "CREATE TRIGGER correction_with_held AFTER DELETE ON held BEGIN DELETE FROM correction WHERE "
    "document_id = OLD.document_id AND NOT EXISTS (SELECT 1 FROM history WHERE document_id = "
    "OLD.document_id) AND NOT EXISTS (SELECT 1 FROM held WHERE document_id = OLD.document_id); END;"
    "PRAGMA user_version = 32;",
    /* Since when a feed's stories are compared; 0: they are not, or it was not known yet. */
    "ALTER TABLE story_feeds ADD COLUMN since_s INTEGER NOT NULL DEFAULT 0;"
    "PRAGMA user_version = 33;",
};

bool records_db_fail(sqlite3 *db, const char *path, struct error *error)
{
    return sqlite_file_fail(db, path, error);
}

sqlite3 *records_db_open(const char *path, const char *synchronous, struct error *error)
{
    return sqlite_file_open(path, synchronous, BUSY_TIMEOUT_MS, error);
}

bool records_db_schema(sqlite3 *db, const char *path, struct error *error)
{
    return sqlite_file_schema(db, path, steps, sizeof steps / sizeof *steps, SCHEMA_WAIT_MS, error);
}
