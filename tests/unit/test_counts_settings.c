/* What counts.h promises of settings, of whatever store stands behind it. */
#include "tests/unit/counts_contract.h"

#include <string.h>

static void save(struct fixture *fixture, uint64_t read, const char *text, bool expected)
{
    bool saved = !expected;
    good(counts_settings_save(fixture->store, read, span_of(text), &saved, &fixture->error));
    assert_int_equal(saved, expected);
}

static void assert_settings(struct fixture *fixture, uint64_t version, const char *text)
{
    struct counts_settings settings;
    struct counts_health health;
    good(counts_settings_load(fixture->store, &settings, &fixture->error));
    assert_int_equal(settings.version, version);
    if (text) {
        assert_int_equal(settings.length, strlen(text));
        assert_string_equal(settings.text, text);
    } else {
        assert_null(settings.text);
    }
    counts_settings_clear(&settings);
    good(counts_health(fixture->store, &health, &fixture->error));
    assert_int_equal(health.settings, version);
}

static void test_no_settings_have_version_zero(void **state)
{
    assert_settings(*state, 0, NULL);
}

static void test_settings_are_read_as_they_were_written(void **state)
{
    struct fixture *fixture = *state;
    save(fixture, 0, "{\"weights\": {\"LINK_FARM\": 0}}", true);
    assert_settings(fixture, 1, "{\"weights\": {\"LINK_FARM\": 0}}");
    save(fixture, 1, "", true);
    assert_settings(fixture, 2, "");
}

/* Of two admins who read the same, the second one finds out. */
static void test_stale_settings_change_nothing(void **state)
{
    struct fixture *fixture = *state;
    save(fixture, 0, "first", true);
    save(fixture, 0, "second", false);
    save(fixture, 2, "third", false);
    assert_settings(fixture, 1, "first");
}

static void test_store_that_is_away_fails(void **state)
{
    struct fixture *fixture = *state;
    struct counts_settings settings;
    bool saved = true;
    counts_place_go_away(fixture->place);
    assert_false(counts_settings_load(fixture->store, &settings, &fixture->error));
    assert_int_equal(fixture->error.class, ERROR_NETWORK);
    assert_false(counts_settings_save(fixture->store, 0, SPAN("x"), &saved, &fixture->error));
    assert_false(saved);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        contract(test_no_settings_have_version_zero),
        contract(test_settings_are_read_as_they_were_written),
        contract(test_stale_settings_change_nothing),
        contract(test_store_that_is_away_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
