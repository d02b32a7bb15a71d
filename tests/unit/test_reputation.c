#include "core/reputation.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#define NOW 1700000000

static double of(enum identity_type type, uint32_t ham, uint32_t spam)
{
    struct reputation_counts counts = {
        .ham_milli = ham * 1000, .spam_milli = spam * 1000, .time_s = NOW};
    return reputation_log_odds(&reputation_table_default, type, &counts, NOW);
}

static void test_no_counts_give_exactly_nothing(void **state)
{
    (void)state;
    struct reputation_counts never = {0};
    for (int type = 0; type < IDENTITY_TYPES; type++)
        assert_true(reputation_log_odds(&reputation_table_default, (enum identity_type)type, &never,
                                        NOW) == 0);
}

static void test_posterior_is_the_beta_binomials(void **state)
{
    (void)state;
    /* Prior of link-domain: 1.8 lessons, 30 % of them spam. */
    double mean = (1 + 0.54) / (1 + 1 + 1.8), prior = 0.3;
    double expected = log(mean / (1 - mean)) - log(prior / (1 - prior));
    assert_true(fabs(of(IDENTITY_LINK_DOMAIN, 1, 1) - expected) < 1e-9);
}

static void test_one_spam_marks_a_fresh_link_domain(void **state)
{
    (void)state;
    double log_odds = of(IDENTITY_LINK_DOMAIN, 0, 1);
    assert_true(log_odds >= 1.0 && log_odds <= 1.5);
    assert_true(of(IDENTITY_LINK_DOMAIN, 0, 10) >= 1.4);
}

static void test_one_bad_mail_says_little_of_a_provider_and_a_hundred_much(void **state)
{
    (void)state;
    assert_true(fabs(of(IDENTITY_FROM_DOMAIN, 0, 1)) < 0.3);
    assert_true(of(IDENTITY_FROM_DOMAIN, 0, 100) == 1);
    assert_true(of(IDENTITY_FROM_DOMAIN, 100, 1) < -0.5);
}

static void test_what_is_easily_forged_cannot_wash(void **state)
{
    (void)state;
    static const enum identity_type forged[] = {
        IDENTITY_HELO,         IDENTITY_ENVELOPE_DOMAIN, IDENTITY_FROM_DOMAIN,
        IDENTITY_FROM_ADDRESS, IDENTITY_LINK_DOMAIN,     IDENTITY_LINK_HOST,
        IDENTITY_ATTACHMENT,   IDENTITY_SHINGLE,         IDENTITY_AUTHOR,
    };
    for (size_t i = 0; i < sizeof forged / sizeof *forged; i++)
        assert_true(of(forged[i], 4000000, 0) >= -1.0);
}

static void test_every_type_is_bounded_both_ways(void **state)
{
    (void)state;
    for (int type = 0; type < IDENTITY_TYPES; type++) {
        double good = of((enum identity_type)type, 4000000, 0);
        double bad = of((enum identity_type)type, 0, 4000000);
        assert_true(good >= -2 && good < 0);
        assert_true(bad <= 3 && bad >= 1);
    }
}

static void test_counts_halve_after_the_half_life(void **state)
{
    (void)state;
    struct reputation_counts counts = {.ham_milli = 500, .spam_milli = 8000, .time_s = NOW};
    int64_t later = NOW + 2 * (int64_t)reputation_table_default.types[IDENTITY_IP].half_life_s;
    struct reputation_weight weight =
        reputation_weight(&reputation_table_default, IDENTITY_IP, &counts, later);
    assert_true(fabs(weight.spam - 2) < 1e-9);
    assert_true(fabs(weight.ham - 0.125) < 1e-9);
}

static void test_counts_from_the_future_do_not_grow(void **state)
{
    (void)state;
    struct reputation_counts counts = {.spam_milli = 8000, .time_s = INT64_MAX};
    assert_true(reputation_weight(&reputation_table_default, IDENTITY_IP, &counts, NOW).spam == 8);
}

static void test_pin_stands_for_the_counts(void **state)
{
    (void)state;
    struct reputation_counts counts = {
        .spam_milli = 9000, .time_s = NOW, .override = OVERRIDE_PIN, .override_centi = -550};
    assert_true(
        reputation_log_odds(&reputation_table_default, IDENTITY_LINK_DOMAIN, &counts, NOW) == -5.5);
}

static void test_set_ends_at_its_time(void **state)
{
    (void)state;
    struct reputation_counts counts = {
        .override = OVERRIDE_SET, .override_centi = 400, .override_until_s = NOW};
    assert_true(reputation_log_odds(&reputation_table_default, IDENTITY_IP, &counts, NOW - 1) == 4);
    assert_true(reputation_log_odds(&reputation_table_default, IDENTITY_IP, &counts, NOW) == 0);
}

static void test_symbols_are_the_types_names(void **state)
{
    (void)state;
    for (int type = 0; type < IDENTITY_TYPES; type++) {
        const char *name = identity_type_name((enum identity_type)type);
        const char *symbol = reputation_symbol((enum identity_type)type);
        assert_int_equal(strncmp(symbol, "REPUTATION_", 11), 0);
        assert_int_equal(strlen(symbol + 11), strlen(name));
        for (size_t i = 0; name[i]; i++)
            assert_int_equal(symbol[11 + i], name[i] == '-' ? '_' : name[i] - 'a' + 'A');
    }
}

static struct evidence_list heard(struct document *document, const struct reputation_counts *counts)
{
    struct evidence_list list = {.arena = document->arena};
    reputation_evidence(&reputation_table_default, document, counts, NOW, &list);
    return list;
}

static struct reputation_counts lessons(uint32_t ham, uint32_t spam)
{
    return (struct reputation_counts){
        .ham_milli = ham * 1000, .spam_milli = spam * 1000, .time_s = NOW};
}

static void test_one_band_alone_speaks_half(void **state)
{
    (void)state;
    struct document *document = document_new(CHANNEL_MAIL);
    document_add_identity(document, IDENTITY_SHINGLE, SPAN("a"));
    document_add_identity(document, IDENTITY_SHINGLE, SPAN("b"));
    document_add_identity(document, IDENTITY_SHINGLE, SPAN("c"));
    double one = of(IDENTITY_SHINGLE, 0, 5);
    struct reputation_counts chance[] = {lessons(0, 0), lessons(0, 5), lessons(0, 0)};
    struct reputation_counts copy[] = {lessons(0, 5), lessons(0, 0), lessons(0, 5)};
    assert_true(fabs(heard(document, chance).items[0].log_odds - one / 2) < 1e-9);
    assert_true(fabs(heard(document, copy).items[0].log_odds - one) < 1e-9);
    struct reputation_counts pinned[] = {
        {.override = OVERRIDE_PIN, .override_centi = 300}, lessons(0, 0), lessons(0, 0)};
    assert_true(heard(document, pinned).items[0].log_odds == 3);
    document_free(document);
}

static void test_bad_company_is_not_washed_by_good(void **state)
{
    (void)state;
    struct document *document = document_new(CHANNEL_FEED);
    document_add_identity(document, IDENTITY_LINK_DOMAIN, SPAN("good.example"));
    document_add_identity(document, IDENTITY_LINK_DOMAIN, SPAN("evil.example"));
    document_add_identity(document, IDENTITY_LINK_DOMAIN, SPAN("bad.example"));
    struct reputation_counts counts[] = {lessons(500, 0), lessons(0, 12), lessons(0, 3)};
    struct evidence_list list = heard(document, counts);
    assert_int_equal(list.count, 1);
    assert_true(list.items[0].log_odds == of(IDENTITY_LINK_DOMAIN, 0, 12));
    assert_true(span_equal(list.items[0].detail, SPAN("evil.example: 12 spam, 0 ham")));
    document_free(document);
}

static void test_unknown_company_hides_a_good_name(void **state)
{
    (void)state;
    struct document *document = document_new(CHANNEL_MAIL);
    document_add_identity(document, IDENTITY_LINK_DOMAIN, SPAN("good.example"));
    document_add_identity(document, IDENTITY_LINK_DOMAIN, SPAN("new.example"));
    struct reputation_counts counts[] = {lessons(500, 0), {0}};
    assert_int_equal(heard(document, counts).count, 0);
    document_free(document);
}

static void test_link_host_and_domain_that_agree_count_once(void **state)
{
    (void)state;
    struct document *document = document_new(CHANNEL_MAIL);
    document_add_identity(document, IDENTITY_LINK_HOST, SPAN("www.evil.example"));
    document_add_identity(document, IDENTITY_LINK_DOMAIN, SPAN("evil.example"));
    struct reputation_counts agreeing[] = {lessons(0, 2), lessons(0, 5)};
    struct evidence_list list = heard(document, agreeing);
    assert_int_equal(list.count, 1);
    assert_string_equal(list.items[0].symbol, "REPUTATION_LINK_DOMAIN");
    struct reputation_counts differing[] = {lessons(0, 2), lessons(90, 5)};
    assert_int_equal(heard(document, differing).count, 2);
    document_free(document);
}

static void test_pinned_network_is_heard_before_its_counted_part(void **state)
{
    (void)state;
    struct document *document = document_new(CHANNEL_MAIL);
    document_add_identity(document, IDENTITY_NET, SPAN("2001:db8::/64"));
    document_add_identity(document, IDENTITY_NET, SPAN("2001:db8::/48"));
    struct reputation_counts counts[] = {lessons(0, 40),
                                         {.override = OVERRIDE_PIN, .override_centi = -300}};
    struct evidence_list list = heard(document, counts);
    assert_int_equal(list.count, 1);
    assert_true(list.items[0].log_odds == -3);
    assert_true(span_equal(list.items[0].detail, SPAN("2001:db8::/48: pinned by the admin")));
    document_free(document);
}

static void test_what_good_mail_and_spam_have_in_common_cannot_decide(void **state)
{
    (void)state;
    double pure = of(IDENTITY_LINK_DOMAIN, 0, 1000), mixed = of(IDENTITY_LINK_DOMAIN, 10, 1000);
    assert_true(pure == 1.5);
    assert_true(mixed > 0 && mixed < 0.6);
    assert_true(of(IDENTITY_IP, 1000, 10) > -1);
}

static double sum_of(const struct evidence_list *list)
{
    double sum = 0;
    for (size_t i = 0; i < list->count; i++)
        sum += list->items[i].log_odds;
    return sum;
}

static void test_types_that_say_the_same_are_held_together(void **state)
{
    (void)state;
    struct document *document = document_new(CHANNEL_MAIL);
    document_add_identity(document, IDENTITY_IP, SPAN("192.0.2.1"));
    document_add_identity(document, IDENTITY_NET, SPAN("192.0.2.0/24"));
    document_add_identity(document, IDENTITY_HELO, SPAN("evil.example"));
    struct reputation_counts counts[] = {lessons(0, 900), lessons(0, 900), lessons(0, 900)};
    struct evidence_list list = heard(document, counts);
    assert_int_equal(list.count, 3);
    assert_true(fabs(sum_of(&list) - reputation_table_default.mail[REPUTATION_CLIENT].spam) < 1e-9);
    assert_true(list.items[0].log_odds > list.items[2].log_odds); /* address and HELO name */
    document_free(document);
}

static void test_links_may_say_more_of_feeds_than_of_mail(void **state)
{
    (void)state;
    struct document *documents[] = {document_new(CHANNEL_MAIL), document_new(CHANNEL_FEED)};
    double sums[2];
    for (int i = 0; i < 2; i++) {
        document_add_identity(documents[i], IDENTITY_LINK_DOMAIN, SPAN("evil.example"));
        struct reputation_counts counts = lessons(0, 900);
        struct evidence_list list = heard(documents[i], &counts);
        sums[i] = sum_of(&list);
        document_free(documents[i]);
    }
    assert_true(sums[0] == 0.8 && sums[1] == 1.5);
}

static void test_a_pin_is_not_held_with_its_group(void **state)
{
    (void)state;
    struct document *document = document_new(CHANNEL_MAIL);
    document_add_identity(document, IDENTITY_LINK_DOMAIN, SPAN("evil.example"));
    document_add_identity(document, IDENTITY_LINK_HOST, SPAN("www.other.example"));
    struct reputation_counts counts[] = {
        {.time_s = NOW, .override = OVERRIDE_PIN, .override_centi = 700}, lessons(900, 0)};
    struct evidence_list list = heard(document, counts);
    assert_int_equal(list.count, 2);
    assert_true(list.items[0].log_odds == 7);
    document_free(document);
}

static void test_negligible_reputation_is_left_out(void **state)
{
    (void)state;
    struct document *document = document_new(CHANNEL_MAIL);
    document_add_identity(document, IDENTITY_ASN, SPAN("64496"));
    struct reputation_counts counts[] = {lessons(0, 1)};
    assert_int_equal(heard(document, counts).count, 0);
    document_free(document);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_counts_give_exactly_nothing),
        cmocka_unit_test(test_posterior_is_the_beta_binomials),
        cmocka_unit_test(test_one_spam_marks_a_fresh_link_domain),
        cmocka_unit_test(test_one_bad_mail_says_little_of_a_provider_and_a_hundred_much),
        cmocka_unit_test(test_what_is_easily_forged_cannot_wash),
        cmocka_unit_test(test_every_type_is_bounded_both_ways),
        cmocka_unit_test(test_counts_halve_after_the_half_life),
        cmocka_unit_test(test_counts_from_the_future_do_not_grow),
        cmocka_unit_test(test_pin_stands_for_the_counts),
        cmocka_unit_test(test_set_ends_at_its_time),
        cmocka_unit_test(test_one_band_alone_speaks_half),
        cmocka_unit_test(test_bad_company_is_not_washed_by_good),
        cmocka_unit_test(test_unknown_company_hides_a_good_name),
        cmocka_unit_test(test_link_host_and_domain_that_agree_count_once),
        cmocka_unit_test(test_pinned_network_is_heard_before_its_counted_part),
        cmocka_unit_test(test_what_good_mail_and_spam_have_in_common_cannot_decide),
        cmocka_unit_test(test_types_that_say_the_same_are_held_together),
        cmocka_unit_test(test_links_may_say_more_of_feeds_than_of_mail),
        cmocka_unit_test(test_a_pin_is_not_held_with_its_group),
        cmocka_unit_test(test_negligible_reputation_is_left_out),
        cmocka_unit_test(test_symbols_are_the_types_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
