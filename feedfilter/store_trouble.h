/* store_trouble: what is wrong with a store of the server's (records, cache), in words for /health,
 * which everybody may ask: the reason without the path, which may name a feed. Thread-safe. */
#ifndef WEIR_STORE_TROUBLE_H
#define WEIR_STORE_TROUBLE_H

#include <pthread.h>
#include <stddef.h>

#define STORE_TROUBLE_SIZE 200

struct store_trouble {
    pthread_mutex_t lock;
    char text[STORE_TROUBLE_SIZE];
};

#define STORE_TROUBLE_NONE                                                                         \
    {                                                                                              \
        .lock = PTHREAD_MUTEX_INITIALIZER                                                          \
    }

/* `message` as an error has it, "PATH: REASON"; NULL or empty: nothing is wrong any more. */
void store_trouble_set(struct store_trouble *trouble, const char *message);

/* Copies the reason; empty: nothing is wrong. */
void store_trouble_get(struct store_trouble *trouble, char text[STORE_TROUBLE_SIZE]);

/* The reason in `message`, lent. */
const char *store_trouble_reason(const char *message);

#endif
