#include "store/records_stories.h"

#include <stdlib.h>
#include <string.h>

#include "store/memory.h"
#include "store/records_db.h"

/* At once, by age and by number; the next time is soon. */
#define PRUNED_MOST 2000

/* id, feed, item, twin, way, title, link, text, first_s, seen_s from `column` on. Texts are lent.
 */
static struct story story_of_row(sqlite3_stmt *row, int column)
{
    struct story story = {.id = sqlite3_column_int64(row, column),
                          .feed = (const char *)sqlite3_column_text(row, column + 1),
                          .twin = sqlite3_column_int64(row, column + 3),
                          .way = (const char *)sqlite3_column_text(row, column + 4),
                          .title = (const char *)sqlite3_column_text(row, column + 5),
                          .link = (const char *)sqlite3_column_text(row, column + 6),
                          .first_s = sqlite3_column_int64(row, column + 8),
                          .seen_s = sqlite3_column_int64(row, column + 9)};
    if (sqlite3_column_bytes(row, column + 2) == STORY_ITEM_BYTES)
        memcpy(story.item, sqlite3_column_blob(row, column + 2), STORY_ITEM_BYTES);
    story.has_text = sqlite3_column_bytes(row, column + 7) == STORY_TEXT_BYTES;
    if (story.has_text)
        memcpy(story.text, sqlite3_column_blob(row, column + 7), STORY_TEXT_BYTES);
    return story;
}

/* What the statement finds, if anything; it is reset. The lock is held. */
static struct story *take_one(struct records *records, sqlite3_stmt *statement, struct error *error)
{
    int code = statement ? records_step(records, statement, error) : SQLITE_ERROR;
    if (code != SQLITE_ROW)
        return NULL;
    struct story *story = memory_new(sizeof *story);
    *story = story_of_row(statement, 0);
    story->feed = memory_text(story->feed);
    story->way = memory_text(story->way);
    story->title = memory_text(story->title);
    story->link = memory_text(story->link);
    sqlite3_reset(statement);
    return story;
}

struct story *records_story_of_item(struct records *records, const char *feed,
                                    const unsigned char item[STORY_ITEM_BYTES], struct error *error)
{
    records_lock(records);
    sqlite3_stmt *statement = records_prepare(records, STATEMENT_STORY_OF_ITEM, error);
    if (statement) {
        records_bind_text(statement, 1, feed);
        sqlite3_bind_blob(statement, 2, item, STORY_ITEM_BYTES, SQLITE_STATIC);
    }
    struct story *story = take_one(records, statement, error);
    records_unlock(records);
    return story;
}

struct story *records_story_get(struct records *records, int64_t id, struct error *error)
{
    records_lock(records);
    sqlite3_stmt *statement = records_prepare(records, STATEMENT_STORY_GET, error);
    if (statement)
        sqlite3_bind_int64(statement, 1, id);
    struct story *story = take_one(records, statement, error);
    records_unlock(records);
    return story;
}

void story_free(struct story *story)
{
    if (!story)
        return;
    free((char *)story->feed);
    free((char *)story->way);
    free((char *)story->title);
    free((char *)story->link);
    free(story);
}

bool records_stories_with_key(struct records *records, int64_t key, int64_t *ids, size_t room,
                              size_t *count, struct error *error)
{
    int code = SQLITE_ERROR;
    *count = 0;
    records_lock(records);
    sqlite3_stmt *statement = records_prepare(records, STATEMENT_STORIES_WITH_KEY, error);
    if (statement) {
        sqlite3_bind_int64(statement, 1, key);
        sqlite3_bind_int64(statement, 2, (int64_t)room);
        while ((code = records_step(records, statement, error)) == SQLITE_ROW)
            ids[(*count)++] = sqlite3_column_int64(statement, 0);
    }
    records_unlock(records);
    return code == SQLITE_DONE;
}

static bool add_row(struct records *records, const struct story *story, int64_t *id,
                    struct error *error)
{
    sqlite3_stmt *statement = records_prepare(records, STATEMENT_STORY_ADD, error);
    if (!statement)
        return false;
    records_bind_text(statement, 1, story->feed);
    sqlite3_bind_blob(statement, 2, story->item, STORY_ITEM_BYTES, SQLITE_STATIC);
    sqlite3_bind_int64(statement, 3, story->twin);
    records_bind_text(statement, 4, story->way);
    records_bind_text(statement, 5, story->title);
    records_bind_text(statement, 6, story->link);
    sqlite3_bind_blob(statement, 7, story->text, story->has_text ? STORY_TEXT_BYTES : 0,
                      SQLITE_STATIC);
    sqlite3_bind_int64(statement, 8, story->first_s);
    sqlite3_bind_int64(statement, 9, story->seen_s);
    int code = records_step(records, statement, error);
    if (code != SQLITE_ROW)
        return false;
    *id = sqlite3_column_int64(statement, 0);
    if (*records_stories_most(records) >= 0)
        ++*records_stories_most(records);
    return records_step(records, statement, error) == SQLITE_DONE;
}

bool records_story_add(struct records *records, const struct story *story, const int64_t *keys,
                       size_t key_count, struct error *error)
{
    int64_t id;
    records_lock(records);
    bool good = add_row(records, story, &id, error);
    for (size_t i = 0; good && i < key_count; i++) {
        sqlite3_stmt *statement = records_prepare(records, STATEMENT_STORY_KEY_ADD, error);
        if (statement) {
            sqlite3_bind_int64(statement, 1, keys[i]);
            sqlite3_bind_int64(statement, 2, id);
        }
        good = statement && records_run(records, statement, NULL, error);
    }
    records_unlock(records);
    return good;
}

/* A statement of one or two numbers. */
static bool run_numbers(struct records *records, enum records_statement which, int64_t first,
                        int64_t second, int count, struct error *error)
{
    records_lock(records);
    sqlite3_stmt *statement = records_prepare(records, which, error);
    if (statement) {
        sqlite3_bind_int64(statement, 1, first);
        if (count > 1)
            sqlite3_bind_int64(statement, 2, second);
    }
    bool good = statement && records_run(records, statement, NULL, error);
    records_unlock(records);
    return good;
}

bool records_story_seen(struct records *records, int64_t id, int64_t seen_s, struct error *error)
{
    return run_numbers(records, STATEMENT_STORY_SEEN, id, seen_s, 2, error);
}

bool records_story_remove(struct records *records, int64_t id, struct error *error)
{
    return run_numbers(records, STATEMENT_STORY_REMOVE, id, 0, 1, error);
}

static bool count_stories(struct records *records, int64_t *count, struct error *error)
{
    records_lock(records);
    sqlite3_stmt *statement = records_prepare(records, STATEMENT_STORIES_COUNT, error);
    bool good = statement && records_step(records, statement, error) == SQLITE_ROW;
    if (good) {
        *count = sqlite3_column_int64(statement, 0);
        sqlite3_reset(statement);
    }
    records_unlock(records);
    return good;
}

/* What was removed since they were counted is not taken off: only where there may be too many by
 * what was added are they counted again. */
static bool drop_beyond(struct records *records, struct error *error)
{
    int64_t *most = records_stories_most(records);
    records_lock(records);
    bool good = (*most >= 0 && *most <= STORIES_MOST) || count_stories(records, most, error);
    int64_t beyond = good ? *most - STORIES_MOST : 0;
    records_unlock(records);
    if (beyond <= 0)
        return good;
    return run_numbers(records, STATEMENT_STORIES_LONGEST_UNSEEN,
                       beyond < PRUNED_MOST ? beyond : PRUNED_MOST, 0, 1, error);
}

bool records_stories_prune(struct records *records, int64_t now_s, struct error *error)
{
    return run_numbers(records, STATEMENT_STORIES_OLD, now_s - STORIES_KEPT_S, PRUNED_MOST, 2,
                       error) &&
           drop_beyond(records, error);
}

bool records_stories_left_out(struct records *records, const char *feed, size_t most,
                              void (*visit)(void *context, const struct story *story,
                                            const struct story *twin),
                              void *context, struct error *error)
{
    int code = SQLITE_ERROR;
    records_lock(records);
    sqlite3_stmt *statement = records_prepare(records, STATEMENT_STORIES_LEFT_OUT, error);
    if (statement) {
        records_bind_text(statement, 1, feed);
        sqlite3_bind_int64(statement, 2, (int64_t)most);
        while ((code = records_step(records, statement, error)) == SQLITE_ROW) {
            const struct story story = story_of_row(statement, 0);
            const struct story twin = story_of_row(statement, 10);
            visit(context, &story, &twin);
        }
    }
    records_unlock(records);
    return code == SQLITE_DONE;
}

bool records_stories_left_out_for(struct records *records, int64_t id, size_t most,
                                  void (*visit)(void *context, const struct story *story),
                                  void *context, struct error *error)
{
    int code = SQLITE_ERROR;
    records_lock(records);
    sqlite3_stmt *statement = records_prepare(records, STATEMENT_STORIES_LEFT_OUT_FOR, error);
    if (statement) {
        sqlite3_bind_int64(statement, 1, id);
        sqlite3_bind_int64(statement, 2, (int64_t)most);
        while ((code = records_step(records, statement, error)) == SQLITE_ROW) {
            const struct story story = story_of_row(statement, 0);
            visit(context, &story);
        }
    }
    records_unlock(records);
    return code == SQLITE_DONE;
}

/* --- whose they are --- */

struct mark {
    char *feed;
    int64_t value, since_s;
    bool kept;
};

struct keeping {
    struct records *records;
    const struct story_feed *feeds;
    size_t feed_count;
    struct mark *marks; /* by name */
    size_t count, room;
    int64_t now_s;
};

static bool read_marks(struct keeping *keeping, struct error *error)
{
    sqlite3_stmt *statement = records_prepare_text(
        keeping->records, "SELECT feed, mark, since_s FROM story_feeds ORDER BY feed", error);
    int code = SQLITE_ERROR;
    while (statement && (code = records_step(keeping->records, statement, error)) == SQLITE_ROW) {
        if (keeping->count == keeping->room) {
            keeping->room = keeping->room ? 2 * keeping->room : 16;
            keeping->marks = memory_resize(keeping->marks, keeping->room * sizeof *keeping->marks);
        }
        keeping->marks[keeping->count++] = (struct mark){
            memory_text((const char *)sqlite3_column_text(statement, 0)),
            sqlite3_column_int64(statement, 1), sqlite3_column_int64(statement, 2), false};
    }
    sqlite3_finalize(statement);
    return code == SQLITE_DONE;
}

static int compare_mark(const void *name, const void *mark)
{
    return strcmp(name, ((const struct mark *)mark)->feed);
}

/* A statement about ?1, a feed, and maybe ?2, a mark, and ?3, since when. */
static bool run_feed(struct records *records, const char *text, const char *feed, int64_t mark,
                     int64_t since_s, struct error *error)
{
    sqlite3_stmt *statement = records_prepare_text(records, text, error);
    if (!statement)
        return false;
    if (sqlite3_bind_parameter_count(statement) > 0)
        records_bind_text(statement, 1, feed);
    if (sqlite3_bind_parameter_count(statement) > 1)
        sqlite3_bind_int64(statement, 2, mark);
    if (sqlite3_bind_parameter_count(statement) > 2)
        sqlite3_bind_int64(statement, 3, since_s);
    int code = records_step(records, statement, error);
    sqlite3_finalize(statement);
    return code == SQLITE_DONE;
}

/* Of one that is looked at. */
static bool keep_wanted(struct records *records, const struct story_feed *feed,
                        const struct mark *mark, int64_t now_s, struct error *error)
{
    bool same = mark && mark->value == feed->mark;
    int64_t since_s = mark && mark->since_s ? mark->since_s : now_s;
    if (same && since_s == mark->since_s)
        return true;
    return (same ||
            run_feed(records, "DELETE FROM stories WHERE feed = ?1", feed->name, 0, 0, error)) &&
           run_feed(records,
                    "INSERT OR REPLACE INTO story_feeds (feed, mark, since_s) VALUES (?1, ?2, ?3)",
                    feed->name, feed->mark, since_s, error);
}

static bool keep_feed(struct keeping *keeping, const struct story_feed *feed, struct error *error)
{
    struct records *records = keeping->records;
    struct mark *mark = keeping->count ? bsearch(feed->name, keeping->marks, keeping->count,
                                                 sizeof *mark, compare_mark)
                                       : NULL;
    bool same = mark && mark->value == feed->mark;
    if (mark)
        mark->kept = same || feed->wanted;
    if (feed->wanted)
        return keep_wanted(records, feed, mark, keeping->now_s, error);
    return !same || (run_feed(records, "DELETE FROM stories WHERE feed = ?1 AND twin > 0",
                              feed->name, 0, 0, error) &&
                     (!mark->since_s ||
                      run_feed(records, "UPDATE story_feeds SET since_s = 0 WHERE feed = ?1",
                               feed->name, 0, 0, error)));
}

static bool keep_all(void *context, struct error *error)
{
    struct keeping *keeping = context;
    bool good = read_marks(keeping, error);
    for (size_t i = 0; good && i < keeping->feed_count; i++)
        good = keep_feed(keeping, &keeping->feeds[i], error);
    for (size_t i = 0; good && i < keeping->count; i++)
        good = keeping->marks[i].kept ||
               run_feed(keeping->records, "DELETE FROM story_feeds WHERE feed = ?1",
                        keeping->marks[i].feed, 0, 0, error);
    return good && run_feed(keeping->records,
                            "DELETE FROM stories WHERE feed IN (SELECT feed FROM stories EXCEPT "
                            "SELECT feed FROM story_feeds)",
                            NULL, 0, 0, error);
}

bool records_stories_keep(struct records *records, const struct story_feed *feeds, size_t count,
                          int64_t now_s, struct error *error)
{
    struct keeping keeping = {
        .records = records, .feeds = feeds, .feed_count = count, .now_s = now_s};
    bool good = records_transaction(records, keep_all, &keeping, error);
    for (size_t i = 0; i < keeping.count; i++)
        free(keeping.marks[i].feed);
    free(keeping.marks);
    return good;
}

bool records_stories_since(struct records *records, const char *feed, int64_t *since_s,
                           struct error *error)
{
    int code = SQLITE_ERROR;
    *since_s = 0;
    records_lock(records);
    sqlite3_stmt *statement = records_prepare(records, STATEMENT_STORIES_SINCE, error);
    if (statement) {
        records_bind_text(statement, 1, feed);
        if ((code = records_step(records, statement, error)) == SQLITE_ROW) {
            *since_s = sqlite3_column_int64(statement, 0);
            sqlite3_reset(statement);
        }
    }
    records_unlock(records);
    return code == SQLITE_ROW || code == SQLITE_DONE;
}
