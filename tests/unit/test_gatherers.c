#include "core/gatherers.h"

#include <config.h>

#include "core/text.h"
#include "core/url.h"
#include "mmdb_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

static struct document *mail;
static struct config config;

static int set_up(void **state)
{
    (void)state;
    text_init();
    url_init();
    mail = document_new(CHANNEL_MAIL);
    config = (struct config){.gather_deadline_ms = 1000};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    document_free(mail);
    domain_list_free(config.identities.mail_providers);
    domain_list_free(config.identities.url_shorteners);
    asn_close(config.identities.asn);
    return 0;
}

/* The list with the domains of `text`, a line each. */
static struct domain_list *list_of(const char *text)
{
    char path[] = "/tmp/weir-gatherers-XXXXXX";
    int fd = mkstemp(path);
    struct error error = {0};
    assert_true(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    close(fd);
    struct domain_list *list = domain_list_read(path, NULL, &error);
    unlink(path);
    assert_non_null(list);
    return list;
}

static void gather(struct document *document)
{
    size_t count;
    const struct gatherer *rows = gatherers_all(&count);
    gatherers_run(rows, count, document, &config);
}

static bool has(const struct document *document, enum identity_type type, const char *value)
{
    for (size_t i = 0; i < document->identity_count; i++)
        if (document->identities[i].type == type &&
            span_equal(document->identities[i].value, span_of(value)))
            return true;
    return false;
}

static size_t count_of(const struct document *document, enum identity_type type)
{
    size_t count = 0;
    for (size_t i = 0; i < document->identity_count; i++)
        count += document->identities[i].type == type;
    return count;
}

static void test_ipv4_client_is_known_by_address_and_network(void **state)
{
    (void)state;
    mail->envelope.client_address = SPAN("192.0.2.17");
    gather(mail);
    assert_true(has(mail, IDENTITY_IP, "192.0.2.17"));
    assert_true(has(mail, IDENTITY_NET, "192.0.2.0/24"));
    assert_int_equal(count_of(mail, IDENTITY_NET), 1);
}

static void test_ipv6_client_is_known_by_address_and_both_networks(void **state)
{
    (void)state;
    mail->envelope.client_address = SPAN("IPv6:2001:DB8:1:2:0:0:0:9");
    gather(mail);
    assert_true(has(mail, IDENTITY_IP, "2001:db8:1:2::9"));
    assert_true(has(mail, IDENTITY_NET, "2001:db8:1:2::/64"));
    assert_true(has(mail, IDENTITY_NET, "2001:db8:1::/48"));
}

static void test_ipv4_in_ipv6_is_the_ipv4_client(void **state)
{
    (void)state;
    mail->envelope.client_address = SPAN("::ffff:192.0.2.17");
    gather(mail);
    assert_true(has(mail, IDENTITY_IP, "192.0.2.17"));
    assert_true(has(mail, IDENTITY_NET, "192.0.2.0/24"));
}

static void test_client_is_known_by_its_autonomous_system(void **state)
{
    (void)state;
#ifdef HAVE_LIBMAXMINDDB
    static const struct mmdb_row rows[] = {{"192.0.2.0", 24, 64496}, {"2001:db8::", 32, 64497}};
    char path[] = "/tmp/weir-gatherers-XXXXXX";
    struct error error = {0};
    close(mkstemp(path));
    mmdb_file_write(path, "Test-ASN", rows, 2);
    config.identities.asn = asn_open(path, &error);
    unlink(path);
    mail->envelope.client_address = SPAN("::ffff:192.0.2.17");
    gather(mail);
    assert_true(has(mail, IDENTITY_ASN, "64496"));
    struct document *other = document_new(CHANNEL_MAIL);
    other->envelope.client_address = SPAN("2001:db8::7");
    gather(other);
    assert_true(has(other, IDENTITY_ASN, "64497"));
    document_free(other);
#else
    skip();
#endif
}

static void test_what_is_no_address_gives_no_client(void **state)
{
    (void)state;
    mail->envelope.client_address = SPAN("unknown");
    gather(mail);
    assert_int_equal(mail->identity_count, 0);
}

static void test_internal_client_says_nothing(void **state)
{
    (void)state;
    mail->envelope.client_address = SPAN("192.0.2.17");
    mail->envelope.helo = SPAN("laptop.example.org");
    mail->envelope.sender = SPAN("ann@example.org");
    mail->envelope.internal = true;
    gather(mail);
    assert_int_equal(count_of(mail, IDENTITY_IP), 0);
    assert_int_equal(count_of(mail, IDENTITY_NET), 0);
    assert_int_equal(count_of(mail, IDENTITY_HELO), 0);
    assert_true(has(mail, IDENTITY_ENVELOPE_DOMAIN, "example.org"));
}

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
    assert_true(has(mail, IDENTITY_FROM_ADDRESS, "news@news.example.com."));
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

static void test_links_give_hosts_and_domains(void **state)
{
    (void)state;
    document_add_link(mail, SPAN("https://Shop.Example.co.uk/buy"), SPAN("buy"), true);
    document_add_link(mail, SPAN("mailto:ann@example.org"), SPAN("write"), true);
    document_add_link(mail, SPAN("/relative"), SPAN("more"), true);
    gather(mail);
    assert_true(has(mail, IDENTITY_LINK_HOST, "shop.example.co.uk"));
    assert_true(has(mail, IDENTITY_LINK_DOMAIN, "example.co.uk"));
    assert_int_equal(mail->identity_count, 2);
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

static void add_link(struct document *document, const char *url)
{
    document_add_link(document, arena_copy(document->arena, span_of(url)), (struct span){0}, false);
}

static void test_behind_a_shortener_host_and_path_count(void **state)
{
    (void)state;
    config.identities.url_shorteners = list_of("sh.example\n");
    add_link(mail, "http://sh.example/AbC?utm=1#x");
    add_link(mail, "https://sh.example/abc/");
    add_link(mail, "https://www.sh.example/d/e");
    add_link(mail, "https://sh.example/?https://target.example/");
    add_link(mail, "https://sh.example/");
    add_link(mail, "https://sh.example");
    add_link(mail, "https://sh.example/#only");
    gather(mail);
    assert_true(has(mail, IDENTITY_LINK_HOST, "sh.example/abc"));
    assert_true(has(mail, IDENTITY_LINK_HOST, "www.sh.example/d/e"));
    assert_true(has(mail, IDENTITY_LINK_HOST, "sh.example/?https://target.example/"));
    assert_int_equal(mail->identity_count, 3);
}

static void test_ten_links_to_one_place_are_one_fact(void **state)
{
    (void)state;
    for (size_t i = 0; i < 10; i++)
        add_link(mail, arena_printf(mail->arena, "http://www.example.org/%zu", i).data);
    gather(mail);
    assert_int_equal(mail->identity_count, 2);
}

static void test_at_most_fifty_hosts_are_taken(void **state)
{
    (void)state;
    for (size_t i = 0; i < 80; i++)
        add_link(mail, arena_printf(mail->arena, "http://h%zu.example.org/", i).data);
    gather(mail);
    assert_int_equal(count_of(mail, IDENTITY_LINK_HOST), 50);
    assert_int_equal(count_of(mail, IDENTITY_LINK_DOMAIN), 1);
}

static void test_many_hosts_of_one_domain_crowd_no_other_out(void **state)
{
    (void)state;
    for (size_t i = 0; i < 999; i++)
        add_link(mail, arena_printf(mail->arena, "http://h%zu.good.example/", i).data);
    add_link(mail, "http://bad.example/");
    gather(mail);
    assert_true(has(mail, IDENTITY_LINK_DOMAIN, "bad.example"));
    assert_true(has(mail, IDENTITY_LINK_HOST, "bad.example"));
    assert_int_equal(count_of(mail, IDENTITY_LINK_HOST), 50);
}

/* Of a thousand domains, about one in twenty of the documents has the one, wherever it stands. */
static size_t documents_with_last_of_many(bool in_front)
{
    size_t found = 0;
    for (unsigned n = 0; n < 400; n++) {
        struct document *document = document_new(CHANNEL_MAIL);
        memcpy(document->id, &n, sizeof n);
        if (in_front)
            add_link(document, "http://bad.example/");
        for (size_t i = 0; i < 999; i++)
            add_link(document, arena_printf(document->arena, "http://good%zu.example/", i).data);
        if (!in_front)
            add_link(document, "http://bad.example/");
        gather(document);
        assert_int_equal(count_of(document, IDENTITY_LINK_DOMAIN), 50);
        found += has(document, IDENTITY_LINK_DOMAIN, "bad.example");
        document_free(document);
    }
    return found;
}

static void test_what_stands_in_front_does_not_decide_which_links_count(void **state)
{
    (void)state;
    size_t last = documents_with_last_of_many(false);
    assert_in_range(last, 5, 45);
    assert_int_equal(documents_with_last_of_many(true), last);
}

static void test_attachment_is_known_by_its_hash(void **state)
{
    (void)state;
    struct part parts[] = {{.is_text = true, .size_bytes = 5},
                           {.size_bytes = 3, .hash = {0x01, 0xab}},
                           {.size_bytes = 0}};
    mail->parts = parts;
    mail->part_count = 3;
    gather(mail);
    assert_true(has(mail, IDENTITY_ATTACHMENT, "01ab0000000000000000000000000000"));
    assert_int_equal(mail->identity_count, 1);
}

static void test_small_attachments_crowd_no_link_and_no_large_one_out(void **state)
{
    (void)state;
    mail->parts = arena_alloc(mail->arena, 400 * sizeof *mail->parts);
    mail->part_count = 400;
    for (size_t i = 0; i < 400; i++)
        mail->parts[i] = (struct part){.size_bytes = 9 + i, .hash = {(unsigned char)i, i >> 8, 1}};
    add_link(mail, "http://bad.example/");
    gather(mail);
    assert_int_equal(count_of(mail, IDENTITY_ATTACHMENT), 20);
    assert_true(has(mail, IDENTITY_ATTACHMENT, "8f010100000000000000000000000000"));
    assert_true(has(mail, IDENTITY_LINK_DOMAIN, "bad.example"));
}

static void test_item_is_known_by_feed_and_author(void **state)
{
    (void)state;
    struct document *item = document_new(CHANNEL_FEED);
    item->feed = SPAN("planet");
    item->author = SPAN("Ann");
    gather(item);
    assert_true(has(item, IDENTITY_FEED, "planet"));
    assert_true(has(item, IDENTITY_AUTHOR, "planet ann"));
    document_free(item);
}

/* The same things in both fronts: what mail teaches of a link is known of an item. */
static void test_both_channels_write_links_alike(void **state)
{
    (void)state;
    struct document *item = document_new(CHANNEL_FEED);
    config.identities.url_shorteners = list_of("sh.example\n");
    static const char *const urls[] = {"HTTP://User@WWW.Shop.Example.CO.UK:8080/buy?x#y",
                                       "//b\xc3\xbc"
                                       "cher.example/",
                                       "http://0x7f.1/", "https://SH.example/Q"};
    for (size_t i = 0; i < 4; i++) {
        add_link(mail, urls[i]);
        add_link(item, urls[3 - i]);
    }
    gather(mail);
    gather(item);
    assert_int_equal(mail->identity_count, item->identity_count);
    for (size_t i = 0; i < mail->identity_count; i++)
        assert_true(has(item, mail->identities[i].type,
                        arena_copy(mail->arena, mail->identities[i].value).data));
    assert_true(has(item, IDENTITY_LINK_DOMAIN, "xn--bcher-kva.example"));
    assert_true(has(item, IDENTITY_LINK_HOST, "127.0.0.1"));
    document_free(item);
}

static void fill_shingles(struct document *document)
{
    document->shingle_pairs = 30;
    for (size_t i = 0; i < SHINGLE_BINS; i++)
        document->shingles[i] = 0x0123456789abcdefu * (i + 1);
}

static void test_text_alike_in_one_band_shares_that_shingle(void **state)
{
    (void)state;
    struct document *other = document_new(CHANNEL_FEED);
    fill_shingles(mail);
    fill_shingles(other);
    for (size_t i = 0; i < SHINGLE_BINS; i++)
        if (i / 4 != 2)
            other->shingles[i]++;
    gather(mail);
    gather(other);
    assert_int_equal(count_of(mail, IDENTITY_SHINGLE), 8);
    size_t shared = 0;
    for (size_t i = 0; i < mail->identity_count; i++) {
        assert_int_equal(mail->identities[i].value.length, 16);
        for (size_t j = 0; j < other->identity_count; j++)
            shared += span_equal(mail->identities[i].value, other->identities[j].value);
    }
    assert_int_equal(shared, 1);
    document_free(other);
}

/* Texts so short that bins stay empty are not alike for that. */
static void test_empty_bins_tie_nobody(void **state)
{
    (void)state;
    struct document *other = document_new(CHANNEL_FEED);
    mail->shingle_pairs = other->shingle_pairs = 30;
    memset(mail->shingles, 0xff, sizeof mail->shingles);
    memset(other->shingles, 0xff, sizeof other->shingles);
    for (size_t i = 0; i < SHINGLE_BINS; i += 8) {
        mail->shingles[i + 3] = i + 1;
        other->shingles[i + 3] = i + 1000;
    }
    other->shingles[3] = mail->shingles[3];
    gather(mail);
    gather(other);
    assert_int_equal(count_of(mail, IDENTITY_SHINGLE), 8);
    for (size_t i = 0; i < mail->identity_count; i++)
        if (has(other, IDENTITY_SHINGLE, arena_copy(mail->arena, mail->identities[i].value).data))
            assert_true(i == 0 || i == 7); /* bands that the one common bin alone fills */
    document_free(other);
}

static void test_little_text_has_no_shingles(void **state)
{
    (void)state;
    fill_shingles(mail);
    mail->shingle_pairs = 29;
    gather(mail);
    assert_int_equal(mail->identity_count, 0);
}

/* --- gatherers that wait: each reads bytes from a pipe of its own and is done at 'd' --- */

#define FAKES 2

static struct fake {
    int pipe[2];
    int starts, resumes, given_up;
    bool done;
} fakes[FAKES];

static int open_fakes(void **state)
{
    memset(fakes, 0, sizeof fakes);
    for (size_t i = 0; i < FAKES; i++)
        if (pipe(fakes[i].pipe))
            return -1;
    return set_up(state);
}

static int close_fakes(void **state)
{
    for (size_t i = 0; i < FAKES; i++) {
        close(fakes[i].pipe[0]);
        close(fakes[i].pipe[1]);
    }
    return tear_down(state);
}

static enum gather_state start_fake(struct fake *fake, void **state, int *wait_fd)
{
    fake->starts++;
    *state = fake;
    *wait_fd = fake->pipe[0];
    return GATHER_WAITING;
}

static enum gather_state start_first(struct document *document, const struct config *settings,
                                     void **state, int *wait_fd)
{
    (void)settings, (void)document;
    return start_fake(&fakes[0], state, wait_fd);
}

static enum gather_state start_second(struct document *document, const struct config *settings,
                                      void **state, int *wait_fd)
{
    (void)settings, (void)document;
    return start_fake(&fakes[1], state, wait_fd);
}

static enum gather_state start_done_at_once(struct document *document,
                                            const struct config *settings, void **state,
                                            int *wait_fd)
{
    (void)settings, (void)document, (void)state, (void)wait_fd;
    fakes[0].starts++;
    return GATHER_DONE;
}

static enum gather_state resume_fake(struct document *document, void *state, int *wait_fd)
{
    (void)document, (void)wait_fd;
    struct fake *fake = state;
    char byte = 0;
    fake->resumes++;
    if (read(fake->pipe[0], &byte, 1) == 1 && byte == 'p')
        assert_int_equal(write(fakes[1].pipe[1], "d", 1), 1);
    fake->done = byte == 'd';
    return fake->done ? GATHER_DONE : GATHER_WAITING;
}

static enum gather_state resume_never_done(struct document *document, void *state, int *wait_fd)
{
    (void)document, (void)wait_fd;
    ((struct fake *)state)->resumes++;
    return GATHER_WAITING;
}

static void give_up_fake(struct document *document, void *state)
{
    (void)document;
    ((struct fake *)state)->given_up++;
}

static const struct gatherer first = {"first", CHANNEL_ANY, start_first, resume_fake, give_up_fake};
static const struct gatherer second = {"second", CHANNEL_MAIL, start_second, resume_fake,
                                       give_up_fake};

static int64_t clock_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void run_rows(const struct gatherer *rows, size_t count, struct document *document,
                     unsigned deadline_ms)
{
    config.gather_deadline_ms = deadline_ms;
    gatherers_run(rows, count, document, &config);
}

static void test_done_at_once_is_not_waited_for(void **state)
{
    (void)state;
    const struct gatherer row = {"at once", CHANNEL_ANY, start_done_at_once, NULL, NULL};
    int64_t before = clock_ms();
    run_rows(&row, 1, mail, 5000);
    assert_int_equal(fakes[0].starts, 1);
    assert_in_range(clock_ms() - before, 0, 2500);
}

static void test_waiting_one_is_resumed_until_done(void **state)
{
    (void)state;
    assert_int_equal(write(fakes[0].pipe[1], "..d", 3), 3);
    run_rows(&first, 1, mail, 5000);
    assert_int_equal(fakes[0].resumes, 3);
    assert_true(fakes[0].done);
    assert_int_equal(fakes[0].given_up, 0);
}

/* The second becomes readable only when the first was resumed, and the first is done only after
 * another byte: neither can be run to its end before the other. */
static void test_waiting_ones_run_side_by_side(void **state)
{
    (void)state;
    const struct gatherer rows[] = {second, first};
    assert_int_equal(write(fakes[0].pipe[1], "pd", 2), 2);
    run_rows(rows, 2, mail, 5000);
    assert_true(fakes[0].done);
    assert_true(fakes[1].done);
}

static void test_who_misses_the_deadline_gives_up(void **state)
{
    (void)state;
    const struct gatherer rows[] = {first, second};
    assert_int_equal(write(fakes[1].pipe[1], "d", 1), 1);
    int64_t before = clock_ms();
    run_rows(rows, 2, mail, 50);
    assert_int_equal(fakes[0].given_up, 1);
    assert_true(fakes[1].done);
    assert_int_equal(fakes[1].given_up, 0);
    assert_in_range(clock_ms() - before, 49, 2000);
}

static void test_always_readable_one_is_stopped_by_the_deadline(void **state)
{
    (void)state;
    const struct gatherer row = {"never", CHANNEL_ANY, start_first, resume_never_done,
                                 give_up_fake};
    assert_int_equal(write(fakes[0].pipe[1], "x", 1), 1);
    run_rows(&row, 1, mail, 30);
    assert_true(fakes[0].resumes > 0);
    assert_int_equal(fakes[0].given_up, 1);
}

static void test_other_channels_gatherers_do_not_start(void **state)
{
    (void)state;
    struct document *item = document_new(CHANNEL_FEED);
    run_rows(&second, 1, item, 1000);
    assert_int_equal(fakes[1].starts, 0);
    document_free(item);
}

#define ON_MAIL(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
#define ON_PIPES(test) cmocka_unit_test_setup_teardown(test, open_fakes, close_fakes)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_MAIL(test_ipv4_client_is_known_by_address_and_network),
        ON_MAIL(test_ipv6_client_is_known_by_address_and_both_networks),
        ON_MAIL(test_ipv4_in_ipv6_is_the_ipv4_client),
        ON_MAIL(test_client_is_known_by_its_autonomous_system),
        ON_MAIL(test_what_is_no_address_gives_no_client),
        ON_MAIL(test_internal_client_says_nothing),
        ON_MAIL(test_sender_domains_are_registrable_domains),
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
        ON_MAIL(test_links_give_hosts_and_domains),
        ON_MAIL(test_behind_a_shortener_host_and_path_count),
        ON_MAIL(test_ten_links_to_one_place_are_one_fact),
        ON_MAIL(test_many_hosts_of_one_domain_crowd_no_other_out),
        ON_MAIL(test_what_stands_in_front_does_not_decide_which_links_count),
        ON_MAIL(test_at_most_fifty_hosts_are_taken),
        ON_MAIL(test_attachment_is_known_by_its_hash),
        ON_MAIL(test_small_attachments_crowd_no_link_and_no_large_one_out),
        ON_MAIL(test_both_channels_write_links_alike),
        ON_MAIL(test_item_is_known_by_feed_and_author),
        ON_MAIL(test_text_alike_in_one_band_shares_that_shingle),
        ON_MAIL(test_empty_bins_tie_nobody),
        ON_MAIL(test_little_text_has_no_shingles),
        ON_PIPES(test_done_at_once_is_not_waited_for),
        ON_PIPES(test_waiting_one_is_resumed_until_done),
        ON_PIPES(test_waiting_ones_run_side_by_side),
        ON_PIPES(test_who_misses_the_deadline_gives_up),
        ON_PIPES(test_always_readable_one_is_stopped_by_the_deadline),
        ON_PIPES(test_other_channels_gatherers_do_not_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
