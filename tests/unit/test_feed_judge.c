/* feed_judge with records of its own and no counts store: the checks alone decide. */
#include "feedfilter/feed_judge.h"

#include "core/text.h"
#include "core/url.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "store/lesson.h"
#include "store/records_db.h"

#include "tests/unit/records_new.h"

#define ITEMS_MAX 4

struct fixture {
    char directory[64], path[96];
    struct config *config;
    struct feed_judge judge;
    unsigned prepared; /* how often anything had to be judged */
    enum item_fate fates[ITEMS_MAX];
};

static void count_prepare(struct feed_judge *judge)
{
    struct fixture *fixture = judge->context;
    fixture->prepared++;
}

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    struct error error = {0};
    text_init();
    url_init();
    snprintf(fixture->directory, sizeof fixture->directory, "/tmp/weir-feed-judge-XXXXXX");
    assert_non_null(mkdtemp(fixture->directory));
    snprintf(fixture->path, sizeof fixture->path, "%s/feeds.db", fixture->directory);
    fixture->config = config_defaults();
    fixture->config->feedfilter.mode = MODE_ENFORCE;
    fixture->config->thresholds = (struct thresholds){.tag = 0.55, .hold = 0.6, .reject = 2};
    fixture->config->checks.weights[checks_find("TITLE_STUFFED")] = 4;
    fixture->judge = (struct feed_judge){.config = fixture->config,
                                         .prepare = count_prepare,
                                         .context = fixture,
                                         .records = records_new(fixture->path, &error)};
    *state = fixture;
    return fixture->judge.records ? 0 : -1;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    static const char *const ends[] = {"", "-wal", "-shm"};
    records_close(fixture->judge.records);
    live_tuning_free(fixture->judge.judge.tuning);
    for (size_t i = 0; i < 3; i++) {
        char name[128];
        snprintf(name, sizeof name, "%s%s", fixture->path, ends[i]);
        unlink(name);
    }
    int removed = rmdir(fixture->directory);
    config_release(fixture->config);
    free(fixture);
    return removed;
}

#define HAM "Painting the hull again"
#define SPAM "cheap watches, buy watches online | replica watches - watches"
#define OTHER_SPAM "casino online, free casino slots | online casino bonus - casino"

/* An item with that guid and title, as it stands in a feed. */
#define ITEM(guid, title) "<item><guid>" guid "</guid><title>" title "</title></item>"

/* Judges the feed of these items as `name`; what is to become of them stands in fixture->fates. */
static void poll(struct fixture *fixture, const char *name, const char *items)
{
    struct error error = {0};
    struct arena *arena = arena_new();
    struct span bytes = arena_printf(arena, "<rss><channel>%s</channel></rss>", items);
    struct feed_encoding encoding;
    struct feed_ranges ranges;
    struct feed *feed = feed_read(bytes, (struct span){NULL, 0}, &error);
    assert_non_null(feed);
    assert_true(feed_encoding_find(bytes, (struct span){NULL, 0}, &encoding, &error));
    assert_true(feed_lex(arena, bytes, &encoding, &ranges, &error));
    assert_int_equal(ranges.count, feed->item_count);
    assert_in_range(feed->item_count, 1, ITEMS_MAX);
    memset(fixture->fates, 0, sizeof fixture->fates);
    fixture->prepared = 0;
    if (!feed_judge(&fixture->judge, feed, span_of(name), bytes, &ranges, fixture->fates, &error))
        fail_msg("%s", error.message);
    if (fixture->judge.records)
        records_flush(fixture->judge.records);
    feed_free(feed);
    arena_free(arena);
}

static struct held *held(struct fixture *fixture, int64_t id)
{
    struct error error = {0};
    struct held *held = records_held_get(fixture->judge.records, id, &error);
    if (!held)
        fail_msg("%s", error.message);
    return held;
}

static enum held_state state_of(struct fixture *fixture, int64_t id)
{
    struct held *entry = held(fixture, id);
    enum held_state state = entry->state;
    held_free(entry);
    return state;
}

static void decide(struct fixture *fixture, int64_t id, enum held_state to)
{
    struct error error = {0};
    bool moved = false;
    assert_true(records_held_move(fixture->judge.records, id, 1u << HELD_HELD, to, &moved, &error));
    assert_true(moved);
}

static void release(struct fixture *fixture, int64_t id)
{
    decide(fixture, id, HELD_RELEASED);
}

static bool nothing_held(struct fixture *fixture)
{
    struct error error = {0};
    struct held *entry = records_held_get(fixture->judge.records, 1, &error);
    bool nothing = entry == NULL;
    held_free(entry);
    return nothing;
}

/* The newest entry of the history about `guid`. */
static struct history_entry *history(struct fixture *fixture, const char *guid)
{
    struct error error = {0};
    struct history_entry *entry = records_history_find(fixture->judge.records, guid, &error);
    if (!entry)
        fail_msg("%s", error.message);
    return entry;
}

static void assert_history_says(struct fixture *fixture, const char *guid, const char *action)
{
    struct history_entry *entry = history(fixture, guid);
    assert_string_equal(entry->action, action);
    history_entry_free(entry);
}

static bool was_formerly_released(struct fixture *fixture, const char *guid)
{
    struct history_entry *entry = history(fixture, guid);
    bool was = strstr(entry->evidence, FORMERLY_RELEASED_SYMBOL) != NULL;
    history_entry_free(entry);
    return was;
}

static void test_spam_is_cut_and_the_rest_is_not(void **state)
{
    struct fixture *fixture = *state;
    poll(fixture, "planet", ITEM("a", HAM) ITEM("b", SPAM));
    assert_int_equal(fixture->fates[0], ITEM_PASSES);
    assert_int_equal(fixture->fates[1], ITEM_IS_CUT);
}

static void test_what_is_cut_lies_whole_in_the_records(void **state)
{
    struct fixture *fixture = *state;
    static const char item[] = ITEM("b", SPAM);
    poll(fixture, "planet", ITEM("a", HAM) ITEM("b", SPAM));
    struct held *entry = held(fixture, 1);
    assert_int_equal(entry->item_length, sizeof item - 1);
    assert_memory_equal(entry->item, item, sizeof item - 1);
    assert_int_equal(entry->item_head_length, strlen("<rss><channel>"));
    assert_memory_equal(entry->item_head, "<rss><channel>", entry->item_head_length);
    held_free(entry);
}

static void test_held_item_is_not_judged_again(void **state)
{
    struct fixture *fixture = *state;
    poll(fixture, "planet", ITEM("b", SPAM));
    poll(fixture, "planet", ITEM("b", SPAM));
    assert_int_equal(fixture->prepared, 0);
    assert_int_equal(fixture->fates[0], ITEM_IS_CUT);
}

static void test_what_passed_without_the_store_is_judged_again(void **state)
{
    struct fixture *fixture = *state;
    poll(fixture, "planet", ITEM("a", HAM));
    poll(fixture, "planet", ITEM("a", HAM));
    assert_int_equal(fixture->prepared, 1);
}

static void test_released_item_passes(void **state)
{
    struct fixture *fixture = *state;
    poll(fixture, "planet", ITEM("b", SPAM));
    release(fixture, 1);
    poll(fixture, "planet", ITEM("b", SPAM));
    assert_int_equal(fixture->prepared, 0);
    assert_int_equal(fixture->fates[0], ITEM_PASSES);
}

static void test_edit_supersedes_what_was_held(void **state)
{
    struct fixture *fixture = *state;
    poll(fixture, "planet", ITEM("b", SPAM));
    poll(fixture, "planet", ITEM("b", OTHER_SPAM));
    assert_int_equal(fixture->fates[0], ITEM_IS_CUT);
    assert_int_equal(state_of(fixture, 1), HELD_SUPERSEDED);
    assert_int_equal(state_of(fixture, 2), HELD_HELD);
}

static void test_former_release_speaks_for_an_edit(void **state)
{
    struct fixture *fixture = *state;
    poll(fixture, "planet", ITEM("b", SPAM));
    release(fixture, 1);
    poll(fixture, "planet", ITEM("b", OTHER_SPAM));
    assert_true(was_formerly_released(fixture, "b"));
    assert_int_equal(state_of(fixture, 1), HELD_RELEASED);
}

static void test_claimed_guid_takes_nothing_out_of_review(void **state)
{
    struct fixture *fixture = *state;
    fixture->judge.names_itself = true;
    poll(fixture, "planet", ITEM("b", SPAM));
    poll(fixture, "planet", ITEM("b", OTHER_SPAM));
    assert_int_equal(state_of(fixture, 1), HELD_HELD);
    poll(fixture, "planet", ITEM("b", SPAM));
    assert_int_equal(fixture->prepared, 0);
    assert_int_equal(fixture->fates[0], ITEM_IS_CUT);
}

static void test_claimed_guid_has_no_bonus_of_a_release(void **state)
{
    struct fixture *fixture = *state;
    fixture->judge.names_itself = true;
    poll(fixture, "planet", ITEM("b", SPAM));
    release(fixture, 1);
    poll(fixture, "planet", ITEM("b", OTHER_SPAM));
    assert_false(was_formerly_released(fixture, "b"));
    assert_int_equal(fixture->fates[0], ITEM_IS_CUT);
    poll(fixture, "planet", ITEM("b", SPAM));
    assert_int_equal(fixture->fates[0], ITEM_PASSES);
}

static void test_feed_that_names_itself_reaches_nothing_of_a_named_one(void **state)
{
    struct fixture *fixture = *state;
    poll(fixture, "planet", ITEM("b", SPAM));
    fixture->judge.names_itself = true;
    poll(fixture, "planet", ITEM("b", OTHER_SPAM));
    assert_int_equal(state_of(fixture, 1), HELD_HELD);
    release(fixture, 1);
    fixture->judge.names_itself = false;
    poll(fixture, "planet", ITEM("b", SPAM));
    assert_int_equal(fixture->prepared, 0);
    assert_int_equal(fixture->fates[0], ITEM_PASSES);
}

static void test_other_feed_may_use_the_guid(void **state)
{
    struct fixture *fixture = *state;
    poll(fixture, "planet", ITEM("b", SPAM));
    poll(fixture, "moon", ITEM("b", OTHER_SPAM));
    assert_int_equal(state_of(fixture, 1), HELD_HELD);
}

static void test_items_of_one_guid_are_told_apart(void **state)
{
    struct fixture *fixture = *state;
    for (int i = 0; i < 2; i++) {
        poll(fixture, "planet", ITEM("all", SPAM) ITEM("all", HAM) ITEM("all", OTHER_SPAM));
        assert_int_equal(fixture->fates[0], ITEM_IS_CUT);
        assert_int_equal(fixture->fates[1], ITEM_PASSES);
        assert_int_equal(fixture->fates[2], ITEM_IS_CUT);
    }
    assert_int_equal(state_of(fixture, 1), HELD_HELD);
    assert_int_equal(state_of(fixture, 2), HELD_HELD);
}

static void test_item_that_stands_twice_is_held_once(void **state)
{
    struct fixture *fixture = *state;
    struct error error = {0};
    poll(fixture, "planet", ITEM("b", SPAM) ITEM("b", SPAM));
    assert_int_equal(fixture->fates[0], ITEM_IS_CUT);
    assert_int_equal(fixture->fates[1], ITEM_IS_CUT);
    assert_null(records_held_get(fixture->judge.records, 2, &error));
}

static void test_observing_holds_nothing_and_says_so(void **state)
{
    struct fixture *fixture = *state;
    fixture->config->feedfilter.mode = MODE_OBSERVE;
    poll(fixture, "planet", ITEM("b", SPAM));
    assert_int_equal(fixture->fates[0], ITEM_PASSES);
    assert_true(nothing_held(fixture));
    assert_history_says(fixture, "b", "hold (observed)");
}

static void test_enforcing_judges_again_what_was_observed(void **state)
{
    struct fixture *fixture = *state;
    fixture->config->feedfilter.mode = MODE_OBSERVE;
    poll(fixture, "planet", ITEM("b", SPAM));
    fixture->config->feedfilter.mode = MODE_ENFORCE;
    poll(fixture, "planet", ITEM("b", SPAM));
    assert_int_equal(fixture->fates[0], ITEM_IS_CUT);
    assert_int_equal(state_of(fixture, 1), HELD_HELD);
}

static void test_reject_holds(void **state)
{
    struct fixture *fixture = *state;
    fixture->config->thresholds.reject = 0.6;
    poll(fixture, "planet", ITEM("b", SPAM));
    assert_int_equal(fixture->fates[0], ITEM_IS_CUT);
    assert_history_says(fixture, "b", "hold");
}

static void test_nothing_is_cut_without_records(void **state)
{
    struct fixture *fixture = *state;
    struct records *records = fixture->judge.records;
    fixture->judge.records = NULL;
    poll(fixture, "planet", ITEM("b", SPAM));
    fixture->judge.records = records;
    assert_int_equal(fixture->prepared, 1);
    assert_int_equal(fixture->fates[0], ITEM_PASSES);
}

/* --- modes --- */

static void test_tagging_marks_spam_and_holds_nothing(void **state)
{
    struct fixture *fixture = *state;
    fixture->judge.mode = FEED_TAG;
    for (int i = 0; i < 2; i++) {
        poll(fixture, "planet", ITEM("a", HAM) ITEM("b", SPAM));
        assert_int_equal(fixture->fates[0], ITEM_PASSES);
        assert_int_equal(fixture->fates[1], ITEM_IS_TAGGED);
    }
    assert_true(nothing_held(fixture));
    assert_history_says(fixture, "b", "tag");
}

/* SPAM is not sure enough to be held any more. */
static void doubt(struct fixture *fixture)
{
    fixture->config->thresholds.hold = 0.9999;
}

static void test_doubtful_items_are_marked_only_by_tagging(void **state)
{
    struct fixture *fixture = *state;
    doubt(fixture);
    poll(fixture, "planet", ITEM("b", SPAM));
    assert_int_equal(fixture->fates[0], ITEM_PASSES);
    assert_history_says(fixture, "b", "tag (observed)");
    fixture->judge.mode = FEED_TAG;
    poll(fixture, "moon", ITEM("b", SPAM));
    assert_int_equal(fixture->fates[0], ITEM_IS_TAGGED);
}

static void test_passing_only_judges(void **state)
{
    struct fixture *fixture = *state;
    fixture->judge.mode = FEED_PASS;
    poll(fixture, "planet", ITEM("b", SPAM));
    assert_int_equal(fixture->fates[0], ITEM_PASSES);
    assert_true(nothing_held(fixture));
    assert_history_says(fixture, "b", "hold (observed)");
}

static void test_observing_goes_before_the_mode_of_a_feed(void **state)
{
    struct fixture *fixture = *state;
    fixture->config->feedfilter.mode = MODE_OBSERVE;
    fixture->judge.mode = FEED_TAG;
    poll(fixture, "planet", ITEM("b", SPAM));
    assert_int_equal(fixture->fates[0], ITEM_PASSES);
    assert_history_says(fixture, "b", "hold (observed)");
}

static void test_holding_holds_what_was_only_tagged(void **state)
{
    struct fixture *fixture = *state;
    fixture->judge.mode = FEED_TAG;
    poll(fixture, "planet", ITEM("b", SPAM));
    fixture->judge.mode = FEED_HOLD;
    poll(fixture, "planet", ITEM("b", SPAM));
    assert_int_equal(fixture->fates[0], ITEM_IS_CUT);
    assert_int_equal(state_of(fixture, 1), HELD_HELD);
}

static void test_tagging_takes_out_of_review_what_it_shows(void **state)
{
    struct fixture *fixture = *state;
    poll(fixture, "planet", ITEM("b", SPAM));
    fixture->judge.mode = FEED_TAG;
    poll(fixture, "planet", ITEM("b", SPAM));
    assert_int_equal(fixture->fates[0], ITEM_IS_TAGGED);
    assert_int_equal(state_of(fixture, 1), HELD_SUPERSEDED);
}

static void test_holding_again_holds_what_tagging_let_out(void **state)
{
    struct fixture *fixture = *state;
    poll(fixture, "planet", ITEM("b", SPAM));
    fixture->judge.mode = FEED_TAG;
    poll(fixture, "planet", ITEM("b", SPAM));
    fixture->judge.mode = FEED_HOLD;
    poll(fixture, "planet", ITEM("b", SPAM));
    assert_int_equal(fixture->fates[0], ITEM_IS_CUT);
    assert_int_equal(state_of(fixture, 1), HELD_SUPERSEDED);
    assert_int_equal(state_of(fixture, 2), HELD_HELD);
}

static void test_passing_shows_what_waits_for_review(void **state)
{
    struct fixture *fixture = *state;
    poll(fixture, "planet", ITEM("b", SPAM));
    fixture->judge.mode = FEED_PASS;
    poll(fixture, "planet", ITEM("b", SPAM));
    assert_int_equal(fixture->fates[0], ITEM_PASSES);
    assert_int_equal(state_of(fixture, 1), HELD_HELD);
}

static void test_confirmed_spam_stays_out_or_tagged(void **state)
{
    struct fixture *fixture = *state;
    poll(fixture, "planet", ITEM("b", SPAM));
    decide(fixture, 1, HELD_CONFIRMED);
    poll(fixture, "planet", ITEM("b", SPAM));
    assert_int_equal(fixture->fates[0], ITEM_IS_CUT);
    fixture->judge.mode = FEED_TAG;
    poll(fixture, "planet", ITEM("b", SPAM));
    assert_int_equal(fixture->fates[0], ITEM_IS_TAGGED);
    assert_int_equal(state_of(fixture, 1), HELD_CONFIRMED);
}

static void test_released_item_is_not_tagged(void **state)
{
    struct fixture *fixture = *state;
    poll(fixture, "planet", ITEM("b", SPAM));
    release(fixture, 1);
    fixture->judge.mode = FEED_TAG;
    poll(fixture, "planet", ITEM("b", SPAM));
    assert_int_equal(fixture->fates[0], ITEM_PASSES);
}

static void test_edit_of_a_released_item_is_tagged_for_good(void **state)
{
    struct fixture *fixture = *state;
    poll(fixture, "planet", ITEM("b", SPAM));
    release(fixture, 1);
    fixture->judge.mode = FEED_TAG;
    for (int i = 0; i < 2; i++) {
        poll(fixture, "planet", ITEM("b", OTHER_SPAM));
        assert_int_equal(fixture->fates[0], ITEM_IS_TAGGED);
    }
}

static void test_tagging_needs_no_records(void **state)
{
    struct fixture *fixture = *state;
    struct records *records = fixture->judge.records;
    fixture->judge.records = NULL;
    fixture->judge.mode = FEED_TAG;
    poll(fixture, "planet", ITEM("b", SPAM));
    fixture->judge.records = records;
    assert_int_equal(fixture->fates[0], ITEM_IS_TAGGED);
}

/* --- rules --- */

/* Has the text of rules in force, as if it had been followed. */
static void set_rules(struct fixture *fixture, const char *rules)
{
    char path[128];
    snprintf(path, sizeof path, "%s/settings", fixture->directory);
    json_t *whole = json_pack("{s:{}, s:[], s:{s:s, s:[]}}", "tuning", "changes", "rules", "text",
                              rules, "changes");
    assert_int_equal(json_dump_file(whole, path, 0), 0);
    json_decref(whole);
    live_tuning_free(fixture->judge.judge.tuning);
    fixture->judge.judge.tuning = live_tuning_new(path);
    assert_int_equal(unlink(path), 0);
}

#define HULL "rule \"no hulls\" { title = hull action = hold }\n"

static void test_rule_holds_and_keeps_whatever_the_score(void **state)
{
    struct fixture *fixture = *state;
    set_rules(fixture, HULL "rule \"watches\" { title = watches action = keep }");
    poll(fixture, "planet", ITEM("a", HAM) ITEM("b", SPAM) ITEM("c", OTHER_SPAM));
    assert_int_equal(fixture->fates[0], ITEM_IS_CUT);
    assert_int_equal(fixture->fates[1], ITEM_PASSES);
    assert_int_equal(fixture->fates[2], ITEM_IS_CUT);
    struct history_entry *entry = history(fixture, "a");
    assert_non_null(strstr(entry->evidence, "\"symbol\":\"RULE\""));
    assert_non_null(strstr(entry->evidence, "\"detail\":\"no hulls\""));
    history_entry_free(entry);
}

static void test_changed_rule_judges_again_what_it_is_about(void **state)
{
    struct fixture *fixture = *state;
    set_rules(fixture, "");
    poll(fixture, "planet", ITEM("a", HAM) ITEM("b", SPAM));
    assert_int_equal(fixture->fates[0], ITEM_PASSES);
    set_rules(fixture, HULL);
    poll(fixture, "planet", ITEM("a", HAM) ITEM("b", SPAM));
    assert_int_equal(fixture->fates[0], ITEM_IS_CUT);
    struct held *entry = held(fixture, 2);
    assert_string_equal(entry->reference, "a");
    held_free(entry);
    assert_int_equal(state_of(fixture, 1), HELD_HELD);
    /* Others, which say the same of these. */
    set_rules(fixture, HULL "rule \"other\" { title = other action = hold }");
    poll(fixture, "planet", ITEM("a", HAM) ITEM("b", SPAM));
    assert_int_equal(fixture->prepared, 0);
}

/* It is let go when that is asked for, and not before. */
static void test_what_is_held_stays_so_whatever_rules_say(void **state)
{
    struct fixture *fixture = *state;
    set_rules(fixture, HULL);
    poll(fixture, "planet", ITEM("a", HAM) ITEM("b", SPAM));
    static const char *const others[] = {
        "", "rule \"all\" { title = {hull, watches} action = keep }",
        "rule \"all\" { title = {hull, watches} action = tag }", HULL};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        set_rules(fixture, others[i]);
        poll(fixture, "planet", ITEM("a", HAM) ITEM("b", SPAM));
        assert_int_equal(fixture->prepared, 0);
        assert_int_equal(fixture->fates[0], ITEM_IS_CUT);
        assert_int_equal(fixture->fates[1], ITEM_IS_CUT);
        assert_int_equal(state_of(fixture, 1), HELD_HELD);
        assert_int_equal(state_of(fixture, 2), HELD_HELD);
    }
    release(fixture, 1);
    poll(fixture, "planet", ITEM("a", HAM) ITEM("b", SPAM));
    assert_int_equal(fixture->fates[0], ITEM_PASSES);
    assert_int_equal(fixture->fates[1], ITEM_IS_CUT);
}

/* Another process. What it holds of "planet" for "Spam", once the file is about to be written. */
static int say_spam(unsigned event, void *context, void *statement, void *text)
{
    struct fixture *fixture = context;
    struct error error = {0};
    bool found = false;
    struct judged judged;
    struct held entry = {.state = HELD_HELD,
                         .channel = "feed",
                         .sender = "planet",
                         .recipients = "",
                         .subject = SPAM,
                         .reference = "b",
                         .requeued_as = "",
                         .evidence = "{}"};
    (void)event, (void)statement;
    if (!strstr(text, "IMMEDIATE"))
        return 0;
    struct records *records = records_open(fixture->path, &error);
    assert_true(records_judged_find(records, "planet", "b", &judged, &found, &error) && found);
    assert_true(records_held_add(records, &entry, &judged.held_id, &error));
    assert_true(records_held_set_taught(records, judged.held_id, LABEL_SPAM + 1, 0, "", &error));
    assert_true(records_judged_save(records, "planet", "b", &judged, &error));
    records_close(records);
    return 0;
}

/* After it was looked up, and before it is noted what other rules say. */
static void test_word_that_is_said_meanwhile_stands(void **state)
{
    struct fixture *fixture = *state;
    struct error error = {0};
    set_rules(fixture, "");
    poll(fixture, "planet", ITEM("b", SPAM));
    fixture->judge.mode = FEED_TAG;
    poll(fixture, "planet", ITEM("b", SPAM));
    assert_int_equal(state_of(fixture, 1), HELD_SUPERSEDED);
    set_rules(fixture, "rule \"other\" { title = other action = hold }");
    sqlite3_stmt *statement = records_prepare_text(fixture->judge.records, "SELECT 1", &error);
    sqlite3 *db = sqlite3_db_handle(statement);
    sqlite3_finalize(statement);
    sqlite3_trace_v2(db, SQLITE_TRACE_STMT, say_spam, fixture);
    poll(fixture, "planet", ITEM("b", SPAM));
    sqlite3_trace_v2(db, 0, NULL, NULL);
    assert_int_equal(state_of(fixture, 2), HELD_HELD);
    fixture->judge.mode = FEED_HOLD;
    set_rules(fixture, "rule \"watches\" { title = watches action = keep }");
    poll(fixture, "planet", ITEM("b", SPAM));
    assert_int_equal(fixture->fates[0], ITEM_IS_CUT);
}

/* Over what is only marked, too, which is not held. */
static void test_word_that_it_is_spam_stands_in_every_mode(void **state)
{
    struct fixture *fixture = *state;
    struct error error = {0};
    set_rules(fixture, "");
    poll(fixture, "planet", ITEM("b", SPAM));
    assert_true(records_held_set_taught(fixture->judge.records, 1, LABEL_SPAM + 1, 0, "", &error));
    fixture->judge.mode = FEED_TAG;
    poll(fixture, "planet", ITEM("b", SPAM));
    assert_int_equal(fixture->fates[0], ITEM_IS_TAGGED);
    set_rules(fixture, "rule \"watches\" { title = watches action = keep }");
    poll(fixture, "planet", ITEM("b", SPAM));
    assert_int_equal(fixture->fates[0], ITEM_IS_TAGGED);
    fixture->judge.mode = FEED_HOLD;
    poll(fixture, "planet", ITEM("b", SPAM));
    assert_int_equal(fixture->fates[0], ITEM_IS_CUT);
    assert_int_equal(state_of(fixture, 1), HELD_HELD);
}

/* What is only marked follows the rules. */
static void test_what_is_tagged_is_judged_by_the_rules_of_now(void **state)
{
    struct fixture *fixture = *state;
    fixture->judge.mode = FEED_TAG;
    set_rules(fixture, HULL);
    poll(fixture, "planet", ITEM("a", HAM));
    assert_int_equal(fixture->fates[0], ITEM_IS_TAGGED);
    set_rules(fixture, "");
    poll(fixture, "planet", ITEM("a", HAM));
    assert_int_equal(fixture->fates[0], ITEM_PASSES);
}

static void test_what_a_person_decided_stands_whatever_rules_say(void **state)
{
    struct fixture *fixture = *state;
    set_rules(fixture, HULL);
    poll(fixture, "planet", ITEM("a", HAM) ITEM("b", SPAM));
    release(fixture, 1);
    decide(fixture, 2, HELD_CONFIRMED);
    set_rules(fixture, "rule \"all\" { title = hull action = hold }\n"
                       "rule \"watches\" { title = watches action = keep }");
    poll(fixture, "planet", ITEM("a", HAM) ITEM("b", SPAM));
    assert_int_equal(fixture->prepared, 0);
    assert_int_equal(fixture->fates[0], ITEM_PASSES);
    assert_int_equal(fixture->fates[1], ITEM_IS_CUT);
}

static void test_rules_for_one_feed_and_on_trial(void **state)
{
    struct fixture *fixture = *state;
    set_rules(fixture, "rule \"planet\" { feed = planet title = hull action = hold }\n"
                       "rule \"trial\" { title = hull action = hold dry = true }");
    poll(fixture, "planet", ITEM("a", HAM));
    assert_int_equal(fixture->fates[0], ITEM_IS_CUT);
    poll(fixture, "moon", ITEM("a", HAM));
    assert_int_equal(fixture->fates[0], ITEM_PASSES);
    struct history_entry *entry = history(fixture, "a");
    assert_non_null(strstr(entry->evidence, "\"symbol\":\"RULE_DRY\""));
    history_entry_free(entry);
}

#define judging(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        judging(test_spam_is_cut_and_the_rest_is_not),
        judging(test_what_is_cut_lies_whole_in_the_records),
        judging(test_held_item_is_not_judged_again),
        judging(test_what_passed_without_the_store_is_judged_again),
        judging(test_released_item_passes),
        judging(test_edit_supersedes_what_was_held),
        judging(test_former_release_speaks_for_an_edit),
        judging(test_claimed_guid_takes_nothing_out_of_review),
        judging(test_claimed_guid_has_no_bonus_of_a_release),
        judging(test_feed_that_names_itself_reaches_nothing_of_a_named_one),
        judging(test_other_feed_may_use_the_guid),
        judging(test_items_of_one_guid_are_told_apart),
        judging(test_item_that_stands_twice_is_held_once),
        judging(test_observing_holds_nothing_and_says_so),
        judging(test_enforcing_judges_again_what_was_observed),
        judging(test_reject_holds),
        judging(test_nothing_is_cut_without_records),
        judging(test_tagging_marks_spam_and_holds_nothing),
        judging(test_doubtful_items_are_marked_only_by_tagging),
        judging(test_passing_only_judges),
        judging(test_observing_goes_before_the_mode_of_a_feed),
        judging(test_holding_holds_what_was_only_tagged),
        judging(test_tagging_takes_out_of_review_what_it_shows),
        judging(test_holding_again_holds_what_tagging_let_out),
        judging(test_passing_shows_what_waits_for_review),
        judging(test_confirmed_spam_stays_out_or_tagged),
        judging(test_released_item_is_not_tagged),
        judging(test_edit_of_a_released_item_is_tagged_for_good),
        judging(test_tagging_needs_no_records),
        judging(test_rule_holds_and_keeps_whatever_the_score),
        judging(test_changed_rule_judges_again_what_it_is_about),
        judging(test_what_is_held_stays_so_whatever_rules_say),
        judging(test_word_that_is_said_meanwhile_stands),
        judging(test_word_that_it_is_spam_stands_in_every_mode),
        judging(test_what_is_tagged_is_judged_by_the_rules_of_now),
        judging(test_what_a_person_decided_stands_whatever_rules_say),
        judging(test_rules_for_one_feed_and_on_trial),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
