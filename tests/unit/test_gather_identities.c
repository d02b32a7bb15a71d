#include <config.h>

#include "gathering.h"
#include "mmdb_file.h"
#include "tests/unit/rounds.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

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
/* Of `documents`: in how many the one among a thousand is one of the fifty that count. */
static size_t documents_with_last_of_many(unsigned documents, bool in_front)
{
    size_t found = 0;
    for (unsigned n = 0; n < documents; n++) {
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
    unsigned documents = 400;
    size_t last = documents_with_last_of_many(documents, false);
    assert_in_range(last, documents / 80, documents * 9 / 80);
    assert_int_equal(documents_with_last_of_many(documents, true), last);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_MAIL(test_ipv4_client_is_known_by_address_and_network),
        ON_MAIL(test_ipv6_client_is_known_by_address_and_both_networks),
        ON_MAIL(test_ipv4_in_ipv6_is_the_ipv4_client),
        ON_MAIL(test_client_is_known_by_its_autonomous_system),
        ON_MAIL(test_what_is_no_address_gives_no_client),
        ON_MAIL(test_internal_client_says_nothing),
        ON_MAIL(test_links_give_hosts_and_domains),
        ON_MAIL(test_behind_a_shortener_host_and_path_count),
        ON_MAIL(test_ten_links_to_one_place_are_one_fact),
        ON_MAIL(test_many_hosts_of_one_domain_crowd_no_other_out),
        with_sanitizers_only(ON_MAIL(test_what_stands_in_front_does_not_decide_which_links_count)),
        ON_MAIL(test_at_most_fifty_hosts_are_taken),
        ON_MAIL(test_attachment_is_known_by_its_hash),
        ON_MAIL(test_small_attachments_crowd_no_link_and_no_large_one_out),
        ON_MAIL(test_both_channels_write_links_alike),
        ON_MAIL(test_item_is_known_by_feed_and_author),
        ON_MAIL(test_text_alike_in_one_band_shares_that_shingle),
        ON_MAIL(test_empty_bins_tie_nobody),
        ON_MAIL(test_little_text_has_no_shingles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
