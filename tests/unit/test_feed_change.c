/* A feed whose domain is resold mid-way is held; a feed that changes as honest ones do is not. With
 * feed_judge, records and a counts store as they are; all text is drawn from a seed. */
#include "core/checks.h"
#include "core/feed_profile.h"
#include "core/features.h"
#include "core/log.h"
#include "core/url.h"
#include "feedfilter/feed_judge.h"
#include "store/memory.h"
#include "tests/unit/counts_place.h"
#include "tests/unit/records_new.h"
#include "tests/unit/rounds.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#define STEADY_FEEDS 100
#define RESOLD_FEEDS 10
#define BEFORE 40 /* items, in polls of ten */
#define AFTER 20  /* items, one a poll */
#define POLL_ITEMS 10
#define ITEM_BYTES 4096

struct fixture {
    char directory[64], path[96];
    struct counts_place *place;
    struct counts_store *store;
    struct replica *replica;
    struct config *config;
    struct feed_judge judge;
    uint64_t random;
};

static int set_up(void **state)
{
    struct fixture *fixture = memory_new(sizeof *fixture);
    struct error error = {0};
    fixture->place = counts_place_start(&counts_place_sqlite);
    fixture->store = counts_open(counts_place_url(fixture->place), NULL, &error);
    assert_non_null(fixture->store);
    fixture->replica = replica_new(fixture->store, NULL);
    assert_true(replica_catch_up(fixture->replica, &error));
    snprintf(fixture->directory, sizeof fixture->directory, "/tmp/weir-feed-change-XXXXXX");
    assert_non_null(mkdtemp(fixture->directory));
    snprintf(fixture->path, sizeof fixture->path, "%s/feeds.db", fixture->directory);
    fixture->config = config_defaults();
    fixture->config->feedfilter.mode = MODE_ENFORCE;
    fixture->judge = (struct feed_judge){
        .config = fixture->config,
        .judge = {.store = fixture->store, .replica = fixture->replica},
        .records = records_new(fixture->path, &error),
    };
    *state = fixture;
    return fixture->judge.records ? 0 : -1;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    static const char *const ends[] = {"", "-wal", "-shm"};
    records_close(fixture->judge.records);
    for (size_t i = 0; i < 3; i++) {
        char name[128];
        snprintf(name, sizeof name, "%s%s", fixture->path, ends[i]);
        unlink(name);
    }
    int removed = rmdir(fixture->directory);
    replica_free(fixture->replica);
    counts_close(fixture->store);
    counts_place_free(fixture->place);
    config_release(fixture->config);
    free(fixture);
    return removed;
}

/* --- text --- */

static unsigned draw(uint64_t *random, unsigned below)
{
    *random = *random * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(*random >> 33) % below;
}

static const char *const function_words[] = {
    "the",   "of",   "and",   "to",    "in",   "that",  "is",   "was",  "for",  "on",
    "with",  "as",   "by",    "at",    "from", "it",    "be",   "this", "have", "not",
    "but",   "are",  "they",  "which", "one",  "all",   "were", "when", "we",   "there",
    "can",   "an",   "more",  "if",    "will", "about", "up",   "out",  "so",   "what",
    "their", "some", "would", "into",  "them", "than",  "its",  "over"};

static const char *const casino_words[] = {
    "casino",  "slots",   "bonus",  "jackpot", "poker",     "roulette", "betting",  "odds",
    "deposit", "spins",   "payout", "wager",   "blackjack", "dealer",   "baccarat", "gambling",
    "win",     "winner",  "free",   "play",    "online",    "register", "account",  "cash",
    "vip",     "welcome", "offer",  "promo",   "code",      "lucky",    "reels",    "stake"};

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* A made-up word: the same for the same number. */
static void put_word(char **at, unsigned number)
{
    static const char consonants[] = "bdfgklmnprstvz", vowels[] = "aeiou";
    uint64_t random = number * 2654435761u + 17;
    for (unsigned i = 0; i < 3; i++) {
        *(*at)++ = consonants[draw(&random, 14)];
        *(*at)++ = vowels[draw(&random, 5)];
    }
    *(*at)++ = ' ';
}

static void put(char **at, const char *text)
{
    *at = stpcpy(*at, text);
}

static const char *const german_words[] = {
    "der",  "die",  "und",   "nicht",  "mit",   "ist",   "von",     "auf",   "dem",
    "sich", "eine", "auch",  "nach",   "wird",  "noch",  "wie",     "oder",  "aber",
    "wenn", "nur",  "haben", "werden", "einen", "sind",  "zum",     "durch", "kann",
    "mehr", "uns",  "schon", "diese",  "unter", "gegen", "immer",   "jetzt", "sehr",
    "hier", "doch", "dann",  "zwei",   "Jahre", "ohne",  "zwischen"};

enum kind {
    KIND_STEADY,
    KIND_PLAIN, /* steady, without links */
    /* Honest changes. */
    KIND_REDESIGNED,
    KIND_OTHER_SUBJECT, /* and other sites */
    KIND_OTHER_LANGUAGE,
    KIND_EXCERPTS,
    KIND_SOURCES,   /* a new site in each item */
    KIND_SPONSORED, /* by a casino, in one sentence under each item */
    /* New owners. */
    KIND_RESOLD,
    KIND_RESOLD_INWARD,    /* links to nothing but its own site */
    KIND_RESOLD_AFFILIATE, /* to one other */
    KIND_RESOLD_SHORT,     /* few words, no links */
    KIND_RESOLD_SCRAPED    /* the old text with such words strewn in, a new site in each */
};

/* A word of the topic: one of sixty of the feed's own, or of gambling. */
static void put_topic(struct fixture *fixture, char **at, unsigned feed, enum kind kind)
{
    bool sold = kind == KIND_RESOLD_SCRAPED ? draw(&fixture->random, 2) == 0 : kind >= KIND_RESOLD;
    if (sold) {
        put(at, casino_words[draw(&fixture->random, COUNT(casino_words))]);
        put(at, " ");
    } else {
        unsigned subject = kind == KIND_OTHER_SUBJECT ? 500 : 0;
        put_word(at, 100000 + feed * 1000 + subject + draw(&fixture->random, 60));
    }
}

/* Of ten words five are of the language, three of the topic and two of a wide vocabulary. */
static void put_text(struct fixture *fixture, char **at, unsigned words, unsigned feed,
                     enum kind kind)
{
    for (unsigned i = 0; i < words; i++) {
        unsigned which = draw(&fixture->random, 10);
        if (which < 5) {
            put(at, kind == KIND_OTHER_LANGUAGE
                        ? german_words[draw(&fixture->random, COUNT(german_words))]
                        : function_words[draw(&fixture->random, COUNT(function_words))]);
            put(at, " ");
        } else if (which < 8) {
            put_topic(fixture, at, feed, kind);
        } else {
            put_word(at, draw(&fixture->random, 5000));
        }
    }
}

static void put_link(char **at, const char *host, unsigned number)
{
    *at += sprintf(*at, " &lt;a href='https://%s%u.example/'&gt;more&lt;/a&gt;", host, number);
}

static void put_footer(char **at, unsigned feed, unsigned number)
{
    *at += sprintf(*at,
                   "&lt;/p&gt;&lt;div class='footer'&gt;&lt;img src='/logo.png'&gt; Subscribe to "
                   "our new weekly letter, follow the team, and read our privacy notice. "
                   "&lt;a href='https://click%u.track.example/?utm_source=rss&amp;amp;i=%u'&gt;"
                   "Read it here&lt;/a&gt; &lt;a href='https://social.example/share?u=%u'&gt;"
                   "Share&lt;/a&gt;&lt;/div&gt;",
                   feed, number, number);
}

/* What stands under the text. */
static void put_end(struct fixture *fixture, char **at, unsigned feed, unsigned number,
                    enum kind kind)
{
    if (kind == KIND_STEADY)
        put_link(at, "friend", feed * 10 + draw(&fixture->random, 4));
    else if (kind == KIND_REDESIGNED)
        put_footer(at, feed, number);
    else if (kind == KIND_RESOLD)
        put_link(at, "lucky", draw(&fixture->random, 40));
    else if (kind == KIND_RESOLD_INWARD || kind == KIND_EXCERPTS)
        put_link(at, "site", feed);
    else if (kind == KIND_RESOLD_AFFILIATE)
        put_link(at, "casino", feed);
    else if (kind == KIND_RESOLD_SCRAPED)
        put_link(at, "casino", number);
    else if (kind == KIND_SOURCES || kind == KIND_OTHER_SUBJECT)
        put_link(at, "source", number);
    else if (kind == KIND_SPONSORED)
        put(at, "This week is sponsored by &lt;a href='https://spin.example/'&gt;Lucky Casino"
                "&lt;/a&gt;: a welcome bonus of 100 free spins.");
}

/* The item as it stands in the feed. */
static void put_item(struct fixture *fixture, char **at, unsigned feed, unsigned number,
                     enum kind kind)
{
    unsigned words = 60 + draw(&fixture->random, 80);
    if (kind == KIND_RESOLD_SHORT || kind == KIND_EXCERPTS)
        words /= 4;
    *at += sprintf(*at, "<item><guid>%u-%u</guid><title>", feed, number);
    put_text(fixture, at, 6, feed, kind);
    *at += sprintf(*at, "</title><link>https://site%u.example/%u</link><description>&lt;p&gt;",
                   feed, number);
    put_text(fixture, at, words, feed, kind);
    put_end(fixture, at, feed, number, kind);
    put(at, "&lt;/p&gt;</description></item>");
}

/* --- polls --- */

/* Judges `count` new items of the feed, from number `first` on; how many were held. */
static size_t poll(struct fixture *fixture, unsigned feed, unsigned first, unsigned count,
                   enum kind kind)
{
    static char text[POLL_ITEMS * ITEM_BYTES + 256];
    char *at = text, name[32];
    struct error error = {0};
    struct feed_encoding encoding;
    struct feed_ranges ranges;
    enum item_fate fates[POLL_ITEMS] = {ITEM_PASSES};
    size_t held = 0;
    at += sprintf(at, "<rss><channel><title>Site %u</title>", feed);
    for (unsigned i = 0; i < count; i++)
        put_item(fixture, &at, feed, first + i, kind);
    at = stpcpy(at, "</channel></rss>");
    struct span bytes = {text, (size_t)(at - text)};
    struct arena *arena = arena_new();
    struct feed *read = feed_read(bytes, (struct span){NULL, 0}, &error);
    assert_non_null(read);
    assert_true(feed_encoding_find(bytes, (struct span){NULL, 0}, &encoding, &error));
    assert_true(feed_lex(arena, bytes, &encoding, &ranges, &error));
    snprintf(name, sizeof name, "site-%u", feed);
    if (!feed_judge(&fixture->judge, read, span_of(name), bytes, &ranges, fates, &error))
        fail_msg("%s", error.message);
    for (unsigned i = 0; i < count; i++)
        held += fates[i] == ITEM_IS_CUT;
    feed_free(read);
    arena_free(arena);
    return held;
}

static void live_as(struct fixture *fixture, unsigned feed, enum kind kind)
{
    fixture->random = 1000 + feed;
    for (unsigned i = 0; i < BEFORE; i += POLL_ITEMS)
        assert_int_equal(poll(fixture, feed, i, POLL_ITEMS, kind), 0);
}

static void live(struct fixture *fixture, unsigned feed)
{
    live_as(fixture, feed, KIND_STEADY);
}

/* Each of a hundred feeds; every second has no links. */
static void change(struct fixture *fixture, enum kind kind)
{
    for (unsigned feed = 0; feed < rounds(STEADY_FEEDS, 4); feed++) {
        live_as(fixture, feed, feed % 2 ? KIND_PLAIN : KIND_STEADY);
        for (unsigned i = 0; i < AFTER; i++)
            if (poll(fixture, feed, BEFORE + i, 1, kind))
                fail_msg("feed %u: item %u after its change is held", feed, i + 1);
    }
}

static void test_a_new_design_holds_nothing(void **state)
{
    change(*state, KIND_REDESIGNED);
}

static void test_another_subject_holds_nothing(void **state)
{
    change(*state, KIND_OTHER_SUBJECT);
}

static void test_another_language_holds_nothing(void **state)
{
    change(*state, KIND_OTHER_LANGUAGE);
}

static void test_excerpts_in_place_of_articles_hold_nothing(void **state)
{
    change(*state, KIND_EXCERPTS);
}

static void test_a_new_source_in_each_item_holds_nothing(void **state)
{
    change(*state, KIND_SOURCES);
}

static void test_a_casino_as_a_sponsor_holds_nothing(void **state)
{
    change(*state, KIND_SPONSORED);
}

static void sell(struct fixture *fixture, unsigned feed, enum kind before, enum kind after)
{
    live_as(fixture, feed, before);
    unsigned passed = 0;
    while (passed < AFTER && !poll(fixture, feed, BEFORE + passed, 1, after))
        passed++;
    if (passed >= 10)
        fail_msg("feed %u: %u items of its new owner passed", feed, passed);
    unsigned held = 1;
    for (unsigned i = passed + 1; i < AFTER; i++)
        held += poll(fixture, feed, BEFORE + i, 1, after) > 0;
    if (held * 4 < (AFTER - passed) * 3)
        fail_msg("feed %u: only %u of %u are held after the first", feed, held, AFTER - passed);
}

static void sell_all(struct fixture *fixture, enum kind before, enum kind after)
{
    for (unsigned feed = 0; feed < rounds(RESOLD_FEEDS, 2); feed++)
        sell(fixture, feed, before, after);
}

static void test_a_resold_domain_is_held_within_ten_items(void **state)
{
    sell_all(*state, KIND_STEADY, KIND_RESOLD);
}

static void test_a_new_owner_who_links_to_the_domain_alone_is_held(void **state)
{
    sell_all(*state, KIND_PLAIN, KIND_RESOLD_INWARD);
}

static void test_a_new_owner_who_links_to_one_site_is_held(void **state)
{
    sell_all(*state, KIND_PLAIN, KIND_RESOLD_AFFILIATE);
}

static void test_a_new_owner_of_few_words_is_held(void **state)
{
    sell_all(*state, KIND_PLAIN, KIND_RESOLD_SHORT);
}

static void test_the_old_text_around_the_new_words_is_held(void **state)
{
    sell_all(*state, KIND_PLAIN, KIND_RESOLD_SCRAPED);
}

/* What the admin releases says that the feed may be so. */
static void test_a_release_lets_the_feed_become_another(void **state)
{
    struct fixture *fixture = *state;
    struct error error = {0};
    unsigned next = BEFORE;
    bool moved = false;
    live(fixture, 0);
    while (!poll(fixture, 0, next++, 1, KIND_RESOLD))
        assert_true(next < BEFORE + 10);
    assert_true(poll(fixture, 0, next++, 1, KIND_RESOLD));
    assert_true(records_held_move(fixture->judge.records, 1, 1u << HELD_HELD, HELD_RELEASED, &moved,
                                  &error));
    assert_true(moved);
    for (unsigned i = 0; i < 40; i++)
        assert_int_equal(poll(fixture, 0, next++, 1, KIND_RESOLD), 0);
}

/* What is spam within an otherwise steady feed now and then is not the feed's change. */
static void test_one_odd_item_is_no_change(void **state)
{
    struct fixture *fixture = *state;
    live(fixture, 0);
    assert_int_equal(poll(fixture, 0, BEFORE, 1, KIND_RESOLD), 0);
    assert_int_equal(poll(fixture, 0, BEFORE + 1, 9, KIND_STEADY), 0);
    assert_int_equal(poll(fixture, 0, BEFORE + 10, 1, KIND_RESOLD), 0);
}

/* --- language and floods, by a clock of the test's --- */

static struct document *item_of(const char *title, const char *html)
{
    struct feed feed = {.format = FEED_RSS, .title = SPAN("Lock")};
    struct feed_item item = {.guid = span_of(title),
                             .link = SPAN("https://lock.example/1"),
                             .title = span_of(title),
                             .content = span_of(html),
                             .content_is_html = true};
    struct document *document = feed_item_document(&feed, &item, SPAN("lock"));
    features_extract(document);
    return document;
}

static struct feed_change come(struct feed_profile *profile, const char *title, const char *html,
                               int64_t now_s)
{
    struct document *document = item_of(title, html);
    feed_profile_compare(profile, document, now_s);
    feed_profile_learn(profile, document, now_s);
    struct feed_change change = document->feed_change;
    document_free(document);
    return change;
}

#define DAY_S 86400
#define ENGLISH "<p>The lock opened late in the morning and the boats went up with the tide.</p>"
#define RUSSIAN                                                                                    \
    "<p>Лучшие ставки на спорт и казино онлайн, бонус за регистрацию каждому игроку сегодня.</p>"

static int64_t live_in_english(struct feed_profile *profile)
{
    int64_t now_s = 1000 * DAY_S;
    feed_profile_decode(profile, "", 0);
    for (unsigned i = 0; i < 60; i++)
        come(profile, "A day at the lock", ENGLISH, now_s += DAY_S / 2);
    return now_s;
}

static void test_another_language_shows(void **state)
{
    (void)state;
    struct feed_profile profile;
    int64_t now_s = live_in_english(&profile);
    assert_true(come(&profile, "Казино", RUSSIAN, now_s += DAY_S).language == 0);
    come(&profile, "Казино", RUSSIAN, now_s += DAY_S);
    come(&profile, "Казино", RUSSIAN, now_s += DAY_S);
    struct document *document = item_of("Казино", RUSSIAN);
    feed_profile_compare(&profile, document, now_s + DAY_S);
    struct span detail = {NULL, 0};
    assert_true(check_feed_language_changed(document, &detail) > 0.9);
    document_free(document);
    assert_true(come(&profile, "A day at the lock", ENGLISH, now_s += 2 * DAY_S).language == 0);
}

/* Items of one of several subjects; how much that shows as a change at the last. */
static double write_about(struct feed_profile *profile, unsigned subject, unsigned items,
                          int64_t *now_s)
{
    uint64_t random = subject;
    double topic = 0;
    for (unsigned i = 0; i < items; i++) {
        char html[1024] = "", *at = html;
        for (unsigned k = 0; k < 20; k++) {
            put(&at, k % 2 ? "the " : function_words[draw(&random, COUNT(function_words))]);
            put(&at, " ");
            put_word(&at, 1000 * subject + draw(&random, 60));
        }
        topic = come(profile, "Notes", html, *now_s += DAY_S / 4).topic;
    }
    return topic;
}

/* What was only tagged is not what the feed is, however much comes of it; but a month later is. */
static void test_another_subject_shows_until_a_month_has_gone(void **state)
{
    (void)state;
    struct feed_profile profile;
    int64_t now_s = 1000 * DAY_S;
    feed_profile_decode(&profile, "", 0);
    assert_true(write_about(&profile, 1, 60, &now_s) == 0);
    assert_true(write_about(&profile, 2, 100, &now_s) == 1);
    assert_true(write_about(&profile, 2, 50, &now_s) == 0);
    assert_true(write_about(&profile, 3, 20, &now_s) == 1);
}

/* A profile as it was kept before it knew words of advertising goes on, and learns them first. */
static void test_a_profile_of_the_layout_before_is_read(void **state)
{
    (void)state;
    struct feed_profile profile, read;
    unsigned char bytes[FEED_PROFILE_BYTES];
    size_t length = 8 + offsetof(struct feed_profile, promotion);
    live_in_english(&profile);
    feed_profile_encode(&profile, bytes);
    assert_true(feed_profile_decode(&read, bytes, sizeof bytes));
    assert_memory_equal(&read, &profile, sizeof read);
    assert_false(feed_profile_decode(&read, bytes, length));
    bytes[7] = 1;
    assert_true(feed_profile_decode(&read, bytes, length));
    assert_int_equal(read.items, profile.items);
    assert_memory_equal(read.words, profile.words, sizeof read.words);
    assert_int_equal(read.promotion_items, 0);
    assert_false(feed_profile_decode(&read, bytes, sizeof bytes));
}

static void test_a_flood_of_one_new_build_shows(void **state)
{
    (void)state;
    struct feed_profile profile;
    struct feed_change change = {.known = false};
    int64_t now_s = live_in_english(&profile);
    for (unsigned i = 0; i < 40; i++)
        change = come(&profile, "Lock news",
                      ENGLISH "<table><tr><td><a href='https://a.example/'>a</a></td></tr></table>",
                      now_s += 60);
    assert_true(change.flood > 0.5);
}

/* After an outage, or while something happens. */
static void test_many_items_as_they_always_were_are_no_flood(void **state)
{
    (void)state;
    struct feed_profile profile;
    int64_t now_s = live_in_english(&profile);
    for (unsigned i = 0; i < 60; i++)
        assert_true(come(&profile, "A day at the lock", ENGLISH, now_s += 60).flood == 0);
}

static void test_a_new_build_at_the_usual_pace_is_no_flood(void **state)
{
    (void)state;
    struct feed_profile profile;
    int64_t now_s = live_in_english(&profile);
    for (unsigned i = 0; i < 60; i++)
        assert_true(
            come(&profile, "Lock news", ENGLISH "<div><img src='/a.png'></div>", now_s += DAY_S / 2)
                .flood == 0);
}

static int start(void **state)
{
    (void)state;
    text_init();
    url_init();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_new_design_holds_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_another_subject_holds_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_another_language_holds_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_excerpts_in_place_of_articles_hold_nothing, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_a_new_source_in_each_item_holds_nothing, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_a_casino_as_a_sponsor_holds_nothing, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_a_resold_domain_is_held_within_ten_items, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_a_new_owner_who_links_to_the_domain_alone_is_held,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_new_owner_who_links_to_one_site_is_held, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_a_new_owner_of_few_words_is_held, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_old_text_around_the_new_words_is_held, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_a_release_lets_the_feed_become_another, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_one_odd_item_is_no_change, set_up, tear_down),
        cmocka_unit_test(test_another_language_shows),
        cmocka_unit_test(test_another_subject_shows_until_a_month_has_gone),
        cmocka_unit_test(test_a_profile_of_the_layout_before_is_read),
        cmocka_unit_test(test_a_flood_of_one_new_build_shows),
        cmocka_unit_test(test_many_items_as_they_always_were_are_no_flood),
        cmocka_unit_test(test_a_new_build_at_the_usual_pace_is_no_flood),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
