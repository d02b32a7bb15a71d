/* What counts.h promises of reputations, of whatever store stands behind it. */
#include "tests/unit/counts_contract.h"

#include <stdio.h>
#include <time.h>

static void test_unknown_identity_has_no_counts(void **state)
{
    struct fixture *fixture = *state;
    struct reputation_counts counts = read_one(fixture, &host), none = {0};
    assert_memory_equal(&counts, &none, sizeof none);
}

static void test_counts_answer_identities_in_their_order(void **state)
{
    struct fixture *fixture = *state;
    teach(fixture, 1, LABEL_SPAM, 0);
    struct lesson lesson = lesson_about(2, LABEL_HAM, 0);
    lesson.identities = &odd;
    append(fixture, &lesson);
    struct identity asked[] = {odd, {IDENTITY_LINK_DOMAIN, host.value}, host};
    struct reputation_counts counts[3];
    good(counts_reputation_read(fixture->store, asked, 3, counts, &fixture->error));
    assert_int_equal(counts[0].ham_milli, 1000);
    assert_int_equal(counts[1].spam_milli, 0); /* the same value as another type */
    assert_int_equal(counts[2].spam_milli, 1000);
}

static void test_counts_decay_with_the_half_life_of_their_type(void **state)
{
    struct fixture *fixture = *state;
    int64_t half_life = reputation_table_default.types[host.type].half_life_s, now = time(NULL);
    struct lesson old = lesson_about(1, LABEL_HAM, 0);
    old.time_s = now - 2 * half_life;
    append(fixture, &old);
    assert_int_equal(read_one(fixture, &host).time_s, now - 2 * half_life);
    teach(fixture, 2, LABEL_SPAM, 0);
    struct reputation_counts counts = read_one(fixture, &host);
    assert_near(counts.ham_milli, 250);
    assert_int_equal(counts.spam_milli, 1000);
}

static void test_older_event_counts_less_than_a_new_one(void **state)
{
    struct fixture *fixture = *state;
    teach(fixture, 1, LABEL_SPAM, 0);
    struct lesson old = lesson_about(2, LABEL_SPAM, 0);
    old.time_s -= reputation_table_default.types[host.type].half_life_s;
    append(fixture, &old);
    assert_near(read_one(fixture, &host).spam_milli, 1500);
}

static void test_time_far_in_the_future_is_not_believed(void **state)
{
    struct fixture *fixture = *state;
    struct lesson lesson = lesson_about(1, LABEL_SPAM, 0);
    lesson.time_s += 365 * 86400;
    append(fixture, &lesson);
    assert_in_range(read_one(fixture, &host).time_s, time(NULL) + 290, time(NULL) + 310);
}

/* A lesson each hour for years: what came first must be gone, however small one hour's decay. */
static void test_decay_is_not_lost_between_frequent_events(void **state)
{
    struct fixture *fixture = *state;
    enum { HOURS = 1440 }; /* 2 half-lives */
    static struct lesson lessons[HOURS];
    static const struct lesson *pointers[HOURS];
    static struct append_result results[HOURS];
    assert_int_equal(reputation_table_default.types[host.type].half_life_s, HOURS * 3600 / 2);
    for (unsigned i = 0; i < HOURS; i++) {
        lessons[i] = lesson_about(i, i ? LABEL_SPAM : LABEL_HAM, 0);
        lessons[i].time_s += ((int64_t)i - HOURS) * 3600;
        pointers[i] = &lessons[i];
    }
    size_t done;
    good(counts_append(fixture->store, pointers, HOURS, results, &done, &fixture->error));
    assert_in_range(read_one(fixture, &host).ham_milli, 240, 275);
}

struct listed {
    size_t count;
    struct reputation_counts odd_counts;
    bool odd;
};

static void list_one(void *context, const struct identity *identity,
                     const struct reputation_counts *counts)
{
    struct listed *listed = context;
    listed->count++;
    if (identity->type == odd.type && span_equal(identity->value, odd.value)) {
        listed->odd = true;
        listed->odd_counts = *counts;
    }
}

static void teach_hosts(struct fixture *fixture, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        char name[32];
        struct identity both[] = {{IDENTITY_LINK_HOST, {name, 0}}, odd};
        both[0].value.length = (size_t)snprintf(name, sizeof name, "h%u.example", i);
        struct lesson lesson = lesson_about(i, LABEL_SPAM, 0);
        lesson.identities = both;
        lesson.identity_count = 2;
        append(fixture, &lesson);
    }
}

static void test_list_visits_those_of_one_type(void **state)
{
    struct fixture *fixture = *state;
    teach_hosts(fixture, 50);
    struct listed hosts = {0}, authors = {0};
    good(counts_reputation_list(fixture->store, IDENTITY_LINK_HOST, list_one, &hosts,
                                &fixture->error));
    assert_int_equal(hosts.count, 50);
    good(counts_reputation_list(fixture->store, IDENTITY_AUTHOR, list_one, &authors,
                                &fixture->error));
    assert_int_equal(authors.count, 1);
    assert_true(authors.odd);
    assert_near(authors.odd_counts.spam_milli, 50000);
}

static void test_list_visits_all_types(void **state)
{
    struct fixture *fixture = *state;
    teach_hosts(fixture, 20);
    struct listed all = {0};
    good(counts_reputation_list(fixture->store, IDENTITY_TYPES, list_one, &all, &fixture->error));
    assert_int_equal(all.count, 21);
}

static void test_override_stands_beside_the_counts(void **state)
{
    struct fixture *fixture = *state;
    teach(fixture, 1, LABEL_SPAM, 0);
    int64_t until = time(NULL) + 1000;
    good(counts_reputation_override(fixture->store, &host, OVERRIDE_SET, -250, until,
                                    &fixture->error));
    teach(fixture, 2, LABEL_SPAM, 0);
    struct reputation_counts counts = read_one(fixture, &host);
    assert_near(counts.spam_milli, 2000);
    assert_int_equal(counts.override, OVERRIDE_SET);
    assert_int_equal(counts.override_centi, -250);
    assert_int_equal(counts.override_until_s, until);
}

static void test_override_can_be_taken_away(void **state)
{
    struct fixture *fixture = *state;
    teach(fixture, 1, LABEL_SPAM, 0);
    good(counts_reputation_override(fixture->store, &host, OVERRIDE_PIN, 500, 0, &fixture->error));
    assert_int_equal(read_one(fixture, &host).override, OVERRIDE_PIN);
    good(counts_reputation_override(fixture->store, &host, OVERRIDE_NONE, 0, 0, &fixture->error));
    struct reputation_counts counts = read_one(fixture, &host);
    assert_int_equal(counts.override, OVERRIDE_NONE);
    assert_int_equal(counts.spam_milli, 1000);
}

static void test_overrides_are_listed_alone(void **state)
{
    struct fixture *fixture = *state;
    struct listed all = {0}, none = {0};
    teach_hosts(fixture, 20);
    good(counts_reputation_override(fixture->store, &odd, OVERRIDE_PIN, 500, 0, &fixture->error));
    good(counts_reputation_override(fixture->store, &host, OVERRIDE_SET, -250, time(NULL) + 1000,
                                    &fixture->error));
    good(counts_reputation_overrides(fixture->store, list_one, &all, &fixture->error));
    assert_int_equal(all.count, 2);
    assert_true(all.odd);
    assert_int_equal(all.odd_counts.override_centi, 500);
    good(counts_reputation_override(fixture->store, &odd, OVERRIDE_NONE, 0, 0, &fixture->error));
    good(counts_reputation_override(fixture->store, &host, OVERRIDE_NONE, 0, 0, &fixture->error));
    good(counts_reputation_overrides(fixture->store, list_one, &none, &fixture->error));
    assert_int_equal(none.count, 0);
}

static void test_identity_never_seen_can_be_pinned(void **state)
{
    struct fixture *fixture = *state;
    good(counts_reputation_override(fixture->store, &odd, OVERRIDE_PIN, 500, 0, &fixture->error));
    assert_int_equal(read_one(fixture, &odd).override_centi, 500);
    struct listed listed = {0};
    good(
        counts_reputation_list(fixture->store, IDENTITY_TYPES, list_one, &listed, &fixture->error));
    assert_true(listed.odd);
    good(counts_reputation_override(fixture->store, &odd, OVERRIDE_NONE, 0, 0, &fixture->error));
    bool existed;
    good(counts_reputation_forget(fixture->store, &odd, &existed, &fixture->error));
    assert_false(existed);
}

static void test_forget_removes_counts_and_override(void **state)
{
    struct fixture *fixture = *state;
    bool existed;
    teach(fixture, 1, LABEL_SPAM, 0);
    good(counts_reputation_override(fixture->store, &host, OVERRIDE_PIN, 500, 0, &fixture->error));
    good(counts_reputation_forget(fixture->store, &host, &existed, &fixture->error));
    assert_true(existed);
    struct reputation_counts counts = read_one(fixture, &host), none = {0};
    assert_memory_equal(&counts, &none, sizeof none);
    good(counts_reputation_forget(fixture->store, &host, &existed, &fixture->error));
    assert_false(existed);
}

static void test_reputations_are_written_exactly(void **state)
{
    struct fixture *fixture = *state;
    int64_t now = time(NULL);
    struct identity identities[] = {host, odd, {IDENTITY_IP, SPAN("192.0.2.7")}};
    struct reputation_counts counts[3] = {
        {.ham_milli = 1, .spam_milli = UINT32_MAX, .time_s = now - 1000000},
        {.time_s = now,
         .seen_milli = 1234567,
         .first_s = now - 77,
         .override = OVERRIDE_PIN,
         .override_centi = -250},
        {.ham_milli = 5,
         .time_s = now,
         .override = OVERRIDE_SET,
         .override_centi = 7,
         .override_until_s = now + 1000},
    };
    struct reputation_counts read[3], none = {0};
    teach(fixture, 1, LABEL_HAM, 0);
    good(counts_reputation_write(fixture->store, identities, counts, 3, &fixture->error));
    good(counts_reputation_read(fixture->store, identities, 3, read, &fixture->error));
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(read[i].ham_milli, counts[i].ham_milli);
        assert_int_equal(read[i].spam_milli, counts[i].spam_milli);
        assert_int_equal(read[i].time_s, counts[i].time_s);
        assert_int_equal(read[i].seen_milli, counts[i].seen_milli);
        assert_int_equal(read[i].first_s, counts[i].first_s);
        assert_int_equal(read[i].override, counts[i].override);
        assert_int_equal(read[i].override_centi, counts[i].override_centi);
        assert_int_equal(read[i].override_until_s, counts[i].override_until_s);
    }
    good(counts_reputation_write(fixture->store, &host, &none, 1, &fixture->error));
    bool existed;
    good(counts_reputation_forget(fixture->store, &host, &existed, &fixture->error));
    assert_false(existed);
}

static void see(struct fixture *fixture, const struct identity *identity, uint32_t documents)
{
    good(counts_reputation_seen(fixture->store, identity, &documents, 1, &fixture->error));
}

/* A clock that was a year ahead when something was written; or that is a year behind now: what is
 * counted then counts in full, and takes nothing away from what stands there. */
static void test_no_wrong_clock_outweighs_what_is_counted_by_the_right_one(void **state)
{
    struct fixture *fixture = *state;
    int64_t ahead = time(NULL) + 365 * 86400;
    struct reputation_counts counts = {.ham_milli = 1000, .time_s = ahead, .first_s = ahead};
    good(counts_reputation_write(fixture->store, &host, &counts, 1, &fixture->error));
    for (unsigned i = 1; i <= 3; i++)
        teach(fixture, i, LABEL_SPAM, 0);
    see(fixture, &host, 2);
    good(counts_reputation_override(fixture->store, &host, OVERRIDE_PIN, 7, 0, &fixture->error));
    counts = read_one(fixture, &host);
    assert_int_equal(counts.ham_milli, 1000);
    assert_int_equal(counts.spam_milli, 3000);
    assert_int_equal(counts.seen_milli, 2000);
    assert_int_equal(counts.time_s, ahead);
}

/* --- documents without a label --- */

static void test_documents_are_counted_beside_lessons(void **state)
{
    struct fixture *fixture = *state;
    int64_t before = time(NULL);
    see(fixture, &host, 3);
    teach(fixture, 1, LABEL_SPAM, 0);
    see(fixture, &host, 2);
    struct reputation_counts counts = read_one(fixture, &host);
    assert_near(counts.seen_milli, 5000);
    assert_near(counts.spam_milli, 1000);
    assert_int_equal(counts.ham_milli, 0);
    assert_in_range(counts.first_s, before, time(NULL));
}

static void test_many_identities_are_seen_at_once(void **state)
{
    struct fixture *fixture = *state;
    enum { MANY = 1000 };
    static char names[MANY][16];
    static struct identity identities[MANY];
    static uint32_t documents[MANY];
    static struct reputation_counts counts[MANY];
    for (unsigned i = 0; i < MANY; i++) {
        size_t length = (size_t)snprintf(names[i], sizeof names[i], "n%u.example", i);
        identities[i] =
            (struct identity){(enum identity_type)(i % IDENTITY_TYPES), {names[i], length}};
        documents[i] = i + 1;
    }
    good(counts_reputation_seen(fixture->store, identities, documents, MANY, &fixture->error));
    good(counts_reputation_read(fixture->store, identities, MANY, counts, &fixture->error));
    for (unsigned i = 0; i < MANY; i++)
        assert_near(counts[i].seen_milli, 1000 * (i + 1));
}

/* What was read is written again as if it had stood so a half-life ago. */
static void age(struct fixture *fixture, const struct identity *identity, int64_t half_lives)
{
    struct reputation_counts counts = read_one(fixture, identity);
    int64_t by_s = half_lives * reputation_table_default.types[identity->type].half_life_s;
    counts.time_s -= by_s;
    counts.first_s -= by_s;
    good(counts_reputation_write(fixture->store, identity, &counts, 1, &fixture->error));
}

static void test_documents_decay_as_lessons_do(void **state)
{
    struct fixture *fixture = *state;
    see(fixture, &host, 8);
    teach(fixture, 1, LABEL_HAM, 0);
    int64_t first_s = read_one(fixture, &host).first_s;
    age(fixture, &host, 1);
    see(fixture, &host, 1);
    struct reputation_counts counts = read_one(fixture, &host);
    assert_in_range(counts.seen_milli, 4998, 5002);
    assert_in_range(counts.ham_milli, 499, 501);
    assert_in_range(counts.time_s, time(NULL) - 60, time(NULL));
    age(fixture, &host, 1);
    teach(fixture, 2, LABEL_SPAM, 0);
    counts = read_one(fixture, &host);
    assert_in_range(counts.seen_milli, 2498, 2502);
    assert_near(counts.spam_milli, 1000);
    assert_int_equal(counts.first_s,
                     first_s - 2 * reputation_table_default.types[host.type].half_life_s);
}

static void test_lesson_taken_back_leaves_the_documents(void **state)
{
    struct fixture *fixture = *state;
    see(fixture, &host, 4);
    int64_t first_s = read_one(fixture, &host).first_s;
    teach(fixture, 1, LABEL_SPAM, 0);
    teach(fixture, 1, LABEL_HAM, 1);
    struct reputation_counts counts = read_one(fixture, &host);
    assert_near(counts.seen_milli, 4000);
    assert_int_equal(counts.spam_milli, 0);
    assert_near(counts.ham_milli, 1000);
    assert_int_equal(counts.first_s, first_s);
}

static void test_override_stands_beside_the_documents(void **state)
{
    struct fixture *fixture = *state;
    see(fixture, &odd, 4);
    good(counts_reputation_override(fixture->store, &odd, OVERRIDE_PIN, 500, 0, &fixture->error));
    see(fixture, &odd, 1);
    assert_int_equal(read_one(fixture, &odd).override_centi, 500);
    good(counts_reputation_override(fixture->store, &odd, OVERRIDE_NONE, 0, 0, &fixture->error));
    struct reputation_counts counts = read_one(fixture, &odd);
    assert_near(counts.seen_milli, 5000);
    assert_int_equal(counts.override, OVERRIDE_NONE);
}

static void test_store_knows_since_when_it_counts(void **state)
{
    struct fixture *fixture = *state;
    int64_t before = time(NULL);
    read_one(fixture, &host);
    assert_int_equal(counts_seen_since(fixture->store), 0);
    teach(fixture, 1, LABEL_SPAM, 0);
    read_one(fixture, &host);
    assert_int_equal(counts_seen_since(fixture->store), 0);
    see(fixture, &host, 1);
    read_one(fixture, &host);
    int64_t since_s = counts_seen_since(fixture->store);
    struct timespec after; /* time() is some milliseconds behind the clock that Redis reads */
    clock_gettime(CLOCK_REALTIME, &after);
    assert_in_range(since_s, before, after.tv_sec);
    see(fixture, &host, 1);
    read_one(fixture, &host);
    assert_int_equal(counts_seen_since(fixture->store), since_s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        contract(test_unknown_identity_has_no_counts),
        contract(test_counts_answer_identities_in_their_order),
        contract(test_counts_decay_with_the_half_life_of_their_type),
        contract(test_older_event_counts_less_than_a_new_one),
        contract(test_time_far_in_the_future_is_not_believed),
        contract(test_decay_is_not_lost_between_frequent_events),
        contract(test_list_visits_those_of_one_type),
        contract(test_list_visits_all_types),
        contract(test_overrides_are_listed_alone),
        contract(test_override_stands_beside_the_counts),
        contract(test_override_can_be_taken_away),
        contract(test_identity_never_seen_can_be_pinned),
        contract(test_forget_removes_counts_and_override),
        contract(test_reputations_are_written_exactly),
        contract(test_no_wrong_clock_outweighs_what_is_counted_by_the_right_one),
        contract(test_documents_are_counted_beside_lessons),
        contract(test_many_identities_are_seen_at_once),
        contract(test_documents_decay_as_lessons_do),
        contract(test_lesson_taken_back_leaves_the_documents),
        contract(test_override_stands_beside_the_documents),
        contract(test_store_knows_since_when_it_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
