#include "core/judge.h"

#include "core/prior.h"

#include "core/learn.h"
#include "core/log.h"
#include "core/text.h"
#include "core/url.h"
#include "store/memory.h"
#include "tests/unit/redis_server.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

struct fixture {
    struct redis_server *server;
    struct counts_store *store;
    struct replica *replica;
    struct config config;
    struct judge judge;
};

static int set_up(void **state)
{
    struct fixture *fixture = memory_new(sizeof *fixture);
    struct error error = {0};
    size_t rows;
    checks_all(&rows);
    fixture->server = redis_server_start(NULL);
    fixture->store = counts_open(redis_server_url(fixture->server), NULL, &error);
    assert_non_null(fixture->store);
    fixture->replica = replica_new(fixture->store, NULL);
    assert_true(replica_catch_up(fixture->replica, &error));
    fixture->config.thresholds = (struct thresholds){.tag = 0.73, .hold = 0.95, .reject = 2};
    fixture->config.gather_deadline_ms = 1000;
    fixture->config.cold_lessons = 3;
    fixture->config.reputations = reputation_table_default;
    fixture->config.checks = (struct check_weights){memory_new(rows * sizeof(double)), rows};
    fixture->judge = (struct judge){.store = fixture->store, .replica = fixture->replica};
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    replica_free(fixture->replica);
    counts_close(fixture->store);
    redis_server_free(fixture->server);
    free(fixture->config.checks.weights);
    free(fixture);
    return 0;
}

static const char spam_text[] = "Cheap watches, order now! Replica watches for $99, best prices.";
static const char ham_text[] = "The committee meets on Thursday; minutes of the last one attached.";

/* `number` tells documents of the same text apart. */
static struct document *document_of(const struct fixture *fixture, enum channel channel,
                                    unsigned char number, const char *text)
{
    struct document *document = document_new(channel);
    document->id[0] = number;
    document->subject = SPAN("About this"); /* without it an item is a remark */
    document_add_text(document, TEXT_BODY, span_of(text), false);
    judge_prepare(document, &fixture->config);
    return document;
}

static void teach(struct fixture *fixture, const struct document *document, enum label label)
{
    struct lesson lesson;
    struct learn_sums sums;
    struct error error = {0};
    struct learner *learner =
        learner_new(fixture->store, fixture->replica, "operator", TRUST_OPERATOR);
    assert_true(judge_lesson(&fixture->judge, document, &lesson));
    assert_true(learner_add(learner, &lesson, label, &error));
    assert_true(learner_finish(learner, &sums, &error));
    learner_free(learner);
}

static void teach_text(struct fixture *fixture, unsigned char number, const char *text,
                       enum label label)
{
    struct document *document = document_of(fixture, CHANNEL_MAIL, number, text);
    teach(fixture, document, label);
    document_free(document);
}

static struct verdict judge_one(const struct fixture *fixture, struct document *document)
{
    struct verdict verdict;
    judge_documents(&fixture->judge, &fixture->config, &document, 1, &verdict);
    return verdict;
}

static const struct evidence *term(const struct verdict *verdict, const char *symbol)
{
    for (size_t i = 0; i < verdict->evidence_count; i++)
        if (strcmp(verdict->evidence[i].symbol, symbol) == 0)
            return &verdict->evidence[i];
    return NULL;
}

static void test_untaught_judge_asks_the_prior_and_holds_nothing(void **state)
{
    struct fixture *fixture = *state;
    struct document *document = document_of(fixture, CHANNEL_MAIL, 1, spam_text);
    struct verdict verdict = judge_one(fixture, document);
    double log_odds = prior_log_odds(document->features, document->feature_count);
    assert_true(log_odds != 0);
    assert_true(fabs(term(&verdict, CONTENT_SYMBOL)->log_odds - log_odds) < 1e-6);
    assert_true(verdict.action <= ACTION_TAG);
    assert_null(term(&verdict, STORE_DOWN_SYMBOL));
    document_free(document);
}

static void test_lesson_changes_the_next_verdict(void **state)
{
    struct fixture *fixture = *state;
    teach_text(fixture, 1, ham_text, LABEL_HAM);
    teach_text(fixture, 2, spam_text, LABEL_SPAM);
    struct document *ham = document_of(fixture, CHANNEL_MAIL, 3, ham_text);
    struct document *spam = document_of(fixture, CHANNEL_FEED, 4, spam_text);
    struct verdict good = judge_one(fixture, ham), bad = judge_one(fixture, spam);
    assert_true(term(&good, CONTENT_SYMBOL)->log_odds < -2);
    assert_true(term(&bad, CONTENT_SYMBOL)->log_odds > 2);
    document_free(ham);
    document_free(spam);
}

static void test_content_alone_does_not_hold_while_its_script_is_cold(void **state)
{
    struct fixture *fixture = *state;
    for (unsigned char number = 1; number <= 4; number++)
        teach_text(fixture, number, spam_text, LABEL_SPAM);
    struct document *document = document_of(fixture, CHANNEL_MAIL, 90, spam_text);
    document->identity_count = 0; /* near-duplicates have a reputation by now */
    assert_int_equal(judge_one(fixture, document).action, ACTION_TAG);
    for (unsigned char number = 11; number <= 13; number++)
        teach_text(fixture, number, ham_text, LABEL_HAM);
    assert_int_equal(judge_one(fixture, document).action, ACTION_HOLD);
    document_free(document);
}

static void test_link_domain_taught_by_mail_sinks_a_feed_item(void **state)
{
    struct fixture *fixture = *state;
    struct document *mail = document_of(fixture, CHANNEL_MAIL, 1, spam_text);
    struct document *item = document_of(fixture, CHANNEL_FEED, 2, ham_text);
    document_add_identity(mail, IDENTITY_LINK_DOMAIN, SPAN("evil.example"));
    document_add_identity(item, IDENTITY_LINK_DOMAIN, SPAN("evil.example"));
    teach(fixture, mail, LABEL_SPAM);
    struct verdict verdict = judge_one(fixture, item);
    const struct evidence *evidence = term(&verdict, "REPUTATION_LINK_DOMAIN");
    assert_non_null(evidence);
    assert_true(evidence->log_odds > 1);
    assert_true(span_equal(evidence->detail, SPAN("evil.example: 1 spam, 0 ham")));
    document_free(mail);
    document_free(item);
}

static void test_documents_judged_together_keep_their_own_reputations(void **state)
{
    struct fixture *fixture = *state;
    struct document *documents[5];
    struct verdict verdicts[5];
    struct document *bad = document_of(fixture, CHANNEL_MAIL, 1, "");
    document_add_identity(bad, IDENTITY_FROM_ADDRESS, SPAN("a@3.example"));
    for (unsigned char number = 10; number < 20; number++) {
        bad->id[0] = number;
        teach(fixture, bad, LABEL_SPAM);
    }
    for (unsigned char i = 0; i < 5; i++) {
        char address[16];
        snprintf(address, sizeof address, "a@%d.example", i);
        documents[i] = document_of(fixture, CHANNEL_MAIL, (unsigned char)(100 + i), "");
        document_add_identity(documents[i], IDENTITY_HELO, SPAN("helo.example"));
        document_add_identity(documents[i], IDENTITY_FROM_ADDRESS, span_of(address));
    }
    judge_documents(&fixture->judge, &fixture->config, documents, 5, verdicts);
    for (unsigned char i = 0; i < 5; i++) {
        assert_int_equal(term(&verdicts[i], "REPUTATION_FROM_ADDRESS") != NULL, i == 3);
        document_free(documents[i]);
    }
    document_free(bad);
}

static void test_store_away_is_said_and_content_still_judges(void **state)
{
    struct fixture *fixture = *state;
    teach_text(fixture, 1, spam_text, LABEL_SPAM);
    redis_server_kill(fixture->server);
    struct document *document = document_of(fixture, CHANNEL_MAIL, 2, spam_text);
    document_add_identity(document, IDENTITY_HELO, SPAN("helo.example"));
    struct verdict verdict = judge_one(fixture, document);
    assert_non_null(term(&verdict, STORE_DOWN_SYMBOL));
    assert_true(term(&verdict, STORE_DOWN_SYMBOL)->log_odds == 0);
    assert_true(term(&verdict, CONTENT_SYMBOL)->log_odds > 2);
    document_free(document);
}

static void test_cache_answers_while_the_store_is_away(void **state)
{
    struct fixture *fixture = *state;
    fixture->judge.cache = reputation_cache_new();
    struct document *document = document_of(fixture, CHANNEL_MAIL, 1, "");
    document_add_identity(document, IDENTITY_LINK_DOMAIN, SPAN("evil.example"));
    teach(fixture, document, LABEL_SPAM);
    judge_one(fixture, document);
    redis_server_kill(fixture->server);
    struct error error = {0};
    replica_catch_up(fixture->replica, &error);
    struct verdict verdict = judge_one(fixture, document);
    assert_non_null(term(&verdict, "REPUTATION_LINK_DOMAIN"));
    document_free(document);
    reputation_cache_free(fixture->judge.cache);
}

static void test_judge_without_store_and_replica_judges(void **state)
{
    struct fixture *fixture = *state;
    fixture->judge = (struct judge){0};
    struct document *document = document_of(fixture, CHANNEL_MAIL, 1, spam_text);
    struct verdict verdict = judge_one(fixture, document);
    assert_true(verdict.action <= ACTION_TAG);
    assert_non_null(term(&verdict, CONTENT_SYMBOL)); /* the prior's */
    assert_non_null(term(&verdict, STORE_DOWN_SYMBOL));
    document_free(document);
}

static void test_checks_are_among_the_evidence(void **state)
{
    struct fixture *fixture = *state;
    int row = checks_find("FROM_NAME_IS_ADDRESS");
    assert_true(row >= 0);
    fixture->config.checks.weights[row] = 1.5;
    struct document *document = document_of(fixture, CHANNEL_MAIL, 1, ham_text);
    document->from_name = SPAN("service@bank.example");
    document->from_address = SPAN("x@elsewhere.example");
    struct verdict verdict = judge_one(fixture, document);
    assert_non_null(term(&verdict, "FROM_NAME_IS_ADDRESS"));
    document_free(document);
}

/* The content's evidence, with `most` tokens named. */
static struct evidence named(struct fixture *fixture, struct document *document, size_t most)
{
    struct verdict verdict = judge_one(fixture, document);
    judge_name_tokens(&fixture->judge, document, &verdict, most);
    return *term(&verdict, CONTENT_SYMBOL);
}

static double token(const struct evidence *evidence, const char *text)
{
    for (size_t i = 0; i < evidence->token_count; i++)
        if (span_equal(evidence->tokens[i].text, span_of(text)))
            return evidence->tokens[i].log_odds;
    return 0;
}

static void test_tokens_that_weigh_most_are_named(void **state)
{
    struct fixture *fixture = *state;
    teach_text(fixture, 1, ham_text, LABEL_HAM);
    teach_text(fixture, 2, spam_text, LABEL_SPAM);
    struct document *document = document_of(fixture, CHANNEL_MAIL, 3, "the watches");
    struct evidence evidence = named(fixture, document, 8);
    assert_true(token(&evidence, "\"watches\"") > 0);
    assert_true(token(&evidence, "\"the\"") < 0);
    document_free(document);
}

static void test_tokens_that_weigh_most_are_named_first_whichever_way(void **state)
{
    struct fixture *fixture = *state;
    teach_text(fixture, 1, ham_text, LABEL_HAM);
    teach_text(fixture, 2, spam_text, LABEL_SPAM);
    teach_text(fixture, 3, "the the lunch", LABEL_HAM);
    struct document *document = document_of(fixture, CHANNEL_MAIL, 4, "the watches, best prices");
    struct evidence all = named(fixture, document, 8), few = named(fixture, document, 2);
    assert_int_equal(few.token_count, 2);
    assert_true(token(&all, "\"the\"") < 0);
    for (size_t i = 0; i < few.token_count; i++)
        assert_true(few.tokens[i].log_odds == all.tokens[i].log_odds);
    for (size_t i = 1; i < all.token_count; i++)
        assert_true(fabs(all.tokens[i - 1].log_odds) >= fabs(all.tokens[i].log_odds));
    document_free(document);
}

static void test_named_tokens_are_bounded(void **state)
{
    struct fixture *fixture = *state;
    teach_text(fixture, 1, spam_text, LABEL_SPAM);
    struct document *document = document_of(fixture, CHANNEL_MAIL, 2, spam_text);
    assert_int_equal(named(fixture, document, 3).token_count, 3);
    document_free(document);
}

/* "g4cor" gives itself, the word that is meant, and that it is written so. */
static void test_features_of_one_text_are_one_token(void **state)
{
    struct fixture *fixture = *state;
    teach_text(fixture, 1, "g4cor", LABEL_SPAM);
    struct document *document = document_of(fixture, CHANNEL_MAIL, 2, "g4cor");
    struct evidence evidence = named(fixture, document, 8);
    assert_int_equal(evidence.token_count, 2);
    double sum =
        token(&evidence, "\"g4cor\"") + token(&evidence, "digits among letters: \"g4cor\"");
    assert_true(fabs(sum - evidence.log_odds) < 0.001);
    document_free(document);
}

static void test_lesson_carries_slots_identities_and_script(void **state)
{
    struct fixture *fixture = *state;
    struct lesson lesson;
    struct document *document = document_of(fixture, CHANNEL_MAIL, 7, spam_text);
    document_add_identity(document, IDENTITY_HELO, SPAN("helo.example"));
    assert_true(judge_lesson(&fixture->judge, document, &lesson));
    assert_in_range(lesson.slot_count, document->feature_count - 2, document->feature_count);
    for (size_t i = 1; i < lesson.slot_count; i++)
        assert_true(lesson.slots[i - 1] < lesson.slots[i]);
    assert_int_equal(lesson.identity_count, document->identity_count);
    assert_int_equal(lesson.script, SCRIPT_LATIN);
    assert_int_equal(lesson.document_id[0], 7);
    document_free(document);
}

static void test_without_key_a_lesson_has_no_slots(void **state)
{
    struct fixture *fixture = *state;
    struct lesson lesson;
    fixture->judge.replica = NULL;
    struct document *document = document_of(fixture, CHANNEL_MAIL, 7, spam_text);
    assert_false(judge_lesson(&fixture->judge, document, &lesson));
    assert_int_equal(lesson.slot_count, 0);
    document_free(document);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    log_open("test_judge", true);
    text_init();
    url_init();
    const struct CMUnitTest tests[] = {
        TEST(test_untaught_judge_asks_the_prior_and_holds_nothing),
        TEST(test_lesson_changes_the_next_verdict),
        TEST(test_content_alone_does_not_hold_while_its_script_is_cold),
        TEST(test_link_domain_taught_by_mail_sinks_a_feed_item),
        TEST(test_documents_judged_together_keep_their_own_reputations),
        TEST(test_store_away_is_said_and_content_still_judges),
        TEST(test_cache_answers_while_the_store_is_away),
        TEST(test_judge_without_store_and_replica_judges),
        TEST(test_checks_are_among_the_evidence),
        TEST(test_tokens_that_weigh_most_are_named),
        TEST(test_tokens_that_weigh_most_are_named_first_whichever_way),
        TEST(test_named_tokens_are_bounded),
        TEST(test_features_of_one_text_are_one_token),
        TEST(test_lesson_carries_slots_identities_and_script),
        TEST(test_without_key_a_lesson_has_no_slots),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
