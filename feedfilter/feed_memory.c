#include "feedfilter/feed_memory.h"

bool feed_memory_recall(struct feed_memory *memory, struct records *records, const char *feed,
                        struct error *error)
{
    unsigned char bytes[FEED_PROFILE_BYTES];
    size_t length;
    bool released = false;
    memory->works = false;
    if (!records_profile_find(records, feed, bytes, sizeof bytes, &length, error))
        return false;
    feed_profile_decode(&memory->profile, bytes, length);
    if (memory->profile.changed_s &&
        !records_released_since(records, feed, memory->profile.changed_s, &released, error))
        return false;
    if (released)
        feed_profile_accept(&memory->profile);
    memory->works = true;
    return true;
}

bool feed_memory_keep(const struct feed_memory *memory, struct records *records, const char *feed,
                      int64_t now_s, struct error *error)
{
    unsigned char bytes[FEED_PROFILE_BYTES];
    if (!memory->works)
        return true;
    feed_profile_encode(&memory->profile, bytes);
    return records_profile_save(records, feed, bytes, sizeof bytes, now_s, error);
}
