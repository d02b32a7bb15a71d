#include "feedfilter/feed_notice.h"

#include <time.h>

#include "feedfilter/put_back.h"

#define TITLE "This feed has ended"
#define TEXT                                                                                       \
    "On %s the site of this feed answered that it is gone for good (410 Gone), and the feed "      \
    "gateway asks for it no more. What you see is the last copy. Remove the subscription, or "     \
    "tell "                                                                                        \
    "who runs the gateway where the feed is now."

/* An item with a place for guid, title, text and time each, and what it stands in. */
struct form {
    const char *head, *item, *time;
};

static const struct form forms[] = {
    [FEED_RSS] = {"<?xml version=\"1.0\" encoding=\"UTF-8\"?><rss version=\"2.0\"><channel>",
                  "<item><guid isPermaLink=\"false\">%s</guid><title>%s</title>"
                  "<description>%s</description><pubDate>%s</pubDate></item>",
                  "%a, %d %b %Y %H:%M:%S GMT"},
    [FEED_RDF] = {"<?xml version=\"1.0\" encoding=\"UTF-8\"?><rdf:RDF "
                  "xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\" "
                  "xmlns=\"http://purl.org/rss/1.0/\" "
                  "xmlns:dc=\"http://purl.org/dc/elements/1.1/\">",
                  "<item rdf:about=\"%s\"><title>%s</title><description>%s</description>"
                  "<dc:date>%s</dc:date></item>",
                  "%Y-%m-%dT%H:%M:%SZ"},
    [FEED_ATOM] = {"<?xml version=\"1.0\" encoding=\"UTF-8\"?>"
                   "<feed xmlns=\"http://www.w3.org/2005/Atom\">",
                   "<entry><id>%s</id><title>%s</title><summary>%s</summary>"
                   "<updated>%s</updated></entry>",
                   "%Y-%m-%dT%H:%M:%SZ"},
    [FEED_JSON] = {"",
                   "{\"id\":\"%s\",\"title\":\"%s\",\"content_text\":\"%s\","
                   "\"date_published\":\"%s\"}",
                   "%Y-%m-%dT%H:%M:%SZ"},
};

/* Of names that subscriptions have: letters, digits, '.', '_' and '-'. */
static bool is_plain(struct span name)
{
    for (size_t i = 0; i < name.length; i++)
        if ((unsigned char)name.data[i] <= ' ' || memchr("<>&\"'\\", name.data[i], 6) ||
            (unsigned char)name.data[i] >= 0x7f)
            return false;
    return name.length > 0;
}

void feed_notice_gone(struct feed_edits *edits, struct span bytes, const struct feed_ranges *ranges,
                      const struct feed *feed, struct span name, int64_t gone_s)
{
    const struct form *form = &forms[feed->format];
    struct arena *arena = edits->arena;
    char time_text[64], day[32];
    time_t when = (time_t)gone_s;
    struct tm parts = {0};
    gmtime_r(&when, &parts);
    strftime(time_text, sizeof time_text, form->time, &parts);
    strftime(day, sizeof day, "%Y-%m-%d", &parts);
    struct span guid =
        arena_printf(arena, "weir:gone:%.*s", SPAN_ARGS(is_plain(name) ? name : SPAN("feed")));
    struct span text = arena_printf(arena, TEXT, day);
    struct span item = arena_printf(arena, form->item, guid.data, TITLE, text.data, time_text);
    put_back(edits, bytes, ranges, feed, span_of(form->head), item, NULL);
}
