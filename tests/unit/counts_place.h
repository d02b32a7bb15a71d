/* counts_place: an empty counts store of one kind or the other for a test: a private Redis, or a
 * file in a directory of its own. */
#ifndef WEIR_TEST_COUNTS_PLACE_H
#define WEIR_TEST_COUNTS_PLACE_H

struct counts_place;

/* One row for each kind of store. A row goes to set_up() as the test's initial state. */
struct counts_place_kind {
    struct counts_place *(*start)(void);
    void (*free)(struct counts_place *place);
    void (*go_away)(struct counts_place *place);
    void (*come_back_empty)(struct counts_place *place);
};
extern const struct counts_place_kind counts_place_redis, counts_place_sqlite;

/* A test on one kind of store, redis or sqlite, as an element of an array of CMUnitTest; and the
 * same test once on each kind. */
#define on_store(test, kind, set_up, tear_down)                                                    \
    {                                                                                              \
#test " on " #kind, test, set_up, tear_down, (void *)(uintptr_t)&counts_place_##kind       \
    }
#define on_each_store(test, set_up, tear_down)                                                     \
    on_store(test, redis, set_up, tear_down), on_store(test, sqlite, set_up, tear_down)

struct counts_place *counts_place_start(const struct counts_place_kind *kind);
void counts_place_free(struct counts_place *place); /* close the stores first */

const char *counts_place_url(const struct counts_place *place);

/* The server is killed, the directory taken away; then there is one again, with nothing in it. */
void counts_place_go_away(struct counts_place *place);
void counts_place_come_back_empty(struct counts_place *place);

#endif
