#include "admin/console_door_twin.h"

#include <string.h>
#include <time.h>
#include <xxhash.h>

#include "core/arena.h"
#include "store/records_stories.h"

#define PATIENCE_MS 2000
#define STEP_MS 50

/* While it is held there is no story of it; once the feed server has seen that it is not, there is
 * one, shown or left out. */
static bool is_settled(struct records *records, const char *feed,
                       const unsigned char item[STORY_ITEM_BYTES], const char **twin,
                       struct arena *arena)
{
    struct error error = {0};
    struct story *story = records_story_of_item(records, feed, item, &error), *shown = NULL;
    if (story && story->twin)
        shown = records_story_get(records, story->twin, &error);
    if (shown)
        *twin = arena_copy(arena, span_of(shown->feed)).data;
    bool settled = story || error.class != ERROR_NONE;
    story_free(shown);
    story_free(story);
    return settled;
}

const char *console_door_twin(const struct config *config, struct records *records,
                              const char *feed, const char *guid, struct arena *arena)
{
    const struct timespec step = {.tv_nsec = STEP_MS * 1000 * 1000};
    XXH128_canonical_t id;
    const char *twin = NULL;
    if (config->feedfilter.deduplicate == DEDUPLICATE_OFF)
        return NULL;
    XXH128_canonicalFromHash(&id, XXH3_128bits(guid, strlen(guid)));
    for (int waited = 0; waited < PATIENCE_MS; waited += STEP_MS) {
        if (is_settled(records, feed, id.digest, &twin, arena))
            break;
        nanosleep(&step, NULL);
    }
    return twin;
}
