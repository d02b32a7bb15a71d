#include "feedfilter/fetch_unpack.h"

#include <zlib.h>

#include "store/memory.h"

#define WINDOW_BITS 15 /* the largest */
#define GZIP_ONLY 16   /* zlib's way to say so */
#define PIECE 32768
#define GZIP_FIRST_BYTE 0x1f

struct fetch_unpack {
    z_stream stream;
    bool gzip;
    enum { NOT_BEGUN, INSIDE, BETWEEN, PADDING } place;
};

struct fetch_unpack *fetch_unpack_new(struct span coding)
{
    bool gzip =
        span_equal_nocase(coding, SPAN("gzip")) || span_equal_nocase(coding, SPAN("x-gzip"));
    if (!gzip && !span_equal_nocase(coding, SPAN("deflate")))
        return NULL;
    struct fetch_unpack *unpack = memory_new(sizeof *unpack);
    unpack->gzip = gzip;
    return unpack;
}

void fetch_unpack_free(struct fetch_unpack *unpack)
{
    if (!unpack)
        return;
    if (unpack->place != NOT_BEGUN)
        inflateEnd(&unpack->stream);
    free(unpack);
}

/* "deflate" should be zlib's format (RFC 9110, 8.4.1.2), but some servers send it bare. The low
 * bits of zlib's first byte would be a block of a kind that no compressor writes. */
static void begin(struct fetch_unpack *unpack, unsigned char first_byte)
{
    int bits = (first_byte & 0x0f) == Z_DEFLATED ? WINDOW_BITS : -WINDOW_BITS;
    if (inflateInit2(&unpack->stream, unpack->gzip ? WINDOW_BITS + GZIP_ONLY : bits) != Z_OK)
        memory_checked(NULL);
    unpack->place = INSIDE;
}

/* False: what comes now is no part of the stream. */
static bool enter(struct fetch_unpack *unpack, unsigned char first_byte)
{
    if (unpack->place == NOT_BEGUN) {
        begin(unpack, first_byte);
    } else if (unpack->place == BETWEEN) {
        bool another = unpack->gzip && first_byte == GZIP_FIRST_BYTE;
        unpack->place = another && inflateReset(&unpack->stream) == Z_OK ? INSIDE : PADDING;
    }
    return unpack->place == INSIDE;
}

bool fetch_unpack_feed(struct fetch_unpack *unpack, struct span data,
                       bool (*take)(void *context, struct span piece), void *context)
{
    unsigned char piece[PIECE];
    z_stream *stream = &unpack->stream;
    stream->next_in = (unsigned char *)data.data;
    stream->avail_in = (unsigned)data.length;
    /* A full piece may have left more behind, without any input. */
    for (bool more = false; stream->avail_in || more;) {
        if (!enter(unpack, stream->avail_in ? *stream->next_in : 0))
            return true;
        stream->next_out = piece;
        stream->avail_out = sizeof piece;
        int result = inflate(stream, Z_NO_FLUSH);
        struct span out = {(const char *)piece, sizeof piece - stream->avail_out};
        more = result == Z_OK && stream->avail_out == 0;
        if (result == Z_STREAM_END)
            unpack->place = BETWEEN;
        else if (result != Z_OK && result != Z_BUF_ERROR)
            return false;
        if (out.length && !take(context, out))
            return false;
        if (result == Z_BUF_ERROR)
            break;
    }
    return true;
}

bool fetch_unpack_is_whole(const struct fetch_unpack *unpack)
{
    return unpack->place != INSIDE;
}
