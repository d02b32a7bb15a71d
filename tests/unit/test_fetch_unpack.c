#include "feedfilter/fetch_unpack.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define ROOM 400000
#define TEXT_LENGTH 100000
#define GZIP 31
#define ZLIB 15
#define BARE (-15)

static unsigned char text[TEXT_LENGTH], packed[ROOM], unpacked[ROOM];
static size_t unpacked_length;

static int make_text(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (unsigned char)(i * i >> 7);
    return 0;
}

static size_t pack(unsigned char *out, int bits, size_t length)
{
    z_stream stream = {
        .next_in = text, .avail_in = (unsigned)length, .next_out = out, .avail_out = ROOM / 2};
    assert_int_equal(deflateInit2(&stream, 6, Z_DEFLATED, bits, 8, Z_DEFAULT_STRATEGY), Z_OK);
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    deflateEnd(&stream);
    return stream.total_out;
}

static bool keep(void *context, struct span piece)
{
    (void)context;
    assert_true(unpacked_length + piece.length <= ROOM);
    memcpy(unpacked + unpacked_length, piece.data, piece.length);
    unpacked_length += piece.length;
    return true;
}

enum outcome { WHOLE, CUT, BROKEN };

/* In pieces of `step` bytes. */
static enum outcome unpack(const char *coding, size_t length, size_t step)
{
    struct fetch_unpack *unpack = fetch_unpack_new(span_of(coding));
    assert_non_null(unpack);
    unpacked_length = 0;
    enum outcome outcome = WHOLE;
    for (size_t at = 0; at < length && outcome == WHOLE; at += step) {
        size_t piece = length - at < step ? length - at : step;
        if (!fetch_unpack_feed(unpack, (struct span){(const char *)packed + at, piece}, keep, NULL))
            outcome = BROKEN;
    }
    if (outcome == WHOLE && !fetch_unpack_is_whole(unpack))
        outcome = CUT;
    fetch_unpack_free(unpack);
    return outcome;
}

static void expect_whole(const char *coding, size_t length, size_t wanted)
{
    static const size_t steps[] = {1, 7, 16384, ROOM};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        assert_int_equal(unpack(coding, length, steps[i]), WHOLE);
        assert_int_equal(unpacked_length, wanted);
        assert_memory_equal(unpacked, text, wanted < TEXT_LENGTH ? wanted : TEXT_LENGTH);
    }
}

static void test_gzip_comes_out_whole_in_pieces_of_any_size(void **state)
{
    (void)state;
    expect_whole("gzip", pack(packed, GZIP, TEXT_LENGTH), TEXT_LENGTH);
    expect_whole("X-GZip", pack(packed, GZIP, TEXT_LENGTH), TEXT_LENGTH);
}

static void test_deflate_comes_out_with_and_without_zlibs_frame(void **state)
{
    (void)state;
    expect_whole("deflate", pack(packed, ZLIB, TEXT_LENGTH), TEXT_LENGTH);
    expect_whole("deflate", pack(packed, BARE, TEXT_LENGTH), TEXT_LENGTH);
}

static void test_members_follow_each_other(void **state)
{
    (void)state;
    size_t first = pack(packed, GZIP, TEXT_LENGTH), second = pack(packed + first, GZIP, 1000);
    expect_whole("gzip", first + second, TEXT_LENGTH + 1000);
}

static void test_padding_is_overlooked(void **state)
{
    (void)state;
    size_t length = pack(packed, GZIP, 1000);
    memset(packed + length, 0, 512);
    expect_whole("gzip", length + 512, 1000);
}

static void test_nothing_is_a_whole_nothing(void **state)
{
    (void)state;
    expect_whole("gzip", 0, 0);
    expect_whole("gzip", pack(packed, GZIP, 0), 0);
}

static void test_a_stream_cut_anywhere_is_not_whole(void **state)
{
    (void)state;
    static const struct {
        const char *coding;
        int bits;
    } kinds[] = {{"gzip", GZIP}, {"deflate", ZLIB}, {"deflate", BARE}};
    for (size_t kind = 0; kind < 3; kind++) {
        size_t length = pack(packed, kinds[kind].bits, 2000);
        for (size_t cut = 1; cut < length; cut++)
            assert_int_equal(unpack(kinds[kind].coding, cut, ROOM), CUT);
    }
}

static void test_a_cut_second_member_is_not_whole(void **state)
{
    (void)state;
    size_t first = pack(packed, GZIP, 2000), second = pack(packed + first, GZIP, 1000);
    assert_int_equal(unpack("gzip", first + second - 1, ROOM), CUT);
    assert_int_equal(unpack("gzip", first + 1, ROOM), CUT);
}

static void test_a_wrong_checksum_is_noticed(void **state)
{
    (void)state;
    size_t length = pack(packed, GZIP, 2000);
    packed[length - 6] ^= 1;
    assert_int_equal(unpack("gzip", length, ROOM), BROKEN);
}

static void test_what_is_not_packed_is_noticed(void **state)
{
    (void)state;
    memcpy(packed, "<rss version=\"2.0\">", 19);
    assert_int_equal(unpack("gzip", 19, ROOM), BROKEN);
}

static void test_other_codings_are_not_understood(void **state)
{
    (void)state;
    static const char *const codings[] = {"br", "zstd", "gzip, gzip", "compress", "gzipped", ""};
    for (size_t i = 0; i < sizeof codings / sizeof *codings; i++)
        assert_null(fetch_unpack_new(span_of(codings[i])));
}

static bool take_some(void *context, struct span piece)
{
    size_t *left = context;
    if (piece.length > *left)
        return false;
    *left -= piece.length;
    return true;
}

static void test_unpacking_stops_when_nobody_takes_more(void **state)
{
    (void)state;
    memset(text, 0, sizeof text);
    size_t length = pack(packed, GZIP, TEXT_LENGTH), left = 70000;
    make_text(state);
    struct fetch_unpack *unpack = fetch_unpack_new(SPAN("gzip"));
    assert_false(
        fetch_unpack_feed(unpack, (struct span){(const char *)packed, length}, take_some, &left));
    assert_true(left < 70000);
    fetch_unpack_free(unpack);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gzip_comes_out_whole_in_pieces_of_any_size),
        cmocka_unit_test(test_deflate_comes_out_with_and_without_zlibs_frame),
        cmocka_unit_test(test_members_follow_each_other),
        cmocka_unit_test(test_padding_is_overlooked),
        cmocka_unit_test(test_nothing_is_a_whole_nothing),
        cmocka_unit_test(test_a_stream_cut_anywhere_is_not_whole),
        cmocka_unit_test(test_a_cut_second_member_is_not_whole),
        cmocka_unit_test(test_a_wrong_checksum_is_noticed),
        cmocka_unit_test(test_what_is_not_packed_is_noticed),
        cmocka_unit_test(test_other_codings_are_not_understood),
        cmocka_unit_test(test_unpacking_stops_when_nobody_takes_more),
    };
    return cmocka_run_group_tests(tests, make_text, NULL);
}
