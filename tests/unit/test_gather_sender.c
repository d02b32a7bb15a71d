#include "gathering.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void test_sender_domains_are_registrable_domains(void **state)
{
    (void)state;
    mail->envelope.helo = SPAN("MX1.Mail.Example.CO.UK");
    mail->envelope.sender = SPAN("bounce@Mail.Example.CO.UK");
    mail->from_address = SPAN("News@news.example.com.");
    gather(mail);
    assert_true(has(mail, IDENTITY_HELO, "mx1.mail.example.co.uk"));
    assert_true(has(mail, IDENTITY_ENVELOPE_DOMAIN, "example.co.uk"));
    assert_true(has(mail, IDENTITY_FROM_DOMAIN, "example.com"));
    assert_true(has(mail, IDENTITY_FROM_ADDRESS, "news@news.example.com"));
}

static void test_domains_in_utf8_are_those_in_ascii(void **state)
{
    (void)state;
    struct span recipient = SPAN("bob@B\xc3\xbc"
                                 "cher.example");
    mail->envelope.recipients = &recipient;
    mail->envelope.recipient_count = 1;
    mail->envelope.sender = SPAN("ann@m.b\xc3\xbc"
                                 "cher.example");
    mail->from_address = SPAN("\xc3\xbc@b\xc3\xbc"
                              "cher.example");
    gather(mail);
    assert_true(has(mail, IDENTITY_ENVELOPE_DOMAIN, "xn--bcher-kva.example"));
    assert_true(has(mail, IDENTITY_FROM_DOMAIN, "xn--bcher-kva.example"));
    assert_true(has(mail, IDENTITY_FROM_ADDRESS, "\xc3\xbc@xn--bcher-kva.example"));
    assert_true(has(mail, IDENTITY_PAIR, "ann@m.xn--bcher-kva.example bob@xn--bcher-kva.example"));
}

static void test_address_literal_is_no_domain(void **state)
{
    (void)state;
    mail->envelope.sender = SPAN("root@[192.0.2.1]");
    gather(mail);
    assert_int_equal(count_of(mail, IDENTITY_ENVELOPE_DOMAIN), 0);
}

static void test_at_a_public_provider_the_address_counts(void **state)
{
    (void)state;
    config.identities.mail_providers = list_of("provider.example\n");
    mail->envelope.sender = SPAN("Ann@mx.Provider.example");
    mail->from_address = SPAN("bob@provider.example");
    gather(mail);
    assert_true(has(mail, IDENTITY_ENVELOPE_DOMAIN, "ann@mx.provider.example"));
    assert_int_equal(count_of(mail, IDENTITY_ENVELOPE_DOMAIN), 1);
    assert_int_equal(count_of(mail, IDENTITY_FROM_DOMAIN), 0);
    assert_true(has(mail, IDENTITY_FROM_ADDRESS, "bob@provider.example"));
}

static void test_null_sender_has_no_pairs(void **state)
{
    (void)state;
    struct span recipient = SPAN("bob@example.net");
    mail->envelope.recipients = &recipient;
    mail->envelope.recipient_count = 1;
    gather(mail);
    assert_int_equal(mail->identity_count, 0);
}

static void test_pairs_are_made_of_at_most_ten_recipients(void **state)
{
    (void)state;
    struct span recipients[12];
    for (size_t i = 0; i < 12; i++)
        recipients[i] = arena_printf(mail->arena, "bob%zu@Example.net", i);
    mail->envelope.sender = SPAN("Ann@example.org");
    mail->envelope.recipients = recipients;
    mail->envelope.recipient_count = 12;
    gather(mail);
    assert_true(has(mail, IDENTITY_PAIR, "ann@example.org bob0@example.net"));
    assert_int_equal(count_of(mail, IDENTITY_PAIR), 10);
}

/* --- senders whose authentication is known --- */

static char trusted_id[] = "mx.example.org", *trusted_ids[] = {trusted_id};

static void add_header(struct document *document, const char *name, const char *value)
{
    document->headers = arena_grow(document->arena, document->headers, document->header_count,
                                   sizeof *document->headers);
    document->headers[document->header_count++] = (struct header){span_of(name), span_of(value)};
}

/* A mail that came by SMTP from ann@example.com. */
static struct document *claimed(const char *sender)
{
    static struct span recipient = {"bob@example.net", 15};
    config.identities.trusted_authserv_ids = trusted_ids;
    config.identities.trusted_authserv_id_count = 1;
    mail->envelope.known = true;
    mail->envelope.sender = span_of(sender);
    mail->envelope.recipients = &recipient;
    mail->envelope.recipient_count = 1;
    mail->from_address = SPAN("ann@news.example.com");
    return mail;
}

static void test_what_is_authenticated_is_marked_so(void **state)
{
    (void)state;
    add_header(
        claimed("bounce@mail.example.com"), "authentication-results",
        "MX.example.org; spf=pass smtp.mailfrom=mail.example.com; dkim=pass "
        "header.d=list.example; dkim=pass header.d=a.example.com; dkim=fail header.d=b.test");
    gather(mail);
    assert_true(has(mail, IDENTITY_ENVELOPE_DOMAIN, "example.com (authenticated)"));
    assert_true(has(mail, IDENTITY_FROM_DOMAIN, "example.com (authenticated)"));
    assert_true(has(mail, IDENTITY_FROM_ADDRESS, "ann@news.example.com (authenticated)"));
    assert_true(
        has(mail, IDENTITY_PAIR, "bounce@mail.example.com bob@example.net (authenticated)"));
    assert_true(has(mail, IDENTITY_DKIM_DOMAIN, "example.com"));
    assert_true(has(mail, IDENTITY_DKIM_DOMAIN, "list.example"));
    assert_int_equal(mail->identity_count, 6);
}

static void test_what_is_not_authenticated_is_marked_so(void **state)
{
    (void)state;
    add_header(claimed("ann@example.com"), "Authentication-Results",
               "mx.example.org; spf=softfail smtp.mailfrom=example.com; dkim=pass "
               "header.d=evil.example; dmarc=fail header.from=news.example.com");
    gather(mail);
    assert_true(has(mail, IDENTITY_ENVELOPE_DOMAIN, "example.com (unauthenticated)"));
    assert_true(has(mail, IDENTITY_FROM_DOMAIN, "example.com (unauthenticated)"));
    assert_true(has(mail, IDENTITY_FROM_ADDRESS, "ann@news.example.com (unauthenticated)"));
    assert_true(has(mail, IDENTITY_PAIR, "ann@example.com bob@example.net (unauthenticated)"));
    assert_true(has(mail, IDENTITY_DKIM_DOMAIN, "evil.example"));
    assert_int_equal(mail->identity_count, 5);
}

static void test_a_signature_vouches_for_the_envelope_behind_a_forwarder(void **state)
{
    (void)state;
    add_header(claimed("ann@example.com"), "Authentication-Results",
               "mx.example.org; spf=fail smtp.mailfrom=example.com; dkim=pass "
               "header.d=example.com");
    gather(mail);
    assert_true(has(mail, IDENTITY_ENVELOPE_DOMAIN, "example.com (authenticated)"));
}

static void test_spf_for_another_domain_does_not_vouch_for_from(void **state)
{
    (void)state;
    add_header(claimed("x@evil.example"), "Authentication-Results",
               "mx.example.org; spf=pass smtp.mailfrom=x@evil.example");
    gather(mail);
    assert_true(has(mail, IDENTITY_ENVELOPE_DOMAIN, "evil.example (authenticated)"));
    assert_true(has(mail, IDENTITY_FROM_DOMAIN, "example.com (unauthenticated)"));
}

static void test_a_provider_that_signs_is_no_signer(void **state)
{
    (void)state;
    config.identities.mail_providers = list_of("example.com\n");
    add_header(claimed("ann@example.com"), "Authentication-Results",
               "mx.example.org; dkim=pass header.d=example.com");
    gather(mail);
    assert_true(has(mail, IDENTITY_FROM_ADDRESS, "ann@news.example.com (authenticated)"));
    assert_true(has(mail, IDENTITY_ENVELOPE_DOMAIN, "ann@example.com (authenticated)"));
    assert_int_equal(count_of(mail, IDENTITY_DKIM_DOMAIN), 0);
    assert_int_equal(count_of(mail, IDENTITY_FROM_DOMAIN), 0);
}

static void test_who_is_not_trusted_or_stands_below_a_received_is_not_believed(void **state)
{
    (void)state;
    claimed("ann@example.com");
    add_header(mail, "Authentication-Results", "mx.evil.example; dkim=pass header.d=example.com");
    add_header(mail, "Received", "from somewhere");
    add_header(mail, "Authentication-Results", "mx.example.org; dkim=pass header.d=example.com");
    gather(mail);
    assert_true(has(mail, IDENTITY_FROM_DOMAIN, "example.com (unauthenticated)"));
    assert_int_equal(count_of(mail, IDENTITY_DKIM_DOMAIN), 0);
}

static void test_where_nobody_looks_there_is_only_the_claim(void **state)
{
    (void)state;
    claimed("ann@example.com");
    config.identities.trusted_authserv_id_count = 0;
    add_header(mail, "Authentication-Results", "mx.example.org; dkim=pass header.d=example.com");
    gather(mail);
    assert_true(has(mail, IDENTITY_FROM_DOMAIN, "example.com"));
    assert_true(has(mail, IDENTITY_PAIR, "ann@example.com bob@example.net"));
    assert_int_equal(count_of(mail, IDENTITY_DKIM_DOMAIN), 0);
}

static void test_our_own_users_write_no_results(void **state)
{
    (void)state;
    claimed("ann@example.com")->envelope.internal = true;
    add_header(mail, "Authentication-Results", "mx.example.org; dkim=pass header.d=example.com");
    gather(mail);
    assert_true(has(mail, IDENTITY_FROM_DOMAIN, "example.com"));
    assert_int_equal(count_of(mail, IDENTITY_DKIM_DOMAIN), 0);
}

/* As it lies in a folder: what delivery has put on top, weir's headers, Postfix's own Received,
 * what the milter before weir found, and what came from outside. */
static void test_a_file_that_came_through_a_gateway_is_known_as_at_smtp(void **state)
{
    (void)state;
    claimed("");
    mail->envelope.known = false;
    add_header(mail, "Received", "by delivery");
    add_header(mail, "X-Weir-Id", "0");
    add_header(mail, "X-Weir-Verdict", "accept");
    add_header(mail, "Received", "by the gateway");
    add_header(mail, "Authentication-Results", "mx.example.org; dkim=pass header.d=example.com");
    add_header(mail, "Received", "from outside");
    gather(mail);
    assert_true(has(mail, IDENTITY_FROM_DOMAIN, "example.com (authenticated)"));
}

static void test_a_file_from_elsewhere_holds_only_a_claim(void **state)
{
    (void)state;
    claimed("");
    mail->envelope.known = false;
    add_header(mail, "Authentication-Results", "mx.example.org; dkim=pass header.d=example.com");
    add_header(mail, "Received", "from outside");
    gather(mail);
    assert_true(has(mail, IDENTITY_FROM_DOMAIN, "example.com"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_MAIL(test_sender_domains_are_registrable_domains),
        ON_MAIL(test_domains_in_utf8_are_those_in_ascii),
        ON_MAIL(test_address_literal_is_no_domain),
        ON_MAIL(test_at_a_public_provider_the_address_counts),
        ON_MAIL(test_null_sender_has_no_pairs),
        ON_MAIL(test_pairs_are_made_of_at_most_ten_recipients),
        ON_MAIL(test_what_is_authenticated_is_marked_so),
        ON_MAIL(test_what_is_not_authenticated_is_marked_so),
        ON_MAIL(test_a_signature_vouches_for_the_envelope_behind_a_forwarder),
        ON_MAIL(test_spf_for_another_domain_does_not_vouch_for_from),
        ON_MAIL(test_a_provider_that_signs_is_no_signer),
        ON_MAIL(test_who_is_not_trusted_or_stands_below_a_received_is_not_believed),
        ON_MAIL(test_where_nobody_looks_there_is_only_the_claim),
        ON_MAIL(test_our_own_users_write_no_results),
        ON_MAIL(test_a_file_that_came_through_a_gateway_is_known_as_at_smtp),
        ON_MAIL(test_a_file_from_elsewhere_holds_only_a_claim),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
