#include "core/tuning.h"

#include "core/config.h"
#include "core/live_tuning.h"
#include "core/scoring.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void test_every_number_has_a_name_of_its_own(void **state)
{
    (void)state;
    size_t count = 0;
    for (size_t place = 0; place < TUNING_NUMBERS; place++) {
        char name[TUNING_NAME_SIZE];
        if (!tuning_name(place, name))
            continue;
        assert_int_equal(tuning_find(span_of(name)), place);
        count++;
    }
    assert_true(count > 80);
    assert_int_equal(tuning_find(SPAN("mail.hold")), TUNING_MAIL + 1);
    assert_int_equal(tuning_find(SPAN("")), TUNING_NUMBERS);
}

static const char *refused(const char *text)
{
    static struct error error;
    struct tuning tuning;
    json_t *whole;
    error = (struct error){0};
    assert_false(tuning_read(span_of(text), &tuning, &whole, &error));
    assert_null(whole);
    assert_int_equal(error.class, ERROR_INPUT);
    assert_true(tuning_is_clear(&tuning));
    return error.message;
}

static void test_what_cannot_be_is_named(void **state)
{
    (void)state;
    assert_non_null(strstr(refused("{"), "the settings are no JSON"));
    assert_string_equal(refused("{\"tuning\":{}}"), "changes: is no array");
    assert_string_equal(refused("{\"changes\":[],\"tuning\":3}"),
                        "tuning: is no object of names and numbers");
    assert_string_equal(refused("{\"changes\":[],\"tuning\":{\"NO_SUCH\":1}}"),
                        "NO_SUCH: nothing to tune has this name");
    assert_string_equal(refused("{\"changes\":[],\"tuning\":{\"LINK_FARM\":\"1\"}}"),
                        "LINK_FARM: is no number");
    assert_string_equal(refused("{\"changes\":[],\"tuning\":{\"mail.hold\":1.5}}"),
                        "mail.hold: 1.5 is not a probability (0 to 1), and not \"never\"");
    assert_non_null(
        strstr(refused("{\"changes\":[],\"tuning\":{\"ip.base-rate\":1}}"), "is not a base rate"));
}

static void test_text_is_read_as_it_was_written(void **state)
{
    (void)state;
    struct tuning tuning, back;
    struct error error = {0};
    json_t *whole;
    tuning_clear(&tuning);
    tuning.numbers[TUNING_FEED + 1] = THRESHOLD_NEVER;
    tuning.numbers[TUNING_CONTENT] = 0.8;
    tuning.numbers[TUNING_HALF_LIVES] = 86400;
    json_t *value = tuning_to_json(&tuning);
    assert_true(tuning_from_json(value, &back, &error));
    assert_true(tuning_is_equal(&tuning, &back));
    json_decref(value);
    assert_true(tuning_read(SPAN(""), &back, &whole, &error));
    assert_true(tuning_is_clear(&back));
    json_decref(whole);
}

static void test_tuning_lies_over_the_configuration(void **state)
{
    (void)state;
    struct config *config = config_defaults();
    struct scoring base, tuned;
    struct tuning tuning;
    tuning_clear(&tuning);
    scoring_make(&base, config, &tuning);
    scoring_make(&tuned, config, NULL);
    for (size_t place = 0; place < TUNING_NUMBERS; place++) {
        char name[TUNING_NAME_SIZE];
        assert_true(scoring_number(&base, place) == scoring_number(&tuned, place));
        if (!tuning_name(place, name))
            continue;
        double wanted = tuning_kind_of(place) == TUNING_HALF_LIFE ? 7200 : 0.625;
        struct tuning one;
        tuning_clear(&one);
        one.numbers[place] = wanted;
        scoring_make(&tuned, config, &one);
        for (size_t other = 0; other < TUNING_NUMBERS; other++)
            assert_true(scoring_number(&tuned, other) ==
                        (other == place ? wanted : scoring_number(&base, other)));
    }
    config_release(config);
}

static void test_cost_is_a_threshold(void **state)
{
    (void)state;
    assert_true(fabs(tuning_threshold_of_cost(99) - 0.99) < 1e-12);
    assert_true(tuning_threshold_of_cost(1) == 0.5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_number_has_a_name_of_its_own),
        cmocka_unit_test(test_what_cannot_be_is_named),
        cmocka_unit_test(test_text_is_read_as_it_was_written),
        cmocka_unit_test(test_tuning_lies_over_the_configuration),
        cmocka_unit_test(test_cost_is_a_threshold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
