/* feed_memory: a feed's profile (core/feed_profile.h) as the records keep it, while a batch of its
 * items is judged. */
#ifndef WEIR_FEED_MEMORY_H
#define WEIR_FEED_MEMORY_H

#include "core/feed_profile.h"
#include "store/records.h"

struct feed_memory {
    bool works; /* else nothing is compared, and nothing learned */
    struct feed_profile profile;
};

/* Reads it; a feed of which an admin released an item since it changed is from now on as it has
 * become. false: the records failed, and the memory does not work. */
bool feed_memory_recall(struct feed_memory *memory, struct records *records, const char *feed,
                        struct error *error);

/* Keeps it, within the transaction that saves the verdicts. */
bool feed_memory_keep(const struct feed_memory *memory, struct records *records, const char *feed,
                      int64_t now_s, struct error *error);

#endif
