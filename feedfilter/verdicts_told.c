#include "feedfilter/verdicts_told.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "store/memory.h"

#define PLACES_FIRST 64u

/* Of each id the first bytes, which are those of a hash; 0: no id. */
struct verdicts_told {
    uint64_t *places; /* a power of two of them, half of them free at least */
    size_t room, count;
};

/* False: it was there. */
static bool put(struct verdicts_told *told, uint64_t id)
{
    size_t at = id & (told->room - 1);
    for (; told->places[at]; at = (at + 1) & (told->room - 1))
        if (told->places[at] == id)
            return false;
    told->places[at] = id;
    told->count++;
    return true;
}

static void grow(struct verdicts_told *told)
{
    struct verdicts_told larger = {.room = told->room ? 2 * told->room : PLACES_FIRST};
    larger.places = memory_new(larger.room * sizeof *larger.places);
    for (size_t i = 0; i < told->room; i++)
        if (told->places[i])
            put(&larger, told->places[i]);
    free(told->places);
    *told = larger;
}

bool verdicts_told_note(struct verdicts_told **told, const unsigned char id[RECORD_ID_BYTES])
{
    uint64_t first;
    memcpy(&first, id, sizeof first);
    if (!*told)
        *told = memory_new(sizeof **told);
    if ((*told)->count == VERDICTS_TOLD_MOST)
        return false;
    if (2 * ((*told)->count + 1) > (*told)->room)
        grow(*told);
    return put(*told, first ? first : 1);
}

void verdicts_told_free(struct verdicts_told *told)
{
    if (!told)
        return;
    free(told->places);
    free(told);
}
