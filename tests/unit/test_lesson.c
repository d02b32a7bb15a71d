#include "store/lesson.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

static const uint32_t slots[] = {0, 1, 127, 128, 300, 70000, LESSON_SLOT_LIMIT - 1};
static const struct identity identities[] = {
    {IDENTITY_IP, {"192.0.2.1", 9}},
    {IDENTITY_LINK_DOMAIN, {"\xe4\xbe\x8b\0x", 5}},
    {IDENTITY_PAIR, {"", 0}},
};

static struct lesson sample(void)
{
    struct lesson lesson = {
        .label = LABEL_SPAM,
        .trust = TRUST_OPERATOR,
        .source = SPAN("user:ann@example.org"),
        .time_s = 1700000000,
        .feature_version = 7,
        .script = 2,
        .slots = slots,
        .slot_count = sizeof slots / sizeof slots[0],
        .identities = identities,
        .identity_count = sizeof identities / sizeof identities[0],
    };
    memset(lesson.document_id, 0xd0, sizeof lesson.document_id);
    lesson_set_event_id(&lesson, 1);
    return lesson;
}

static void assert_same(const struct lesson *a, const struct lesson *b)
{
    assert_memory_equal(a->event_id, b->event_id, LESSON_ID_BYTES);
    assert_memory_equal(a->document_id, b->document_id, LESSON_ID_BYTES);
    assert_int_equal(a->label, b->label);
    assert_int_equal(a->trust, b->trust);
    assert_int_equal(a->withdrawn, b->withdrawn);
    assert_int_equal(a->content_milli, b->content_milli);
    assert_true(span_equal(a->source, b->source));
    assert_int_equal(a->time_s, b->time_s);
    assert_int_equal(a->feature_version, b->feature_version);
    assert_int_equal(a->script, b->script);
    assert_int_equal(a->slot_count, b->slot_count);
    for (size_t i = 0; i < a->slot_count; i++)
        assert_int_equal(a->slots[i], b->slots[i]);
    assert_int_equal(a->identity_count, b->identity_count);
    for (size_t i = 0; i < a->identity_count; i++) {
        assert_int_equal(a->identities[i].type, b->identities[i].type);
        assert_true(span_equal(a->identities[i].value, b->identities[i].value));
    }
}

static void assert_round_trip(const struct lesson *lesson)
{
    struct error error = {0};
    size_t length;
    unsigned char *data = lesson_encode(lesson, &length);
    struct lesson *decoded = lesson_decode(data, length, &error);
    free(data); /* nothing of the decoded lesson points into it */
    assert_non_null(decoded);
    assert_same(lesson, decoded);
    lesson_free(decoded);
}

static void test_decode_gives_back_what_was_encoded(void **state)
{
    (void)state;
    struct lesson lesson = sample();
    assert_round_trip(&lesson);
}

static void test_lesson_without_slots_and_identities_survives(void **state)
{
    (void)state;
    struct lesson lesson = sample();
    lesson.slots = NULL;
    lesson.slot_count = 0;
    lesson.identities = NULL;
    lesson.identity_count = 0;
    lesson.source = (struct span){NULL, 0};
    lesson.time_s = -5;
    assert_round_trip(&lesson);
}

static struct lesson withdrawn_sample(void)
{
    struct lesson lesson = sample();
    lesson.withdrawn = true;
    lesson.content_milli = -12345;
    lesson_set_event_id(&lesson, 1);
    return lesson;
}

static void test_lesson_that_is_withdrawn_survives(void **state)
{
    (void)state;
    struct lesson lesson = withdrawn_sample();
    assert_round_trip(&lesson);
}

static void test_lesson_at_the_limits_survives(void **state)
{
    (void)state;
    static uint32_t many[LESSON_SLOTS_MAX];
    static struct identity crowd[LESSON_IDENTITIES_MAX];
    static char value[IDENTITY_VALUE_MAX], source[LESSON_SOURCE_MAX];
    for (size_t i = 0; i < LESSON_SLOTS_MAX; i++)
        many[i] = (uint32_t)(i * (LESSON_SLOT_LIMIT / LESSON_SLOTS_MAX));
    for (size_t i = 0; i < LESSON_IDENTITIES_MAX; i++)
        crowd[i] = (struct identity){IDENTITY_SHINGLE, {value, sizeof value}};
    struct lesson lesson = sample();
    lesson.slots = many;
    lesson.slot_count = LESSON_SLOTS_MAX;
    lesson.identities = crowd;
    lesson.identity_count = LESSON_IDENTITIES_MAX;
    lesson.source = (struct span){source, sizeof source};
    assert_round_trip(&lesson);
}

static void test_truncated_lesson_is_refused_at_every_length(void **state)
{
    (void)state;
    struct lesson lesson = sample();
    size_t length;
    unsigned char *data = lesson_encode(&lesson, &length);
    for (size_t cut = 0; cut < length; cut++) {
        struct error error = {0};
        unsigned char *part = malloc(cut ? cut : 1); /* its end is watched by the sanitizer */
        memcpy(part, data, cut);
        assert_null(lesson_decode(part, cut, &error));
        assert_int_equal(error.class, ERROR_INPUT);
        free(part);
    }
    free(data);
}

static void test_bytes_behind_the_lesson_are_refused(void **state)
{
    (void)state;
    struct lesson lesson = sample();
    size_t length;
    unsigned char *data = lesson_encode(&lesson, &length);
    data = realloc(data, length + 1);
    data[length] = 0;
    assert_null(lesson_decode(data, length + 1, NULL));
    free(data);
}

/* Whatever decodes has limits and one encoding only: no other bytes mean the same lesson. */
static void assert_no_other_bytes_mean_the_same(const struct lesson *lesson)
{
    size_t length;
    unsigned char *data = lesson_encode(lesson, &length);
    for (size_t at = 0; at < length; at++) {
        for (unsigned byte = 0; byte < 256; byte++) {
            unsigned char was = data[at];
            data[at] = (unsigned char)byte;
            struct lesson *decoded = lesson_decode(data, length, NULL);
            if (decoded) {
                size_t again_length;
                unsigned char *again = lesson_encode(decoded, &again_length);
                assert_int_equal(again_length, length);
                assert_memory_equal(again, data, length);
                free(again);
                lesson_free(decoded);
            }
            data[at] = was;
        }
    }
    free(data);
}

static void test_damaged_lesson_is_refused_or_is_another_lesson(void **state)
{
    (void)state;
    struct lesson lesson = sample(), withdrawn = withdrawn_sample();
    assert_no_other_bytes_mean_the_same(&lesson);
    assert_no_other_bytes_mean_the_same(&withdrawn);
}

static void test_event_id_is_the_same_for_the_same_event_on_any_machine(void **state)
{
    (void)state;
    struct lesson lesson = sample(), other = sample();
    other.time_s++;
    lesson_set_event_id(&other, 1);
    assert_memory_equal(lesson.event_id, other.event_id, LESSON_ID_BYTES);
    /* XXH3-128 of 16 bytes 0xd0, label 1, sequence 1 in 8 bytes little-endian, and the source. */
    static const unsigned char known[LESSON_ID_BYTES] = {0x22, 0x50, 0x59, 0x11, 0x7c, 0xbc,
                                                         0x4a, 0x39, 0x13, 0xda, 0x18, 0xec,
                                                         0xa5, 0x59, 0xf8, 0x2d};
    assert_memory_equal(lesson.event_id, known, LESSON_ID_BYTES);
}

static void test_event_id_differs_by_document_source_label_and_sequence(void **state)
{
    (void)state;
    struct lesson lesson = sample(), others[5] = {sample(), sample(), sample(), sample(), sample()};
    others[0].document_id[0] ^= 1;
    others[1].source = SPAN("operator");
    others[2].label = LABEL_HAM;
    others[4].withdrawn = true;
    for (unsigned i = 0; i < 5; i++) {
        lesson_set_event_id(&others[i], i == 3 ? 2 : 1);
        assert_memory_not_equal(lesson.event_id, others[i].event_id, LESSON_ID_BYTES);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decode_gives_back_what_was_encoded),
        cmocka_unit_test(test_lesson_without_slots_and_identities_survives),
        cmocka_unit_test(test_lesson_that_is_withdrawn_survives),
        cmocka_unit_test(test_lesson_at_the_limits_survives),
        cmocka_unit_test(test_truncated_lesson_is_refused_at_every_length),
        cmocka_unit_test(test_bytes_behind_the_lesson_are_refused),
        cmocka_unit_test(test_damaged_lesson_is_refused_or_is_another_lesson),
        cmocka_unit_test(test_event_id_is_the_same_for_the_same_event_on_any_machine),
        cmocka_unit_test(test_event_id_differs_by_document_source_label_and_sequence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
