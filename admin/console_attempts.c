#include "admin/console_attempts.h"

#include <stdlib.h>
#include <string.h>

#include "admin/console_users.h"
#include "store/memory.h"

#define PLACES 1000 /* of more, those that failed longest ago are forgotten */
#define FREE_FAILURES 3
#define WAIT_MOST_S 300
#define FAILURES_A_MINUTE 20
#define FORGOTTEN_S 3600

struct failing {
    unsigned char block[CONSOLE_BLOCK_BYTES];
    char name[CONSOLE_NAME_MAX + 1]; /* empty: all names together */
    unsigned failures;               /* 0: a free place */
    int64_t first_s, last_s;
};

struct console_attempts {
    struct failing places[PLACES];
};

struct console_attempts *console_attempts_new(void)
{
    return memory_new(sizeof(struct console_attempts));
}

void console_attempts_free(struct console_attempts *attempts)
{
    free(attempts);
}

static struct failing *find(struct console_attempts *attempts, const struct console_source *source,
                            const char *name)
{
    for (size_t i = 0; i < PLACES; i++) {
        struct failing *failing = &attempts->places[i];
        if (failing->failures && memcmp(failing->block, source->block, sizeof source->block) == 0 &&
            strcmp(failing->name, name) == 0)
            return failing;
    }
    return NULL;
}

static int64_t address_wait_s(const struct failing *failing, int64_t now_s)
{
    bool full = failing && failing->failures >= FAILURES_A_MINUTE;
    return full && now_s < failing->first_s + 60 ? failing->first_s + 60 - now_s : 0;
}

static int64_t name_wait_s(const struct failing *failing, int64_t now_s)
{
    if (!failing || failing->failures < FREE_FAILURES)
        return 0;
    unsigned doubled = failing->failures - FREE_FAILURES;
    int64_t wait_s = doubled < 8 ? 2 << doubled : WAIT_MOST_S;
    int64_t left_s = failing->last_s + (wait_s < WAIT_MOST_S ? wait_s : WAIT_MOST_S) - now_s;
    return left_s > 0 ? left_s : 0;
}

int64_t console_attempts_wait_s(struct console_attempts *attempts,
                                const struct console_source *source, const char *name,
                                int64_t now_s)
{
    int64_t of_address = address_wait_s(find(attempts, source, ""), now_s);
    int64_t of_name = name_wait_s(find(attempts, source, name), now_s);
    return of_address > of_name ? of_address : of_name;
}

bool console_attempts_has_failed(struct console_attempts *attempts,
                                 const struct console_source *source, int64_t now_s)
{
    const struct failing *failing = find(attempts, source, "");
    return failing && now_s < failing->last_s + FORGOTTEN_S;
}

/* The one that is there, or a free place, or that which failed longest ago. */
static struct failing *place_for(struct console_attempts *attempts,
                                 const struct console_source *source, const char *name)
{
    struct failing *place = find(attempts, source, name);
    if (place)
        return place;
    place = &attempts->places[0];
    for (size_t i = 1; i < PLACES && place->failures; i++) {
        struct failing *other = &attempts->places[i];
        if (!other->failures || other->last_s < place->last_s)
            place = other;
    }
    *place = (struct failing){0};
    memcpy(place->block, source->block, sizeof place->block);
    strncpy(place->name, name, CONSOLE_NAME_MAX);
    return place;
}

static void count(struct failing *failing, int64_t now_s)
{
    if (!failing->failures++)
        failing->first_s = now_s;
    failing->last_s = now_s;
}

void console_attempts_failed(struct console_attempts *attempts, const struct console_source *source,
                             const char *name, int64_t now_s)
{
    struct failing *of_address = place_for(attempts, source, "");
    if (now_s >= of_address->first_s + 60)
        of_address->failures = 0;
    count(of_address, now_s);
    struct failing *of_name = place_for(attempts, source, name);
    if (now_s >= of_name->last_s + FORGOTTEN_S)
        of_name->failures = 0;
    count(of_name, now_s);
}

void console_attempts_succeeded(struct console_attempts *attempts,
                                const struct console_source *source, const char *name)
{
    struct failing *failing = find(attempts, source, name);
    if (failing)
        failing->failures = 0;
}
