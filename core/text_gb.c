#include "core/text_gb.h"

#include "core/text.h"

#include <endian.h>
#include <iconv.h>
#include <pthread.h>

#define LEAD_FIRST 0x81u
#define LEADS (0xffu - LEAD_FIRST)
#define TRAIL_FIRST 0x40u
#define TRAILS (0xffu - TRAIL_FIRST)

/* Code points; 0: no character of two bytes, or none of the Basic Multilingual Plane. */
static uint16_t table[LEADS][TRAILS];

static void fill_row(iconv_t converter, unsigned row)
{
    unsigned char pairs[2 * TRAILS];
    uint32_t points[TRAILS] = {0};
    for (unsigned i = 0; i < TRAILS; i++) {
        pairs[2 * i] = (unsigned char)(LEAD_FIRST + row);
        pairs[2 * i + 1] = (unsigned char)(TRAIL_FIRST + i);
    }
    char *in = (char *)pairs;
    size_t left = sizeof pairs;
    while (left) { /* iconv stops in front of each that is none */
        size_t at = TRAILS - left / 2, room = (TRAILS - at) * sizeof *points;
        char *out = (char *)&points[at];
        if (iconv(converter, &in, &left, &out, &room) == (size_t)-1)
            in += 2, left -= 2;
    }
    for (unsigned i = 0; i < TRAILS; i++) {
        uint32_t point = le32toh(points[i]);
        table[row][i] = point < 0x10000 ? (uint16_t)point : 0;
    }
}

static void fill(void)
{
    iconv_t converter = iconv_open("UTF-32LE", "GB18030");
    if (converter == (iconv_t)-1)
        return;
    for (unsigned row = 0; row < LEADS; row++)
        fill_row(converter, row);
    iconv_close(converter);
}

bool text_gb_read(struct arena *arena, struct span bytes, struct span *text)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, fill);
    const char *at = bytes.data, *end = at + bytes.length;
    char *start = arena_text(arena, bytes.length + bytes.length / 2), *out = start;
    while (at < end) {
        unsigned lead = (unsigned char)*at;
        if (lead - 1 < 0x7f) {
            *out++ = *at++;
            continue;
        }
        unsigned trail = end - at > 1 ? (unsigned char)at[1] : 0;
        if (lead - LEAD_FIRST >= LEADS || trail - TRAIL_FIRST >= TRAILS)
            return false;
        uint32_t code_point = table[lead - LEAD_FIRST][trail - TRAIL_FIRST];
        if (!code_point)
            return false;
        out += text_put(out, code_point);
        at += 2;
    }
    *text = (struct span){start, (size_t)(out - start)};
    return true;
}
