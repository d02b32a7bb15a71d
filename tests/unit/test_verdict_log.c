#include "core/verdict_log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

/* What the history has after a verdict of `action` about a feed item in `mode`. */
static struct history_entry *logged(enum action action, enum mode mode)
{
    char directory[] = "/tmp/weir-verdict-log-XXXXXX", path[64];
    struct error error = {0};
    assert_non_null(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/feeds.db", directory);
    struct records *records = records_open(path, &error);
    assert_non_null(records);
    struct document *document = document_new(CHANNEL_FEED);
    memset(document->id, 0xab, sizeof document->id);
    struct verdict verdict = {.log_odds = 3.5, .probability = 0.97, .action = action};
    struct verdict_about about = {"planet", "", "A title", "guid-1"};
    verdict_log_history(records, document, &verdict, mode, &about);
    records_flush(records);
    struct history_entry *entry = records_history_find(records, "guid-1", &error);
    assert_non_null(entry);
    document_free(document);
    records_close(records);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(directory), 0);
    return entry;
}

static void test_entry_tells_what_the_verdict_was_about(void **state)
{
    (void)state;
    struct history_entry *entry = logged(ACTION_HOLD, MODE_ENFORCE);
    unsigned char id[RECORD_ID_BYTES];
    memset(id, 0xab, sizeof id);
    assert_memory_equal(entry->document_id, id, sizeof id);
    assert_in_range(entry->time_s, time(NULL) - 60, time(NULL) + 1);
    assert_string_equal(entry->channel, "feed");
    assert_true(entry->log_odds == 3.5);
    assert_string_equal(entry->sender, "planet");
    assert_string_equal(entry->recipients, "");
    assert_string_equal(entry->subject, "A title");
    assert_non_null(strstr(entry->evidence, "\"terms\""));
    history_entry_free(entry);
}

static void test_action_that_was_carried_out_is_its_name(void **state)
{
    (void)state;
    struct history_entry *entry = logged(ACTION_HOLD, MODE_ENFORCE);
    assert_string_equal(entry->action, "hold");
    history_entry_free(entry);
}

static void test_action_that_was_only_observed_says_so(void **state)
{
    (void)state;
    struct history_entry *entry = logged(ACTION_HOLD, MODE_OBSERVE);
    assert_string_equal(entry->action, "hold (observed)");
    history_entry_free(entry);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_entry_tells_what_the_verdict_was_about),
        cmocka_unit_test(test_action_that_was_carried_out_is_its_name),
        cmocka_unit_test(test_action_that_was_only_observed_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
