#include "tests/unit/counts_contract.h"

#include <stdlib.h>
#include <time.h>

int contract_set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    fixture->place = counts_place_start(*state);
    /* A busy machine, or valgrind, is not a store that is away. */
    const struct counts_options options = {.timeout_ms = 10000};
    fixture->store = counts_open(counts_place_url(fixture->place), &options, &fixture->error);
    *state = fixture;
    return fixture->store ? 0 : -1;
}

int contract_tear_down(void **state)
{
    struct fixture *fixture = *state;
    counts_close(fixture->store);
    counts_place_free(fixture->place);
    free(fixture);
    return 0;
}

static const uint32_t slots[] = {3, 1000, 70000};
const struct identity host = {IDENTITY_LINK_HOST, {"spam.example", 12}};
const struct identity odd = {IDENTITY_AUTHOR, {"a\0b *?[x]\\\n\xff", 12}};

struct lesson lesson_about(unsigned document, enum label label, uint64_t sequence)
{
    struct lesson lesson = {
        .label = label,
        .trust = TRUST_OPERATOR,
        .source = SPAN("operator"),
        .time_s = time(NULL),
        .feature_version = 1,
        .slots = slots,
        .slot_count = 3,
        .identities = &host,
        .identity_count = 1,
    };
    memcpy(lesson.document_id, &document, sizeof document);
    lesson_set_event_id(&lesson, sequence);
    return lesson;
}

struct append_result append(struct fixture *fixture, const struct lesson *lesson)
{
    struct append_result result = {0};
    size_t done;
    good(counts_append(fixture->store, &lesson, 1, &result, &done, &fixture->error));
    assert_int_equal(done, 1);
    return result;
}

struct append_result teach(struct fixture *fixture, unsigned document, enum label label,
                           uint64_t sequence)
{
    struct lesson lesson = lesson_about(document, label, sequence);
    return append(fixture, &lesson);
}

struct reputation_counts read_one(struct fixture *fixture, const struct identity *identity)
{
    struct reputation_counts counts;
    good(counts_reputation_read(fixture->store, identity, 1, &counts, &fixture->error));
    return counts;
}

void assert_near(uint32_t count, uint32_t expected)
{
    assert_in_range(count, expected ? expected - 1 : 0, expected + 1);
}
