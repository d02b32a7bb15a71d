/* feed_filter with records of its own and no counts store: a check decides by the title. */
#include "feedfilter/feed_filter.h"

#include "core/text.h"
#include "core/url.h"
#include "tests/unit/records_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define HAM "Painting the hull again"
#define SPAM "cheap watches, buy watches online | replica watches - watches"

#define ITEM(guid, title) "<item><guid>" guid "</guid><title>" title "</title></item>"
#define RSS(items) "<rss><channel><title>Planet</title>" items "</channel></rss>"

struct filtering {
    struct fixture *records;
    struct config *config;
    struct feed_judge judge;
    struct feed_http http;
    struct filtered_feed *feed;
    char *output;
};

static void prepare_nothing(struct feed_judge *judge)
{
    (void)judge;
}

static int set_up(void **state)
{
    struct filtering *filtering = calloc(1, sizeof *filtering);
    if (records_set_up(state) != 0)
        return -1;
    filtering->records = *state;
    filtering->config = config_defaults();
    filtering->config->feedfilter.mode = MODE_ENFORCE;
    filtering->config->thresholds = (struct thresholds){.tag = 0.55, .hold = 0.6, .reject = 2};
    filtering->config->checks.weights[checks_find("TITLE_STUFFED")] = 4;
    filtering->judge = (struct feed_judge){.config = filtering->config,
                                           .prepare = prepare_nothing,
                                           .records = filtering->records->records};
    filtering->http = (struct feed_http){.own_address = SPAN("http://gw.example/f/planet"),
                                         .upstream = SPAN("http://planet.example/feeds/rss"),
                                         .now_s = time(NULL),
                                         .put_back_s = 3600};
    *state = filtering;
    return 0;
}

static int tear_down(void **state)
{
    struct filtering *filtering = *state;
    filtered_feed_free(filtering->feed);
    free(filtering->output);
    config_release(filtering->config);
    *state = filtering->records;
    free(filtering);
    return records_tear_down(state);
}

/* What comes out of `bytes`; kept until the next call. */
static const char *filter(struct filtering *filtering, const char *bytes, const char *name,
                          bool http)
{
    filtered_feed_free(filtering->feed);
    filtering->feed = feed_filter(&filtering->judge, span_of(bytes), span_of(name),
                                  http ? &filtering->http : NULL);
    size_t length = 0;
    free(filtering->output);
    FILE *out = open_memstream(&filtering->output, &length);
    for (size_t i = 0; i < filtering->feed->piece_count; i++)
        fwrite(filtering->feed->pieces[i].data, 1, filtering->feed->pieces[i].length, out);
    fclose(out);
    return filtering->output;
}

static const char *through_pipe(struct filtering *filtering, const char *bytes)
{
    return filter(filtering, bytes, "planet", false);
}

static const char *over_http(struct filtering *filtering, const char *bytes)
{
    return filter(filtering, bytes, "planet", true);
}

static void test_spam_is_cut_and_no_other_byte(void **state)
{
    struct filtering *filtering = *state;
    const char *output =
        through_pipe(filtering, RSS(ITEM("a", HAM) "\r\n" ITEM("b", SPAM) "<!-- x -->"));
    assert_string_equal(output, RSS(ITEM("a", HAM) "\r\n"
                                                   "<!-- x -->"));
    assert_int_equal(filtering->feed->items, 2);
    assert_int_equal(filtering->feed->held, 1);
    assert_int_equal(filtering->feed->tagged, 0);
}

static void test_what_is_no_feed_passes_unparsed(void **state)
{
    struct filtering *filtering = *state;
    assert_string_equal(over_http(filtering, "404 page not found\n"), "404 page not found\n");
    assert_true(filtering->feed->unparsed);
    assert_true(filtering->feed->trouble.message[0] != '\0');
}

static void test_nothing_makes_no_pieces(void **state)
{
    struct filtering *filtering = *state;
    assert_string_equal(over_http(filtering, ""), "");
    assert_int_equal(filtering->feed->piece_count, 0);
    assert_true(filtering->feed->unparsed);
}

static void test_broken_feed_is_judged_and_says_what_is_wrong(void **state)
{
    struct filtering *filtering = *state;
    const char *output = through_pipe(filtering, RSS(ITEM("a", "T & T") ITEM("b", SPAM)));
    assert_string_equal(output, RSS(ITEM("a", "T & T")));
    assert_true(filtering->feed->not_well_formed);
    assert_non_null(strstr(filtering->feed->trouble.message, "line 1"));
}

static void test_feed_without_a_name_has_the_one_it_gives_itself(void **state)
{
    struct filtering *filtering = *state;
    filter(filtering, RSS(ITEM("a", HAM)), "", false);
    assert_true(span_equal(filtering->feed->name, SPAN("Planet")));
    filter(filtering, RSS(ITEM("a", HAM)), "given", false);
    assert_true(span_equal(filtering->feed->name, SPAN("given")));
}

static void test_pipe_leaves_links_alone(void **state)
{
    struct filtering *filtering = *state;
    static const char feed[] = "<feed xmlns=\"http://www.w3.org/2005/Atom\">"
                               "<link rel=\"self\" href=\"http://planet.example/a\"/>"
                               "<link rel=\"hub\" href=\"http://hub.example/\"/>"
                               "<entry><id>1</id><title>" HAM "</title></entry></feed>";
    assert_string_equal(through_pipe(filtering, feed), feed);
}

static void test_http_keeps_readers_on_the_gateway(void **state)
{
    struct filtering *filtering = *state;
    const char *output =
        over_http(filtering, "<feed xmlns=\"http://www.w3.org/2005/Atom\">"
                             "<link rel=\"self\" href=\"http://planet.example/a\"/>"
                             "<link rel=\"hub\" href=\"http://hub.example/\"/>"
                             "<entry><id>1</id><title>" HAM "</title></entry>"
                             "</feed>");
    assert_non_null(strstr(output, "href=\"http://gw.example/f/planet\""));
    assert_null(strstr(output, "planet.example"));
    assert_null(strstr(output, "hub.example"));
}

static void test_tagged_items_are_marked(void **state)
{
    struct filtering *filtering = *state;
    filtering->judge.mode = FEED_TAG;
    const char *output = over_http(filtering, RSS(ITEM("a", HAM) ITEM("b", SPAM)));
    assert_non_null(strstr(output, "<title>[spam] " SPAM));
    assert_non_null(strstr(output, "<title>" HAM));
    assert_int_equal(filtering->feed->tagged, 1);
    assert_int_equal(filtering->feed->held, 0);
}

static void test_nothing_is_cut_that_cannot_be_recorded(void **state)
{
    struct filtering *filtering = *state;
    run_sql(filtering->records, "DROP TABLE judged");
    const char *output = through_pipe(filtering, RSS(ITEM("a", HAM) ITEM("b", SPAM)));
    assert_string_equal(output, RSS(ITEM("a", HAM) ITEM("b", SPAM)));
    assert_true(filtering->feed->records_failed);
    assert_non_null(strstr(filtering->feed->trouble.message, "judged"));
}

#define filtering(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    text_init();
    url_init();
    const struct CMUnitTest tests[] = {
        filtering(test_spam_is_cut_and_no_other_byte),
        filtering(test_what_is_no_feed_passes_unparsed),
        filtering(test_nothing_makes_no_pieces),
        filtering(test_broken_feed_is_judged_and_says_what_is_wrong),
        filtering(test_feed_without_a_name_has_the_one_it_gives_itself),
        filtering(test_pipe_leaves_links_alone),
        filtering(test_http_keeps_readers_on_the_gateway),
        filtering(test_tagged_items_are_marked),
        filtering(test_nothing_is_cut_that_cannot_be_recorded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
