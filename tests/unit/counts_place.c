#include "tests/unit/counts_place.h"

#include "tests/unit/redis_server.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct counts_place {
    const struct counts_place_kind *kind;
    struct redis_server *server;            /* Redis */
    char directory[64], away[80], url[128]; /* SQLite */
};

static struct counts_place *place_new(const struct counts_place_kind *kind)
{
    struct counts_place *place = calloc(1, sizeof *place);
    if (!place)
        abort();
    place->kind = kind;
    return place;
}

/* --- Redis --- */

static struct counts_place *redis_start(void)
{
    struct counts_place *place = place_new(&counts_place_redis);
    place->server = redis_server_start(NULL);
    snprintf(place->url, sizeof place->url, "%s", redis_server_url(place->server));
    return place;
}

static void redis_free(struct counts_place *place)
{
    redis_server_free(place->server);
}

static void redis_go_away(struct counts_place *place)
{
    redis_server_kill(place->server);
}

static void redis_come_back_empty(struct counts_place *place)
{
    redis_server_restart(place->server);
}

const struct counts_place_kind counts_place_redis = {redis_start, redis_free, redis_go_away,
                                                     redis_come_back_empty};

/* --- SQLite --- */

static void must(int result, const char *what)
{
    if (result == 0)
        return;
    fprintf(stderr, "counts_place: %s: %s\n", what, strerror(errno));
    exit(99); /* automake's code for a test that cannot be run at all */
}

static struct counts_place *sqlite_start(void)
{
    struct counts_place *place = place_new(&counts_place_sqlite);
    snprintf(place->directory, sizeof place->directory, "/tmp/weir-counts-XXXXXX");
    must(mkdtemp(place->directory) ? 0 : -1, "mkdtemp");
    snprintf(place->away, sizeof place->away, "%s.away", place->directory);
    snprintf(place->url, sizeof place->url, "sqlite://%s/counts.db", place->directory);
    return place;
}

static void remove_file(const char *directory)
{
    static const char *const ends[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < 3; i++) {
        char name[128];
        snprintf(name, sizeof name, "%s/counts.db%s", directory, ends[i]);
        unlink(name);
    }
}

static void sqlite_come_back_empty(struct counts_place *place)
{
    remove_file(place->away);
    must(rename(place->away, place->directory), place->away);
}

static void sqlite_go_away(struct counts_place *place)
{
    must(rename(place->directory, place->away), place->directory);
}

static void sqlite_free(struct counts_place *place)
{
    if (access(place->away, F_OK) == 0)
        sqlite_come_back_empty(place);
    remove_file(place->directory);
    must(rmdir(place->directory), place->directory);
}

const struct counts_place_kind counts_place_sqlite = {sqlite_start, sqlite_free, sqlite_go_away,
                                                      sqlite_come_back_empty};

/* --- both --- */

struct counts_place *counts_place_start(const struct counts_place_kind *kind)
{
    return kind->start();
}

void counts_place_free(struct counts_place *place)
{
    if (!place)
        return;
    place->kind->free(place);
    free(place);
}

const char *counts_place_url(const struct counts_place *place)
{
    return place->url;
}

void counts_place_go_away(struct counts_place *place)
{
    place->kind->go_away(place);
}

void counts_place_come_back_empty(struct counts_place *place)
{
    place->kind->come_back_empty(place);
}
