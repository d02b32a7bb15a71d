#include "store/journal_frame.h"

#include <stdint.h>
#include <xxhash.h>

#define HEAD_BYTES 12 /* length, checksum; both little-endian */
#define RUN_MOST 0xff /* a run of so many minus one bytes without a zero behind it */

size_t journal_frame_bound(size_t length)
{
    size_t stuffed = HEAD_BYTES + length;
    return stuffed + stuffed / (RUN_MOST - 1) + 1 + 2;
}

/* Writes bytes as runs: each is a byte that says how long it is, itself included, and then bytes
 * that are not zero; behind each but the last and the longest a zero is meant. */
struct stuffer {
    unsigned char *at, *run;
};

static void begin_run(struct stuffer *stuffer)
{
    stuffer->run = stuffer->at++;
}

static void end_run(struct stuffer *stuffer)
{
    *stuffer->run = (unsigned char)(stuffer->at - stuffer->run);
}

static void stuff(struct stuffer *stuffer, const unsigned char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        bool full = stuffer->at - stuffer->run == RUN_MOST;
        if (full || !bytes[i]) {
            end_run(stuffer);
            begin_run(stuffer);
        }
        if (bytes[i])
            *stuffer->at++ = bytes[i];
        else if (full) { /* the full run has no zero behind it: an empty one has */
            end_run(stuffer);
            begin_run(stuffer);
        }
    }
}

static uint64_t checksum_of(struct span record)
{
    return XXH3_64bits(record.data, record.length);
}

size_t journal_frame_write(unsigned char *to, struct span record)
{
    unsigned char head[HEAD_BYTES];
    uint64_t checksum = checksum_of(record);
    for (unsigned i = 0; i < 4; i++)
        head[i] = (unsigned char)(record.length >> (8 * i));
    for (unsigned i = 0; i < 8; i++)
        head[4 + i] = (unsigned char)(checksum >> (8 * i));
    struct stuffer stuffer = {to, NULL};
    *stuffer.at++ = 0;
    begin_run(&stuffer);
    stuff(&stuffer, head, sizeof head);
    stuff(&stuffer, (const unsigned char *)record.data, record.length);
    end_run(&stuffer);
    *stuffer.at++ = 0;
    return (size_t)(stuffer.at - to);
}

/* Never writes past what was read. False when a run is cut short. */
static bool unstuff(unsigned char *bytes, size_t *length)
{
    size_t from = 0, to = 0;
    while (from < *length) {
        size_t run = bytes[from++];
        if (!run || run - 1 > *length - from)
            return false;
        memmove(bytes + to, bytes + from, run - 1);
        to += run - 1;
        from += run - 1;
        if (run < RUN_MOST && from < *length)
            bytes[to++] = 0;
    }
    *length = to;
    return true;
}

bool journal_frame_read(unsigned char *bytes, size_t length, struct span *record)
{
    if (!unstuff(bytes, &length) || length < HEAD_BYTES)
        return false;
    uint64_t stated = 0, checksum = 0;
    for (unsigned i = 0; i < 4; i++)
        stated |= (uint64_t)bytes[i] << (8 * i);
    for (unsigned i = 0; i < 8; i++)
        checksum |= (uint64_t)bytes[4 + i] << (8 * i);
    *record = (struct span){(const char *)bytes + HEAD_BYTES, length - HEAD_BYTES};
    return stated == record->length && checksum == checksum_of(*record);
}
