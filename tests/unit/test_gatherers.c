#include "core/gatherers.h"

#include "core/text.h"
#include "core/url.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

static struct document *mail;

static int set_up(void **state)
{
    (void)state;
    text_init();
    url_init();
    mail = document_new(CHANNEL_MAIL);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    document_free(mail);
    return 0;
}

static void gather(struct document *document)
{
    size_t count;
    const struct gatherer *rows = gatherers_all(&count);
    gatherers_run(rows, count, document, 1000);
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

static void test_at_most_fifty_hosts_are_taken(void **state)
{
    (void)state;
    for (size_t i = 0; i < 80; i++)
        document_add_link(mail, arena_printf(mail->arena, "http://h%zu.example.org/", i),
                          (struct span){0}, false);
    gather(mail);
    assert_int_equal(count_of(mail, IDENTITY_LINK_HOST), 50);
    assert_int_equal(count_of(mail, IDENTITY_LINK_DOMAIN), 1);
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

static void fill_shingles(struct document *document)
{
    document->shingle_pairs = 30;
    for (size_t i = 0; i < 16; i++)
        document->shingles[i] = 0x0123456789abcdefu * (i + 1);
}

static void test_text_alike_in_one_band_shares_that_shingle(void **state)
{
    (void)state;
    struct document *other = document_new(CHANNEL_FEED);
    fill_shingles(mail);
    fill_shingles(other);
    for (size_t i = 0; i < 16; i++)
        if (i / 4 != 2)
            other->shingles[i]++;
    gather(mail);
    gather(other);
    assert_int_equal(count_of(mail, IDENTITY_SHINGLE), 4);
    size_t shared = 0;
    for (size_t i = 0; i < mail->identity_count; i++) {
        assert_int_equal(mail->identities[i].value.length, 16);
        for (size_t j = 0; j < other->identity_count; j++)
            shared += span_equal(mail->identities[i].value, other->identities[j].value);
    }
    assert_int_equal(shared, 1);
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

static enum gather_state start_first(struct document *document, void **state, int *wait_fd)
{
    (void)document;
    return start_fake(&fakes[0], state, wait_fd);
}

static enum gather_state start_second(struct document *document, void **state, int *wait_fd)
{
    (void)document;
    return start_fake(&fakes[1], state, wait_fd);
}

static enum gather_state start_done_at_once(struct document *document, void **state, int *wait_fd)
{
    (void)document, (void)state, (void)wait_fd;
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

static void test_done_at_once_is_not_waited_for(void **state)
{
    (void)state;
    const struct gatherer row = {"at once", CHANNEL_ANY, start_done_at_once, NULL, NULL};
    int64_t before = clock_ms();
    gatherers_run(&row, 1, mail, 5000);
    assert_int_equal(fakes[0].starts, 1);
    assert_in_range(clock_ms() - before, 0, 2500);
}

static void test_waiting_one_is_resumed_until_done(void **state)
{
    (void)state;
    assert_int_equal(write(fakes[0].pipe[1], "..d", 3), 3);
    gatherers_run(&first, 1, mail, 5000);
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
    gatherers_run(rows, 2, mail, 5000);
    assert_true(fakes[0].done);
    assert_true(fakes[1].done);
}

static void test_who_misses_the_deadline_gives_up(void **state)
{
    (void)state;
    const struct gatherer rows[] = {first, second};
    assert_int_equal(write(fakes[1].pipe[1], "d", 1), 1);
    int64_t before = clock_ms();
    gatherers_run(rows, 2, mail, 50);
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
    gatherers_run(&row, 1, mail, 30);
    assert_true(fakes[0].resumes > 0);
    assert_int_equal(fakes[0].given_up, 1);
}

static void test_other_channels_gatherers_do_not_start(void **state)
{
    (void)state;
    struct document *item = document_new(CHANNEL_FEED);
    gatherers_run(&second, 1, item, 1000);
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
        ON_MAIL(test_what_is_no_address_gives_no_client),
        ON_MAIL(test_internal_client_says_nothing),
        ON_MAIL(test_sender_domains_are_registrable_domains),
        ON_MAIL(test_address_literal_is_no_domain),
        ON_MAIL(test_null_sender_has_no_pairs),
        ON_MAIL(test_pairs_are_made_of_at_most_ten_recipients),
        ON_MAIL(test_links_give_hosts_and_domains),
        ON_MAIL(test_at_most_fifty_hosts_are_taken),
        ON_MAIL(test_attachment_is_known_by_its_hash),
        ON_MAIL(test_item_is_known_by_feed_and_author),
        ON_MAIL(test_text_alike_in_one_band_shares_that_shingle),
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
