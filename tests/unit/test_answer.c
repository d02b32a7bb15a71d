#include "milter/answer.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct document *document;
static struct weir_id_keys keys = {.count = 1};
static struct answer answer;

static int make_document(void **state)
{
    (void)state;
    document = document_new(CHANNEL_MAIL);
    memcpy(document->id, "\x01\x23\x45\x67\x89\xab\xcd\xef\x01\x23\x45\x67\x89\xab\xcd\xef", 16);
    return 0;
}

static int free_document(void **state)
{
    (void)state;
    document_free(document);
    return 0;
}

static void make(enum action action, enum mode mode, double log_odds)
{
    static struct evidence evidence[] = {
        {.symbol = "LINK_FARM", .log_odds = 2.1, .detail = {"41 anchors", 10}}};
    struct verdict verdict = {.log_odds = log_odds,
                              .probability = probability_of(log_odds),
                              .action = action,
                              .evidence = evidence,
                              .evidence_count = 1};
    answer_make(&answer, document->arena, action, mode, document, &verdict, &keys);
}

/* The header's value without its leading blank; NULL when the answer has none. */
static const char *header(const char *name)
{
    for (size_t i = 0; i < answer.header_count; i++) {
        if (strcmp(answer.headers[i].name, name) == 0) {
            assert_int_equal(answer.headers[i].value[0], ' ');
            return answer.headers[i].value + 1;
        }
    }
    return NULL;
}

static enum action allowed(enum action action, bool internal, const char *first, const char *second)
{
    struct span recipients[] = {span_of(first), span_of(second)};
    struct envelope envelope = {.internal = internal, .recipients = recipients};
    envelope.recipient_count = second ? 2 : 1;
    return answer_action(action, &envelope);
}

static void test_accepted_mail_has_all_headers_but_the_flag(void **state)
{
    (void)state;
    make(ACTION_ACCEPT, MODE_ENFORCE, -1.234);
    assert_int_equal(answer.action, ACTION_ACCEPT);
    assert_int_equal(answer.header_count, 5);
    assert_string_equal(header("X-Weir-Verdict"), "accept");
    assert_string_equal(header("X-Spam-Status"),
                        "No, score=-1.2 probability=0.225 terms=LINK_FARM(2.1)");
    assert_string_equal(header("X-Spam-Score"), "-1.2");
    assert_string_equal(header("X-Spam-Level"), "");
    assert_null(header("X-Spam-Flag"));
}

static void test_id_is_signed(void **state)
{
    (void)state;
    make(ACTION_ACCEPT, MODE_ENFORCE, 0);
    const char *id = header("X-Weir-Id");
    assert_true(weir_id_verify(&keys, id, strlen(id)));
    assert_memory_equal(id, "0123456789abcdef0123456789abcdef.", 33);
}

static void test_tagged_mail_has_the_flag(void **state)
{
    (void)state;
    make(ACTION_TAG, MODE_ENFORCE, 3.96);
    assert_int_equal(answer.action, ACTION_TAG);
    assert_string_equal(header("X-Spam-Flag"), "YES");
    assert_memory_equal(header("X-Spam-Status"), "Yes, ", 5);
    assert_string_equal(header("X-Spam-Level"), "***");
    assert_string_equal(header("X-Weir-Verdict"), "tag");
}

static void test_held_mail_has_only_two_headers(void **state)
{
    (void)state;
    make(ACTION_HOLD, MODE_ENFORCE, 6);
    assert_int_equal(answer.action, ACTION_HOLD);
    assert_int_equal(answer.header_count, 2);
    assert_string_equal(header("X-Weir-Verdict"), "held");
    assert_non_null(header("X-Weir-Id"));
}

static void test_refusal_names_a_reference_and_no_headers(void **state)
{
    (void)state;
    make(ACTION_REJECT, MODE_ENFORCE, 9);
    assert_int_equal(answer.action, ACTION_REJECT);
    assert_int_equal(answer.header_count, 0);
    assert_non_null(strstr(answer.refusal, "reference 0123456789abcdef"));
}

static void test_observing_takes_no_action_and_says_which(void **state)
{
    (void)state;
    static const char *const said[] = {"accept (observed)", "tag (observed)", "hold (observed)",
                                       "reject (observed)"};
    for (int action = 0; action < ACTIONS; action++) {
        make((enum action)action, MODE_OBSERVE, 6);
        assert_int_equal(answer.action, ACTION_ACCEPT);
        assert_null(answer.refusal);
        assert_int_equal(answer.header_count, 5);
        assert_string_equal(header("X-Weir-Verdict"), said[action]);
        assert_null(header("X-Spam-Flag"));
        assert_memory_equal(header("X-Spam-Status"), "No, ", 4);
    }
}

static void test_scores_without_end_stay_short(void **state)
{
    (void)state;
    make(ACTION_TAG, MODE_ENFORCE, 1e6);
    assert_int_equal(strlen(header("X-Spam-Level")), 50);
    make(ACTION_TAG, MODE_ENFORCE, -0.04);
    assert_string_equal(header("X-Spam-Score"), "0.0");
}

static void test_long_status_is_folded_at_blanks(void **state)
{
    (void)state;
    struct evidence evidence[8];
    for (size_t i = 0; i < 8; i++)
        evidence[i] = (struct evidence){.symbol = "REPUTATION_ENVELOPE_DOMAIN", .log_odds = 1.5};
    struct verdict verdict = {.log_odds = 12, .probability = probability_of(12)};
    verdict.evidence = evidence;
    verdict.evidence_count = 8;
    answer_make(&answer, document->arena, ACTION_TAG, MODE_ENFORCE, document, &verdict, &keys);
    const char *status = header("X-Spam-Status");
    size_t lines = 1, terms = 0;
    for (const char *line = status; (line = strchr(line, '\n')); lines++) {
        line++;
        assert_int_equal(*line, '\t');
        assert_true(strcspn(line, "\n") <= 78);
    }
    for (const char *term = status; (term = strstr(term, "DOMAIN(1.5)")); term++)
        terms++;
    assert_true(strcspn(status, "\n") + strlen("X-Spam-Status: ") <= 78);
    assert_true(lines >= 3);
    assert_int_equal(terms, 8);
}

static void test_postmaster_and_abuse_are_never_rejected(void **state)
{
    (void)state;
    assert_int_equal(allowed(ACTION_REJECT, false, "bob@box.test", NULL), ACTION_REJECT);
    assert_int_equal(allowed(ACTION_REJECT, false, "PostMaster@box.test", NULL), ACTION_HOLD);
    assert_int_equal(allowed(ACTION_REJECT, false, "bob@box.test", "abuse@box.test"), ACTION_HOLD);
    assert_int_equal(allowed(ACTION_REJECT, false, "postmaster", NULL), ACTION_HOLD);
    assert_int_equal(allowed(ACTION_REJECT, false, "abuser@box.test", NULL), ACTION_REJECT);
    assert_int_equal(allowed(ACTION_REJECT, false, "", NULL), ACTION_REJECT);
    assert_int_equal(allowed(ACTION_TAG, false, "abuse@box.test", NULL), ACTION_TAG);
}

static void test_internal_mail_is_never_held(void **state)
{
    (void)state;
    assert_int_equal(allowed(ACTION_HOLD, true, "bob@box.test", NULL), ACTION_TAG);
    assert_int_equal(allowed(ACTION_REJECT, true, "bob@box.test", NULL), ACTION_TAG);
    assert_int_equal(allowed(ACTION_ACCEPT, true, "bob@box.test", NULL), ACTION_ACCEPT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_accepted_mail_has_all_headers_but_the_flag),
        cmocka_unit_test(test_id_is_signed),
        cmocka_unit_test(test_tagged_mail_has_the_flag),
        cmocka_unit_test(test_held_mail_has_only_two_headers),
        cmocka_unit_test(test_refusal_names_a_reference_and_no_headers),
        cmocka_unit_test(test_observing_takes_no_action_and_says_which),
        cmocka_unit_test(test_scores_without_end_stay_short),
        cmocka_unit_test(test_long_status_is_folded_at_blanks),
        cmocka_unit_test(test_postmaster_and_abuse_are_never_rejected),
        cmocka_unit_test(test_internal_mail_is_never_held),
    };
    return cmocka_run_group_tests(tests, make_document, free_document);
}
