/* read_feeds: prints feeds as weir understands them, for the drivers of suites that others wrote.
 *
 *     read_feeds < lines
 *
 * Each line of stdin is a path, the address that the feed came from, and the Content-Type that
 * came with it, with tabs between; the last two may be empty. Each is answered with a line of JSON:
 * {"unparsed": why}, or the feed with its items; absent members are empty. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/feed.h"
#include "core/text.h"
#include "core/url.h"
#include "feedfilter/stream.h"

static void put(json_t *object, const char *name, struct span value)
{
    if (value.length)
        json_object_set_new(object, name, json_stringn_nocheck(value.data, value.length));
}

static void put_text(json_t *object, const char *name, struct span text, bool is_html,
                     struct span base)
{
    if (!text.length)
        return;
    json_t *member = json_object();
    put(member, "value", text);
    put(member, "base", base);
    json_object_set_new(member, "html", json_boolean(is_html));
    json_object_set_new(object, name, member);
}

static void put_date(json_t *object, struct span date, int64_t time_s)
{
    put(object, "date", date);
    if (time_s)
        json_object_set_new(object, "time", json_integer(time_s));
}

static json_t *list(const struct span *values, size_t count)
{
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(array, json_stringn_nocheck(values[i].data, values[i].length));
    return array;
}

static json_t *print_item(const struct feed_item *item)
{
    json_t *object = json_object(), *enclosures = json_array();
    put(object, "guid", item->guid);
    put(object, "link", item->link);
    put(object, "author", item->author);
    put(object, "author_email", item->author_email);
    put_date(object, item->date, item->time_s);
    put_text(object, "title", item->title, item->title_is_html, item->title_base);
    put_text(object, "summary", item->summary, item->summary_is_html, item->summary_base);
    put_text(object, "content", item->content, item->content_is_html, item->content_base);
    json_object_set_new(object, "categories", list(item->categories, item->category_count));
    json_object_set_new(object, "links", list(item->other_links, item->other_link_count));
    for (size_t i = 0; i < item->enclosure_count; i++)
        json_array_append_new(enclosures, json_stringn_nocheck(item->enclosures[i].url.data,
                                                               item->enclosures[i].url.length));
    json_object_set_new(object, "enclosures", enclosures);
    return object;
}

static json_t *print_feed(const struct feed *feed)
{
    static const char *const formats[] = {"rss", "rdf", "atom", "json"};
    json_t *object = json_object(), *items = json_array();
    json_object_set_new(object, "format", json_string(formats[feed->format]));
    put(object, "encoding", feed->encoding.charset);
    put_text(object, "title", feed->title, false, (struct span){NULL, 0});
    put(object, "link", feed->link);
    put(object, "author", feed->author);
    put(object, "author_email", feed->author_email);
    put_date(object, feed->date, feed->time_s);
    if (feed->recovered)
        put(object, "trouble", feed->trouble.length ? feed->trouble : SPAN("not well-formed"));
    for (size_t i = 0; i < feed->item_count; i++)
        json_array_append_new(items, print_item(&feed->items[i]));
    json_object_set_new(object, "items", items);
    return object;
}

static json_t *read_path(const char *path, struct span address, struct span charset)
{
    struct error error = {0};
    struct stream_input input = {0};
    json_t *answer = json_object();
    FILE *file = fopen(path, "rb");
    if (!file || !stream_read(fileno(file), FEED_SIZE_LIMIT, &input, &error)) {
        perror(path);
        exit(EXIT_FAILURE);
    }
    fclose(file);
    struct feed *feed =
        feed_read_served((struct span){input.data, input.length}, address, charset, &error);
    if (feed) {
        json_decref(answer);
        answer = print_feed(feed);
    } else {
        json_object_set_new(answer, "unparsed", json_string(error.message));
    }
    feed_free(feed);
    stream_input_clear(&input);
    return answer;
}

int main(void)
{
    char line[8192];
    text_init();
    url_init();
    while (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = '\0';
        char *rest = line, *path = strsep(&rest, "\t"), *address = strsep(&rest, "\t");
        json_t *answer = read_path(path, span_of(address), feed_encoding_served(rest));
        if (json_dumpf(answer, stdout, JSON_COMPACT) != 0 || putchar('\n') == EOF)
            return EXIT_FAILURE;
        json_decref(answer);
    }
    return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
