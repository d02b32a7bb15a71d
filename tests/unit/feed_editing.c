#include "feed_editing.h"

#include <iconv.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#define FEEDS_READ_MAX 256

static struct arena *arena;
static struct feed *feeds[FEEDS_READ_MAX];
static size_t feed_count;

int feed_editing_set_up(void **state)
{
    (void)state;
    arena = arena_new();
    return 0;
}

int feed_editing_tear_down(void **state)
{
    (void)state;
    while (feed_count)
        feed_free(feeds[--feed_count]);
    arena_free(arena);
    return 0;
}

struct edited_feed *edited_feed(struct span bytes)
{
    struct error error = {0};
    struct edited_feed *feed = arena_alloc(arena, sizeof *feed);
    feed->bytes = bytes;
    feed->edits = (struct feed_edits){.arena = arena, .encoding = &feed->encoding};
    if (!feed_encoding_find(bytes, (struct span){NULL, 0}, &feed->encoding, &error) ||
        !feed_lex(arena, bytes, &feed->encoding, &feed->ranges, &error))
        fail_msg("%s", error.message);
    return feed;
}

struct span edited_bytes(struct edited_feed *feed)
{
    size_t count, length = 0;
    struct span *pieces = feed_edits_apply(&feed->edits, feed->bytes, &count);
    for (size_t i = 0; i < count; i++)
        length += pieces[i].length;
    char *out = arena_alloc(arena, length + 1), *at = out;
    for (size_t i = 0; i < count; i++, at += pieces[i - 1].length)
        memcpy(at, pieces[i].data, pieces[i].length);
    return (struct span){out, length};
}

struct span in_encoding(struct span utf8, const char *encoding)
{
    iconv_t converter = iconv_open(encoding, "UTF-8");
    size_t in_left = utf8.length, room = 4 * utf8.length + 16, out_left = room;
    char *in = (char *)utf8.data, *out = arena_alloc(arena, room), *at = out;
    assert_true(converter != (iconv_t)-1);
    assert_int_equal(iconv(converter, &in, &in_left, &at, &out_left), 0);
    iconv_close(converter);
    return (struct span){out, room - out_left};
}

struct feed *read_again(struct span bytes)
{
    struct error error = {0};
    struct feed *feed = feed_read(bytes, (struct span){NULL, 0}, &error);
    if (!feed)
        fail_msg("%s", error.message);
    assert_true(feed_count < FEEDS_READ_MAX);
    feeds[feed_count++] = feed;
    if (feed->recovered)
        fail_msg("%.*s", SPAN_ARGS(feed->trouble));
    return feed;
}

size_t place_of(struct span text, const char *mark)
{
    const char *found = memmem(text.data, text.length, mark, strlen(mark));
    if (!found)
        fail_msg("there is no %s", mark);
    return (size_t)(found - text.data);
}
