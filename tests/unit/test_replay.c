/* evidence_record.h, replay.h and ridge.h: what is kept of a verdict gives it again. */
#include "core/replay.h"

#include "core/ridge.h"
#include "tests/unit/records_file.h"

#include <math.h>
#include <string.h>

#define SPAMMY 1500000 /* of content, in millionths */

static const struct override_list no_overrides = {0};

static struct scoring scoring_of(double hold)
{
    struct scoring scoring;
    struct config *config = config_defaults();
    scoring_make(&scoring, config, NULL);
    config_release(config);
    scoring.mail = scoring.feed = (struct thresholds){.tag = 0.7, .hold = hold, .reject = 2};
    return scoring;
}

/* One with everything in it. */
static struct evidence_record *full_record(struct arena *arena)
{
    static struct identity identities[] = {{IDENTITY_LINK_DOMAIN, {"evil.example", 12}},
                                           {IDENTITY_FROM_DOMAIN, {"odd.example", 11}},
                                           {IDENTITY_SHINGLE, {"", 0}}};
    struct evidence_record *record = arena_alloc(arena, sizeof *record);
    *record = (struct evidence_record){.channel = CHANNEL_FEED,
                                       .most = ACTION_HOLD,
                                       .time_s = 1790000000,
                                       .content_micro = -1234567,
                                       .identities = identities,
                                       .identity_count = 3};
    record->hashes = arena_alloc(arena, 3 * sizeof *record->hashes);
    record->counts = arena_alloc(arena, 3 * sizeof *record->counts);
    for (size_t i = 0; i < 3; i++)
        record->hashes[i] = identity_hash(&identities[i]);
    record->counts[0] = (struct reputation_counts){
        .ham_milli = 1, .spam_milli = 4294967295u, .time_s = 1790000000 - 86400 * 9};
    record->counts[1] = (struct reputation_counts){
        .override = OVERRIDE_SET, .override_centi = -250, .override_until_s = 1790000000 + 5};
    evidence_record_add(record, arena, "STORE_DOWN", 0, false, SPAN("away"));
    evidence_record_add(record, arena, "LINK_FARM", 333333, true, SPAN("many"));
    evidence_record_add(record, arena, "FORMERLY_RELEASED", -2000000, false, SPAN(""));
    evidence_record_add(record, arena, RULE_SYMBOL, 0, false, SPAN("no casino"));
    record->decision = DECISION_TAG;
    return record;
}

static void test_record_read_back_gives_the_same_verdict(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    struct scoring scoring = scoring_of(0.9);
    struct evidence_record *record = full_record(arena), back;
    struct span bytes = evidence_record_encode(record, arena);
    assert_true(bytes.length < 100);
    assert_true(evidence_record_decode(bytes, arena, &back));
    assert_memory_equal(back.hashes, record->hashes, 3 * sizeof *back.hashes);
    struct verdict one = evidence_record_verdict(record, &scoring, arena);
    struct verdict two = evidence_record_verdict(&back, &scoring, arena);
    assert_true(one.log_odds == two.log_odds);
    assert_int_equal(one.action, two.action);
    assert_int_equal(one.evidence_count, two.evidence_count);
    assert_true(one.evidence_count >= 5);
    for (size_t i = 0; i < one.evidence_count; i++) {
        assert_string_equal(one.evidence[i].symbol, two.evidence[i].symbol);
        assert_true(one.evidence[i].log_odds == two.evidence[i].log_odds);
    }
    arena_free(arena);
}

/* Rules that changed are added to what was read back. */
static void test_pieces_are_added_to_a_record_read_back(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    struct evidence_record *record = full_record(arena), back;
    assert_true(evidence_record_decode(evidence_record_encode(record, arena), arena, &back));
    for (int i = 0; i < 20; i++)
        evidence_record_add(&back, arena, RULE_SYMBOL, i, false, SPAN("ours"));
    assert_int_equal(back.piece_count, record->piece_count + 20);
    assert_int_equal(back.identity_count, record->identity_count);
    for (size_t i = 0; i < record->identity_count; i++)
        assert_int_equal(back.identities[i].type, record->identities[i].type);
    assert_memory_equal(back.hashes, record->hashes, 3 * sizeof *back.hashes);
    assert_int_equal(back.pieces[back.piece_count - 1].micro, 19);
    arena_free(arena);
}

/* What was cut anywhere, or changed in any byte, is refused or read; never out of bounds. */
static void test_damaged_records_are_refused(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    struct evidence_record back;
    struct scoring scoring = scoring_of(0.9);
    struct span bytes = evidence_record_encode(full_record(arena), arena);
    for (size_t length = 0; length < bytes.length; length++) {
        char *cut = memcpy(test_malloc(length + 1), bytes.data, length);
        assert_false(evidence_record_decode((struct span){cut, length}, arena, &back));
        test_free(cut);
    }
    for (size_t i = 0; i < bytes.length; i++)
        for (unsigned bit = 0; bit < 8; bit++) {
            struct span other = arena_copy(arena, bytes);
            ((char *)(uintptr_t)other.data)[i] ^= (char)(1u << bit);
            if (evidence_record_decode(other, arena, &back))
                evidence_record_verdict(&back, &scoring, arena);
        }
    arena_free(arena);
}

/* The sum is what it is; the action is the rule's, up to what may be done. */
static void test_rule_decides_whatever_the_sum(void **state)
{
    (void)state;
    static const enum action expected[DECISIONS] = {ACTION_REJECT, ACTION_ACCEPT, ACTION_TAG,
                                                    ACTION_HOLD};
    struct arena *arena = arena_new();
    struct scoring scoring = scoring_of(0.9);
    scoring.mail.reject = 0.95;
    for (int decision = 0; decision < DECISIONS; decision++)
        for (int most = ACTION_ACCEPT; most <= ACTION_REJECT; most++) {
            struct evidence_record back, record = {.channel = CHANNEL_MAIL,
                                                   .most = (enum action)most,
                                                   .content_micro = 5 * 1000000,
                                                   .decision = (enum recorded_decision)decision};
            evidence_record_add(&record, arena, RULE_SYMBOL, 0, false, SPAN("no casino"));
            assert_true(
                evidence_record_decode(evidence_record_encode(&record, arena), arena, &back));
            struct verdict verdict = evidence_record_verdict(&back, &scoring, arena);
            int least = (int)expected[decision] < most ? (int)expected[decision] : most;
            assert_int_equal(verdict.action, least);
            assert_true(fabs(verdict.log_odds - 5) < 1e-9);
            assert_int_equal(verdict.evidence[0].decides, decision != DECISION_NONE);
        }
    arena_free(arena);
}

static void test_weights_thresholds_and_limits_count(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    struct scoring scoring = scoring_of(0.9);
    struct evidence_record record = {
        .channel = CHANNEL_MAIL, .most = ACTION_REJECT, .content_micro = SPAMMY};
    evidence_record_add(&record, arena, "LINK_FARM", 500000, true, SPAN(""));
    scoring.checks[checks_find("LINK_FARM")] = 2;
    struct verdict verdict = evidence_record_verdict(&record, &scoring, arena);
    assert_true(fabs(verdict.log_odds - 2.5) < 1e-9);
    assert_int_equal(verdict.action, ACTION_HOLD);
    scoring.checks[checks_find("LINK_FARM")] = 0;
    verdict = evidence_record_verdict(&record, &scoring, arena);
    assert_true(fabs(verdict.log_odds - 1.5) < 1e-9);
    assert_int_equal(verdict.evidence_count, 1);
    assert_int_equal(verdict.action, ACTION_TAG);
    scoring.content = 2;
    record.most = ACTION_TAG;
    verdict = evidence_record_verdict(&record, &scoring, arena);
    assert_true(fabs(verdict.log_odds - 3) < 1e-9);
    assert_int_equal(verdict.action, ACTION_TAG);
    record.cold = true;
    record.most = ACTION_REJECT;
    assert_int_equal(evidence_record_verdict(&record, &scoring, arena).action, ACTION_TAG);
    arena_free(arena);
}

/* --- replay --- */

static void keep(struct fixture *fixture, unsigned char id, int32_t content_micro, bool linked)
{
    static struct identity link = {IDENTITY_LINK_DOMAIN, {"evil.example", 12}};
    struct reputation_counts counts = {0};
    uint32_t hash = identity_hash(&link);
    struct evidence_record record = {.channel = CHANNEL_MAIL,
                                     .most = ACTION_REJECT,
                                     .time_s = 1790000000,
                                     .content_micro = content_micro,
                                     .identities = &link,
                                     .hashes = &hash,
                                     .counts = &counts,
                                     .identity_count = linked};
    struct arena *arena = arena_new();
    struct history_entry entry = entry_of(id, "Q");
    struct span bytes = evidence_record_encode(&record, arena);
    entry.record = bytes.data;
    entry.record_length = bytes.length;
    records_history_add(fixture->records, &entry);
    records_flush(fixture->records);
    arena_free(arena);
}

static void note(void *context, const struct replayed *replayed)
{
    char *text = context;
    snprintf(text + strlen(text), 100 - strlen(text), "%d:%s>%s ", (int)replayed->history_id,
             action_name(replayed->before), action_name(replayed->after));
}

static void test_replay_counts_what_changes_and_what_is_mended(void **state)
{
    struct fixture *fixture = *state;
    char text[100] = "";
    struct replay_sums sums = {0};
    struct replay_change change = {scoring_of(0.95), scoring_of(0.8), NULL, 0, &no_overrides};
    keep(fixture, 1, SPAMMY, false);     /* p = 0.82 */
    keep(fixture, 2, 2 * SPAMMY, false); /* p = 0.953 */
    keep(fixture, 3, SPAMMY + 1000, false);
    keep(fixture, 4, -SPAMMY, false);
    struct history_entry damaged = entry_of(5, "Q");
    damaged.record = "x";
    damaged.record_length = 1;
    records_history_add(fixture->records, &damaged);
    records_flush(fixture->records);
    good(records_correct(fixture->records, entry_of(1, "").document_id, LABEL_SPAM, "ann", "learn",
                         &fixture->error));
    good(records_correct(fixture->records, entry_of(3, "").document_id, LABEL_HAM, "ann", "learn",
                         &fixture->error));
    good(records_correct(fixture->records, entry_of(4, "").document_id, LABEL_HAM, "ann", "learn",
                         &fixture->error));
    good(replay_run(fixture->records, &change, &sums, note, text, &fixture->error));
    assert_string_equal(text, "3:tag>hold 1:tag>hold ");
    assert_int_equal(sums.verdicts, 4);
    assert_int_equal(sums.damaged, 1);
    assert_int_equal(sums.changed, 2);
    assert_int_equal(sums.moved[ACTION_TAG][ACTION_HOLD], 2);
    assert_int_equal(sums.corrected, 3);
    assert_int_equal(sums.mended, 1);
    assert_int_equal(sums.spoiled, 1);
}

static void test_pin_counts_where_the_identity_was(void **state)
{
    struct fixture *fixture = *state;
    char text[100] = "";
    struct replay_sums sums = {0};
    const struct identity link = {IDENTITY_LINK_DOMAIN, {"evil.example", 12}};
    struct replay_pin pin = {link.type, identity_hash(&link), 200};
    struct replay_change change = {scoring_of(0.95), scoring_of(0.95), &pin, 1, &no_overrides};
    keep(fixture, 1, SPAMMY, true);
    keep(fixture, 2, SPAMMY, false);
    good(replay_run(fixture->records, &change, &sums, note, text, &fixture->error));
    assert_string_equal(text, "1:tag>hold ");
}

/* --- regression --- */

static void test_fit_goes_where_the_labels_are(void **state)
{
    (void)state;
    enum { COUNT = 200 };
    static double values[COUNT * 2], offsets[COUNT];
    static bool labels[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        values[i * 2] = i % 2;     /* speaks for spam, and is right nine times in ten */
        values[i * 2 + 1] = i < 3; /* seldom speaks */
        labels[i] = i % 2 && i % 20 != 1;
        offsets[i] = -1;
    }
    struct ridge_data data = {COUNT, 2, values, offsets, labels};
    double weights[] = {0.5, 0.5}, deviations[] = {10, 0.01};
    ridge_fit(&data, deviations, weights);
    /* logit(0.9) = 2.197, less the offset */
    assert_true(fabs(weights[0] - 3.197) < 0.05);
    assert_true(fabs(weights[1] - 0.5) < 0.01);
    double held[] = {0.5, 0.5}, tight[] = {0.001, 0.001};
    ridge_fit(&data, tight, held);
    assert_true(fabs(held[0] - 0.5) < 0.01);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_record_read_back_gives_the_same_verdict),
        cmocka_unit_test(test_pieces_are_added_to_a_record_read_back),
        cmocka_unit_test(test_damaged_records_are_refused),
        cmocka_unit_test(test_rule_decides_whatever_the_sum),
        cmocka_unit_test(test_weights_thresholds_and_limits_count),
        with_records(test_replay_counts_what_changes_and_what_is_mended),
        with_records(test_pin_counts_where_the_identity_was),
        cmocka_unit_test(test_fit_goes_where_the_labels_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
