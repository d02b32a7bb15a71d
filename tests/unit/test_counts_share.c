/* What one source may add to a reputation, as counts.h promises. */
#include "tests/unit/counts_contract.h"

#include <time.h>

#define SPAM_OF_OTHERS 5 /* with a share of a quarter, one source may have 1.667 beside these */
#define SHARE 0.5        /* of which a source that nobody knows may have half */

static struct append_result send(struct fixture *fixture, const char *source, unsigned document,
                                 enum label label, uint64_t sequence, int64_t age_s, bool withdrawn)
{
    struct lesson lesson = lesson_about(document, label, 0);
    lesson.withdrawn = withdrawn;
    lesson.trust = strcmp(source, "operator") ? TRUST_USER : TRUST_OPERATOR;
    lesson.source = span_of(source);
    lesson.time_s -= age_s;
    lesson_set_event_id(&lesson, sequence);
    return append(fixture, &lesson);
}

static struct append_result say(struct fixture *fixture, const char *source, unsigned document,
                                enum label label, uint64_t sequence, int64_t age_s)
{
    return send(fixture, source, document, label, sequence, age_s, false);
}

/* Each document is another one. */
static void say_spam(struct fixture *fixture, const char *source, unsigned times)
{
    static unsigned document = 1000;
    for (unsigned i = 0; i < times; i++)
        assert_int_equal(say(fixture, source, document++, LABEL_SPAM, 0, 0).outcome, APPEND_NEW);
}

/* A test takes a second or two, in which a half-life takes a little. */
static void assert_about(uint32_t count, uint32_t expected)
{
    assert_in_range(count, expected > 5 ? expected - 5 : 0, expected + 5);
}

static void set_share(struct fixture *fixture, double share)
{
    struct reputation_table table = reputation_table_default;
    table.source_share = share;
    counts_use_table(fixture->store, &table);
}

static int set_up(void **state)
{
    int failed = contract_set_up(state);
    if (!failed)
        set_share(*state, SHARE);
    return failed;
}

static void test_one_source_alone_has_one_lesson(void **state)
{
    struct fixture *fixture = *state;
    say_spam(fixture, "user:eve", 20);
    assert_about(read_one(fixture, &host).spam_milli, 1000);
}

static void test_operator_is_not_limited(void **state)
{
    struct fixture *fixture = *state;
    say_spam(fixture, "operator", 20);
    assert_about(read_one(fixture, &host).spam_milli, 20000);
}

static void test_source_has_its_share_of_the_whole(void **state)
{
    struct fixture *fixture = *state;
    say_spam(fixture, "operator", 12);
    say_spam(fixture, "user:eve", 50);
    assert_about(read_one(fixture, &host).spam_milli, 16000);
    for (unsigned i = 0; i < 50; i++)
        say(fixture, "user:eve", i, LABEL_HAM, 0, 0);
    assert_about(read_one(fixture, &host).ham_milli, 0);
}

static void test_other_sources_are_not_held_by_one(void **state)
{
    struct fixture *fixture = *state;
    say_spam(fixture, "user:eve", 20);
    say_spam(fixture, "user:ann", 1);
    say_spam(fixture, "user:bob", 1);
    say_spam(fixture, "operator", 3);
    assert_about(read_one(fixture, &host).spam_milli, 6000);
}

static void test_other_reputations_of_a_source_are_its_own(void **state)
{
    struct fixture *fixture = *state;
    const struct identity both[] = {host, odd};
    say_spam(fixture, "user:eve", 5);
    struct lesson lesson = lesson_about(1, LABEL_SPAM, 0);
    lesson.trust = TRUST_USER;
    lesson.source = SPAN("user:eve");
    lesson.identities = both;
    lesson.identity_count = 2;
    lesson_set_event_id(&lesson, 0);
    append(fixture, &lesson);
    assert_about(read_one(fixture, &host).spam_milli, 1000);
    assert_about(read_one(fixture, &odd).spam_milli, 1000);
}

static void test_what_was_added_in_part_is_taken_back_exactly(void **state)
{
    struct fixture *fixture = *state;
    say_spam(fixture, "operator", SPAM_OF_OTHERS);
    for (unsigned document = 0; document < 3; document++) /* 1, 0.667, nothing */
        say(fixture, "user:eve", document, LABEL_SPAM, 0, 0);
    assert_about(read_one(fixture, &host).spam_milli, 6667);

    assert_int_equal(say(fixture, "user:eve", 2, LABEL_HAM, 1, 0).outcome, APPEND_CORRECTED);
    assert_about(read_one(fixture, &host).spam_milli, 6667);
    assert_about(read_one(fixture, &host).ham_milli, 0);

    assert_int_equal(say(fixture, "user:eve", 1, LABEL_HAM, 1, 0).outcome, APPEND_CORRECTED);
    assert_about(read_one(fixture, &host).spam_milli, 6000);
    assert_about(read_one(fixture, &host).ham_milli, 667);

    say(fixture, "user:eve", 0, LABEL_HAM, 1, 0);
    assert_about(read_one(fixture, &host).spam_milli, 5000);
    assert_about(read_one(fixture, &host).ham_milli, 1667);
}

static void test_taken_back_when_the_limit_is_gone_all_the_same(void **state)
{
    struct fixture *fixture = *state;
    say_spam(fixture, "operator", SPAM_OF_OTHERS);
    say(fixture, "user:eve", 0, LABEL_SPAM, 0, 0);
    say(fixture, "user:eve", 1, LABEL_SPAM, 0, 0);
    set_share(fixture, 1);
    say(fixture, "user:eve", 1, LABEL_HAM, 1, 0);
    assert_about(read_one(fixture, &host).spam_milli, 6000);
    assert_about(read_one(fixture, &host).ham_milli, 1000);
    set_share(fixture, SHARE);
    say(fixture, "user:eve", 1, LABEL_SPAM, 2, 0);
    assert_about(read_one(fixture, &host).spam_milli, 6667);
    assert_about(read_one(fixture, &host).ham_milli, 0);
}

static void test_what_decayed_may_be_added_again(void **state)
{
    struct fixture *fixture = *state;
    int64_t half_life = reputation_table_default.types[host.type].half_life_s;
    for (unsigned document = 0; document < 3; document++)
        say(fixture, "user:eve", document, LABEL_SPAM, 0, half_life);
    assert_about(read_one(fixture, &host).spam_milli, 1000);
    say(fixture, "user:eve", 3, LABEL_SPAM, 0, 0);
    assert_about(read_one(fixture, &host).spam_milli, 1000);
    say(fixture, "user:eve", 3, LABEL_HAM, 1, 0);
    assert_about(read_one(fixture, &host).spam_milli, 500);
    assert_about(read_one(fixture, &host).ham_milli, 500);
    say(fixture, "user:eve", 0, LABEL_HAM, 1, half_life);
    assert_about(read_one(fixture, &host).spam_milli, 0);
}

/* What eve has stands for a time ahead of her older lessons, which come late. */
static void test_late_lessons_are_limited_alike(void **state)
{
    struct fixture *fixture = *state;
    int64_t half_life = reputation_table_default.types[host.type].half_life_s;
    for (unsigned document = 0; document < 20; document++)
        say(fixture, "user:eve", document, LABEL_SPAM, 0, (int64_t)document * half_life / 20);
    assert_about(read_one(fixture, &host).spam_milli, 1000);
}

static void test_forgotten_reputation_is_taught_anew(void **state)
{
    struct fixture *fixture = *state;
    bool existed;
    say_spam(fixture, "user:eve", 3);
    good(counts_reputation_forget(fixture->store, &host, &existed, &fixture->error));
    assert_true(existed);
    say_spam(fixture, "user:eve", 3);
    assert_about(read_one(fixture, &host).spam_milli, 1000);
}

static void test_share_of_one_is_no_limit(void **state)
{
    struct fixture *fixture = *state;
    set_share(fixture, 1);
    say_spam(fixture, "user:eve", 5);
    assert_about(read_one(fixture, &host).spam_milli, 5000);
}

static void test_share_of_nothing_is_one_lesson(void **state)
{
    struct fixture *fixture = *state;
    set_share(fixture, 0);
    say_spam(fixture, "operator", 9);
    say_spam(fixture, "user:eve", 5);
    assert_about(read_one(fixture, &host).spam_milli, 10000);
}

/* A name that ends as the next part of a key begins is another source's. */
static void test_sources_are_told_apart(void **state)
{
    struct fixture *fixture = *state;
    say_spam(fixture, "user:eve", 3);
    say_spam(fixture, "user:eve:r:9:spam.example", 3);
    say_spam(fixture, "user:ev", 3);
    assert_about(read_one(fixture, &host).spam_milli, 3000);
}

/* Replicas are made of the log alone. */
static bool count_slots(void *context, uint64_t version, const void *data, size_t length)
{
    (void)version;
    struct lesson *lesson = lesson_decode(data, length, NULL);
    assert_non_null(lesson);
    *(size_t *)context += lesson->slot_count;
    lesson_free(lesson);
    return true;
}

static void test_log_has_what_adds_nothing_whole(void **state)
{
    struct fixture *fixture = *state;
    size_t slots = 0;
    say_spam(fixture, "user:eve", 4);
    assert_int_equal(
        counts_follow(fixture->store, 0, 0, SIZE_MAX, count_slots, &slots, &fixture->error),
        FOLLOW_DONE);
    assert_int_equal(slots, 12);
}

/* --- whom to believe --- */

/* About another identity than those that shares are tested on. */
static struct append_result judge(struct fixture *fixture, const char *source, unsigned document,
                                  enum label label, uint64_t sequence)
{
    struct lesson lesson = lesson_about(100000 + document, label, 0);
    lesson.trust = strcmp(source, "operator") ? TRUST_USER : TRUST_OPERATOR;
    lesson.source = span_of(source);
    lesson.identities = &odd;
    lesson_set_event_id(&lesson, sequence);
    return append(fixture, &lesson);
}

/* The source speaks first, then the operator. */
static void agree(struct fixture *fixture, const char *source, unsigned first, unsigned times,
                  enum label operators)
{
    for (unsigned i = 0; i < times; i++) {
        judge(fixture, source, first + i, LABEL_SPAM, 0);
        judge(fixture, "operator", first + i, operators, 0);
    }
}

struct known {
    const char *source;
    struct counts_trust trust;
    size_t sources, tested;
    uint64_t lessons;
};

static void visit_source(void *context, struct span source, const struct counts_trust *trust,
                         uint64_t lessons)
{
    struct known *known = context;
    known->sources++;
    known->tested += trust->agreed + trust->disagreed > 0;
    known->lessons += lessons;
    if (span_equal(source, span_of(known->source)))
        known->trust = *trust;
}

static struct counts_trust trust_of(struct fixture *fixture, const char *source)
{
    struct known known = {.source = source};
    good(counts_source_list(fixture->store, visit_source, &known, &fixture->error));
    return known.trust;
}

#define assert_trust(source, its_agreed, its_disagreed)                                            \
    do {                                                                                           \
        struct counts_trust trust_ = trust_of(fixture, source);                                    \
        assert_int_equal(trust_.agreed, its_agreed);                                               \
        assert_int_equal(trust_.disagreed, its_disagreed);                                         \
    } while (0)

static void test_trust_grows_as_the_operator_agrees(void **state)
{
    struct fixture *fixture = *state;
    set_share(fixture, 0.25);
    say_spam(fixture, "operator", 14);
    say_spam(fixture, "user:eve", 10); /* half of a quarter: an eighth of the whole */
    assert_about(read_one(fixture, &host).spam_milli, 16000);
    agree(fixture, "user:eve", 0, 16, LABEL_SPAM);
    assert_trust("user:eve", 16, 0);
    say_spam(fixture, "user:eve", 10); /* 0.9 of a quarter: 14 * 0.225 / 0.775 */
    assert_about(read_one(fixture, &host).spam_milli, 18065);
}

/* Easy ones can be had without end. */
static void test_nobody_earns_more_than_the_share(void **state)
{
    struct fixture *fixture = *state;
    set_share(fixture, 0.25);
    agree(fixture, "user:eve", 0, 250, LABEL_SPAM);
    struct counts_trust trust = trust_of(fixture, "user:eve");
    assert_int_equal(trust.disagreed, 0);
    assert_true(trust.agreed >= 50 && trust.agreed <= 100);
    say_spam(fixture, "operator", 12);
    say_spam(fixture, "user:eve", 50);
    assert_in_range(read_one(fixture, &host).spam_milli, 15500, 16000);
}

/* And what was earned with them is lost within so many. */
static void test_trust_is_lost_by_disagreement(void **state)
{
    struct fixture *fixture = *state;
    set_share(fixture, 0.25);
    agree(fixture, "user:eve", 0, 6, LABEL_HAM);
    assert_trust("user:eve", 0, 6);
    say_spam(fixture, "user:eve", 5); /* 0.2: less than a lesson, 2 * 0.2 of it */
    assert_about(read_one(fixture, &host).spam_milli, 400);
    agree(fixture, "user:ann", 1000, 100, LABEL_SPAM);
    agree(fixture, "user:ann", 2000, 60, LABEL_HAM);
    struct counts_trust trust = trust_of(fixture, "user:ann");
    assert_true(counts_trust_mean(&trust) < 0.5);
}

static void test_only_words_before_the_operators_are_tested(void **state)
{
    struct fixture *fixture = *state;
    judge(fixture, "operator", 1, LABEL_SPAM, 0);
    judge(fixture, "user:eve", 1, LABEL_SPAM, 0);
    judge(fixture, "user:ann", 2, LABEL_SPAM, 0);
    judge(fixture, "user:bob", 2, LABEL_SPAM, 0); /* other users test nobody */
    struct known known = {.source = ""};
    good(counts_source_list(fixture->store, visit_source, &known, &fixture->error));
    assert_int_equal(known.sources, 3);
    assert_int_equal(known.lessons, 3);
    assert_int_equal(known.tested, 0);
}

static void test_operator_changes_his_mind(void **state)
{
    struct fixture *fixture = *state;
    judge(fixture, "user:eve", 1, LABEL_SPAM, 0);
    judge(fixture, "user:ann", 1, LABEL_HAM, 0);
    judge(fixture, "operator", 1, LABEL_SPAM, 0);
    judge(fixture, "operator", 1, LABEL_SPAM, 7); /* again */
    assert_trust("user:eve", 1, 0);
    assert_trust("user:ann", 0, 1);
    judge(fixture, "user:ann", 1, LABEL_SPAM, 1); /* too late */
    assert_trust("user:ann", 0, 1);
    judge(fixture, "operator", 1, LABEL_HAM, 1);
    assert_trust("user:eve", 0, 1);
    assert_trust("user:ann", 1, 0);
}

static void test_withdrawn_word_of_the_operators_tests_none(void **state)
{
    struct fixture *fixture = *state;
    say(fixture, "user:ann", 1, LABEL_SPAM, 0, 0);
    say(fixture, "user:eve", 1, LABEL_HAM, 0, 0);
    say(fixture, "operator", 1, LABEL_SPAM, 0, 0);
    assert_trust("user:ann", 1, 0);
    assert_trust("user:eve", 0, 1);
    send(fixture, "operator", 1, LABEL_SPAM, 1, 0, true);
    assert_trust("user:ann", 0, 0);
    assert_trust("user:eve", 0, 0);
    say(fixture, "operator", 1, LABEL_HAM, 2, 0);
    assert_trust("user:ann", 0, 1);
    assert_trust("user:eve", 1, 0);
}

static void test_last_word_before_the_operators_is_tested(void **state)
{
    struct fixture *fixture = *state;
    judge(fixture, "user:eve", 1, LABEL_SPAM, 0);
    judge(fixture, "user:eve", 1, LABEL_HAM, 1);
    judge(fixture, "operator", 1, LABEL_HAM, 0);
    assert_trust("user:eve", 1, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        on_each_store(test_one_source_alone_has_one_lesson, set_up, contract_tear_down),
        on_each_store(test_operator_is_not_limited, set_up, contract_tear_down),
        on_each_store(test_source_has_its_share_of_the_whole, set_up, contract_tear_down),
        on_each_store(test_other_sources_are_not_held_by_one, set_up, contract_tear_down),
        on_each_store(test_other_reputations_of_a_source_are_its_own, set_up, contract_tear_down),
        on_each_store(test_what_was_added_in_part_is_taken_back_exactly, set_up,
                      contract_tear_down),
        on_each_store(test_taken_back_when_the_limit_is_gone_all_the_same, set_up,
                      contract_tear_down),
        on_each_store(test_what_decayed_may_be_added_again, set_up, contract_tear_down),
        on_each_store(test_late_lessons_are_limited_alike, set_up, contract_tear_down),
        on_each_store(test_forgotten_reputation_is_taught_anew, set_up, contract_tear_down),
        on_each_store(test_share_of_one_is_no_limit, set_up, contract_tear_down),
        on_each_store(test_share_of_nothing_is_one_lesson, set_up, contract_tear_down),
        on_each_store(test_sources_are_told_apart, set_up, contract_tear_down),
        on_each_store(test_log_has_what_adds_nothing_whole, set_up, contract_tear_down),
        on_each_store(test_trust_grows_as_the_operator_agrees, set_up, contract_tear_down),
        on_each_store(test_nobody_earns_more_than_the_share, set_up, contract_tear_down),
        on_each_store(test_trust_is_lost_by_disagreement, set_up, contract_tear_down),
        on_each_store(test_only_words_before_the_operators_are_tested, set_up, contract_tear_down),
        on_each_store(test_operator_changes_his_mind, set_up, contract_tear_down),
        on_each_store(test_withdrawn_word_of_the_operators_tests_none, set_up, contract_tear_down),
        on_each_store(test_last_word_before_the_operators_is_tested, set_up, contract_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
