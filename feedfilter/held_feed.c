#include "feedfilter/held_feed.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/explain.h"
#include "core/held_item.h"
#include "core/verdict.h"
#include "core/xml_text.h"
#include "store/memory.h"
#include "store/records_page.h"
#include "store/records_stories.h"

#define TEXT_BYTES 8192u /* of an item's own text */
#define FIELD_BYTES 500u /* of its title, author, link */
#define EVERY_STATE ((1u << HELD_STATES) - 1)

struct writing {
    FILE *out;
    struct arena *arena; /* emptied after each item */
    struct span gateway;
    const struct item_links *links; /* NULL: none */
    const struct held_feed_stands *stands;
    size_t count;
    int64_t left_out_s; /* when one last was; 0: none is */
    int64_t more;       /* are held than are listed */
};

/* At most `most` bytes of it, at the border of a character. */
static struct span cut(struct span text, size_t most)
{
    if (text.length <= most)
        return text;
    while (most && ((unsigned char)text.data[most] & 0xc0) == 0x80)
        most--;
    return (struct span){text.data, most};
}

static void put_element(FILE *out, const char *name, struct span text)
{
    fprintf(out, "<%s>", name);
    xml_put_text(out, cut(text, FIELD_BYTES));
    fprintf(out, "</%s>\n", name);
}

static void put_time(FILE *out, const char *name, int64_t time_s)
{
    char text[40] = "1970-01-01T00:00:00Z";
    time_t when = (time_t)time_s;
    struct tm parts;
    if (gmtime_r(&when, &parts) && parts.tm_year >= 0 && parts.tm_year < 8100)
        strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
    put_element(out, name, span_of(text));
}

/* The lines behind the first, which is the verdict. */
static void put_reasons(FILE *out, struct arena *arena, const struct held *held)
{
    struct span text = explain_verdict_text(arena, span_of(held->evidence));
    const char *first_end = text.length ? memchr(text.data, '\n', text.length) : NULL;
    if (first_end)
        xml_put_text(
            out, (struct span){first_end + 1, (size_t)(text.data + text.length - first_end - 1)});
}

static void put_labelled(FILE *out, const char *label, struct span text)
{
    if (!text.length)
        return;
    fprintf(out, "%s: ", label);
    xml_put_text(out, cut(text, FIELD_BYTES));
    fputc('\n', out);
}

static void put_how(const struct writing *writing, const struct held *held, struct span url)
{
    FILE *out = writing->out;
    if (url.length)
        fprintf(out, "\nTo have it in the feed: %.*s?do=release\nIt is spam: %.*s?do=confirm\n",
                SPAN_ARGS(url), SPAN_ARGS(url));
    else
        fprintf(out,
                "\nTo have it in the feed: weirctl held release f%" PRId64
                "\nIt is spam: weirctl held confirm f%" PRId64 "\n",
                held->id, held->id);
}

/* Ours first: nothing that the item says can be taken for it. */
static void put_content(const struct writing *writing, const struct held *held,
                        const struct feed *feed, struct span url)
{
    FILE *out = writing->out;
    fprintf(out,
            "<content type=\"text\">Spam with a probability of %.1f %% (log-odds %+.1f), because "
            "of\n",
            100 * probability_of(held->log_odds), held->log_odds);
    put_reasons(out, writing->arena, held);
    put_how(writing, held, url);
    fputs("\nThe item:\n\n", out);
    put_labelled(out, "Title", span_of(held->subject));
    if (feed) {
        put_labelled(out, "Author", feed->items[0].author);
        put_labelled(out, "Date", feed->items[0].date);
        put_labelled(out, "Link", feed->items[0].link);
        fputc('\n', out);
        xml_put_text(out, held_item_text(writing->arena, feed, TEXT_BYTES));
    } else {
        xml_put_text(out, (struct span){(const char *)held->item, held->item_length < TEXT_BYTES
                                                                      ? held->item_length
                                                                      : TEXT_BYTES});
    }
    fputs("</content>\n", out);
}

static bool put_entry(void *context, const struct held *held)
{
    struct writing *writing = context;
    FILE *out = writing->out;
    struct feed *feed = held_item_read(held, NULL);
    struct span url = {NULL, 0};
    fputs("<entry>\n<id>weir:", out);
    xml_put_text(out, writing->gateway);
    fprintf(out, "-f%" PRId64 "</id>\n", held->id);
    put_element(out, "title", *held->subject ? span_of(held->subject) : SPAN("(no title)"));
    put_time(out, "updated", held->time_s);
    if (feed && feed->items[0].author.length) {
        fputs("<author>", out);
        put_element(out, "name", feed->items[0].author);
        fputs("</author>\n", out);
    }
    fputs("<category term=\"held\"/>\n", out);
    if (writing->links)
        url = item_links_url(writing->arena, writing->links, held->document_id, held->id,
                             held->time_s);
    if (url.length)
        fprintf(out, "<link rel=\"alternate\" type=\"text/html\" href=\"%.*s\"/>\n",
                SPAN_ARGS(url));
    put_content(writing, held, feed, url);
    fputs("</entry>\n", out);
    feed_free(feed);
    arena_reset(writing->arena);
    return ++writing->count < HELD_FEED_MAX;
}

/* What another feed shows, and may be named for. */
static void put_left_out(void *context, const struct story *story, const struct story *twin)
{
    struct writing *writing = context;
    FILE *out = writing->out;
    if (!writing->stands || !writing->stands->for_us(writing->stands->context, twin->feed))
        return;
    fputs("<entry>\n<id>weir:", out);
    xml_put_text(out, writing->gateway);
    fprintf(out, "-d%" PRId64 "</id>\n", story->id);
    put_element(out, "title", *story->title ? span_of(story->title) : SPAN("(no title)"));
    put_time(out, "updated", story->first_s);
    fputs("<category term=\"duplicate\"/>\n<content type=\"text\">Duplicate of what the feed ",
          out);
    xml_put_text(out, span_of(twin->feed));
    fprintf(out, " shows: it has the same %s.\n\n", story->way);
    put_labelled(out, "Shown there", span_of(twin->title));
    put_labelled(out, "Its link", span_of(twin->link));
    put_labelled(out, "Link of this one", span_of(story->link));
    fputs("</content>\n</entry>\n", out);
    writing->count++;
    if (story->first_s > writing->left_out_s)
        writing->left_out_s = story->first_s;
}

static void put_where(const struct writing *writing, struct span name)
{
    fprintf(writing->out,
            "This feed lists the %d items that were held last. %" PRId64
            " more are held: weirctl held list --feed ",
            HELD_FEED_MAX, writing->more);
    xml_put_text(writing->out, name);
    fputs(" lists all of them, and so does the page Held of weir-console.", writing->out);
}

/* Few readers show what a feed says of itself, so that it is an entry too. */
static void put_more(const struct writing *writing, struct span name, int64_t changed_s)
{
    FILE *out = writing->out;
    fputs("<entry>\n<id>weir:", out);
    xml_put_text(out, writing->gateway);
    fputs("-held-", out);
    xml_put_text(out, name);
    fprintf(out, "-more</id>\n<title>%" PRId64 " more are held</title>\n", writing->more);
    put_time(out, "updated", changed_s);
    fputs("<content type=\"text\">", out);
    put_where(writing, name);
    fputs("</content>\n</entry>\n", out);
}

static bool count_more(struct writing *writing, struct records *records, const char *feed,
                       struct error *error)
{
    const struct held_filter filter = {.states = 1u << HELD_HELD, .feed = feed};
    int64_t count = 0;
    if (!records_held_count(records, &filter, &count, error))
        return false;
    writing->more = count > HELD_FEED_MAX ? count - HELD_FEED_MAX : 0;
    return true;
}

static bool note_change(void *context, const struct held *held)
{
    *(int64_t *)context = held->state_time_s;
    return false;
}

static void put_start(const struct writing *writing, struct span name, const char *own_address,
                      int64_t changed_s)
{
    FILE *out = writing->out;
    fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
          "<feed xmlns=\"http://www.w3.org/2005/Atom\">\n<id>weir:",
          out);
    xml_put_text(out, writing->gateway);
    fputs("-held-", out);
    xml_put_text(out, name);
    fputs("</id>\n<title>", out);
    xml_put_text(out, name);
    fputs(": held by weir</title>\n", out);
    if (writing->more) {
        fputs("<subtitle>", out);
        put_where(writing, name);
        fputs("</subtitle>\n", out);
    }
    fputs("<link rel=\"self\" type=\"application/atom+xml\" href=\"", out);
    xml_put_text(out, span_of(own_address));
    fputs("\"/>\n", out);
    put_time(out, "updated", changed_s);
    fputs("<author><name>weir</name></author>\n", out);
}

struct span held_feed(struct arena *arena, struct records *records, struct span gateway,
                      struct span name, const char *own_address, const struct item_links *links,
                      const struct held_feed_stands *stands, size_t *count, time_t *changed,
                      struct error *error)
{
    char *data = NULL;
    size_t length = 0;
    int64_t changed_s = 0;
    const char *feed = arena_copy(arena, name).data;
    struct span bytes = {NULL, 0};
    struct writing writing = {
        .out = memory_checked(open_memstream(&data, &length)),
        .arena = arena_new(),
        .gateway = gateway,
        .links = links,
        .stands = stands,
    };
    bool good =
        records_held_of_feed(records, feed, EVERY_STATE, 0, note_change, &changed_s, error) &&
        count_more(&writing, records, feed, error);
    put_start(&writing, name, own_address, changed_s);
    good =
        good && records_held_of_feed(records, feed, 1u << HELD_HELD, 0, put_entry, &writing, error);
    if (good && writing.more)
        put_more(&writing, name, changed_s);
    good = good &&
           records_stories_left_out(records, feed, HELD_FEED_MAX, put_left_out, &writing, error);
    fputs("</feed>\n", writing.out);
    fclose(writing.out);
    if (good)
        bytes = arena_copy(arena, (struct span){data, length});
    free(data);
    arena_free(writing.arena);
    *count = writing.count;
    *changed = (time_t)(changed_s > writing.left_out_s ? changed_s : writing.left_out_s);
    return bytes;
}
