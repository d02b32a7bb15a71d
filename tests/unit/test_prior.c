#include "core/prior.h"

#include "core/document.h"
#include "core/features.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static double prior_of(const char *subject, const char *body)
{
    struct document *document = document_new(CHANNEL_MAIL);
    document_add_text(document, TEXT_SUBJECT, span_of(subject), false);
    document_add_text(document, TEXT_BODY, span_of(body), false);
    features_extract(document);
    double log_odds = prior_log_odds(document->features, document->feature_count);
    document_free(document);
    return log_odds;
}

static void test_table_is_whole(void **state)
{
    (void)state;
    size_t length, count = 0;
    const unsigned char *table = prior_table(&length);
    assert_true(length <= PRIOR_BYTES_MAX);
    assert_memory_equal(table, PRIOR_MAGIC, 4);
    assert_int_equal(table[4], FEATURE_VERSION); /* else `make prior` is due */
    for (size_t i = 0; i < PRIOR_BUCKETS; i++)
        count += table[8 + i];
    assert_true(count > 10000);
    assert_int_equal(length, PRIOR_HEAD_BYTES + 4 * count);
}

static void test_it_tells_plain_spam_from_plain_ham(void **state)
{
    (void)state;
    double spam = prior_of("Your account was approved, act now!",
                           "Make money fast, 100% guaranteed! Order now, no obligation. "
                           "Click here to be removed from our mailing list.");
    double ham = prior_of("Re: the parser and its tests",
                          "I wrote a patch for it yesterday, and it compiles with gcc here. "
                          "Did you try the code in CVS? I think the bug is in the server.");
    assert_true(spam > 0.5);
    assert_true(ham < -0.5);
}

static void test_it_never_goes_far(void **state)
{
    (void)state;
    size_t length;
    const unsigned char *at = prior_table(&length) + PRIOR_HEAD_BYTES,
                        *heads = prior_table(&length);
    uint64_t features[100];
    size_t count = 0;
    for (uint64_t bucket = 0; bucket < PRIOR_BUCKETS && count < 100; bucket++)
        for (unsigned i = 0; i < heads[8 + bucket]; i++, at += 4)
            if ((signed char)at[3] > 5 && count < 100)
                features[count++] = bucket << 48 | (uint64_t)at[0] << 40 | (uint64_t)at[1] << 32 |
                                    (uint64_t)at[2] << 24;
    assert_int_equal(count, 100);
    assert_true(prior_log_odds(features, count) == 2);
    assert_true(prior_log_odds(NULL, 0) == 0);
    struct model_scale scale = {{0.5, 1}};
    assert_true(prior_feature_log_odds(features[0], scale) > 5 * 0.5 / PRIOR_UNITS);
    assert_true(prior_feature_log_odds(features[0] ^ 1ull << 24, scale) == 0);
}

static void teach(struct model *model, enum label label, enum script script, int lessons)
{
    for (int i = 0; i < lessons; i++) {
        struct lesson lesson = {
            .label = label, .feature_version = FEATURE_VERSION, .script = (uint8_t)script};
        model_apply(model, &lesson, model_version(model) + 1);
    }
}

static void test_it_fades_with_lessons_of_the_script(void **state)
{
    (void)state;
    struct model *model = model_new();
    assert_true(prior_share(model, SCRIPT_LATIN) == 1);
    teach(model, LABEL_SPAM, SCRIPT_LATIN, 4000);
    teach(model, LABEL_HAM, SCRIPT_LATIN, 30);
    assert_true(prior_share(model, SCRIPT_LATIN) == 0.5);
    assert_true(prior_share(model, SCRIPT_HAN) == 1);
    teach(model, LABEL_HAM, SCRIPT_LATIN, 4000);
    assert_true(prior_share(model, SCRIPT_LATIN) == 0);
    model_free(model);
}

static int setup(void **state)
{
    (void)state;
    text_init();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table_is_whole),
        cmocka_unit_test(test_it_tells_plain_spam_from_plain_ham),
        cmocka_unit_test(test_it_never_goes_far),
        cmocka_unit_test(test_it_fades_with_lessons_of_the_script),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
