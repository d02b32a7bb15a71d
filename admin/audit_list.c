#include "admin/audit_list.h"

#include <stdlib.h>
#include <string.h>

#include "admin/records_text.h"
#include "store/memory.h"

static const char *const deeds[] = {"release",
                                    "confirm",
                                    "delete",
                                    "undo",
                                    "reapply",
                                    "expire",
                                    "spam",
                                    "not-spam",
                                    "allow",
                                    "deny",
                                    "remove",
                                    "add",
                                    "change",
                                    "set",
                                    "pin",
                                    "learned",
                                    "forget",
                                    "import",
                                    "tune",
                                    "tune-undo",
                                    "rules",
                                    "rules-undo",
                                    "user-add",
                                    "user-password",
                                    "user-token",
                                    "user-role",
                                    "user-remove",
                                    "log-in",
                                    "log-out",
                                    "refused-log-in",
                                    "refused-log-in-too-soon",
                                    "refused-log-in-busy",
                                    "refused-role",
                                    "refused-from-other-site",
                                    "refused-content-type",
                                    "refused-without-deed-token",
                                    "refused-session",
                                    "refused-token",
                                    "refused-path",
                                    "refused-link",
                                    "refused-link-expired",
                                    "refused-link-again",
                                    "refused-link-too-often",
                                    "refused-link-no-footer",
                                    "refused-not-theirs",
                                    "refused-many",
                                    NULL};

static bool is_deed(const char *what)
{
    size_t length = strcspn(what, " ");
    for (const char *const *deed = deeds; *deed; deed++)
        if (strlen(*deed) == length && strncmp(*deed, what, length) == 0)
            return true;
    return false;
}

bool audit_may_be(const struct audit_filter *filter, char why[AUDIT_WHY_SIZE])
{
    const char *what = filter->what;
    if (!what || is_deed(what) || filter->who || filter->subject || filter->since_s ||
        filter->until_s)
        return true;
    snprintf(why, AUDIT_WHY_SIZE, "nothing does \"%.60s\"; the deeds are ", what);
    for (const char *const *deed = deeds; *deed; deed++) {
        size_t length = strlen(why);
        snprintf(why + length, AUDIT_WHY_SIZE - length, "%s%s", deed == deeds ? "" : ", ", *deed);
    }
    return false;
}

static void take(void *context, const struct audit_line *line)
{
    struct audit_list *list = context;
    if (list->count == list->room) {
        list->room = 2 * list->room + 64;
        list->items = memory_resize(list->items, list->room * sizeof *list->items);
    }
    list->items[list->count++] = (struct audit_listed){list->front,
                                                       line->id,
                                                       line->time_s,
                                                       memory_text(line->who),
                                                       memory_text(line->what),
                                                       memory_text(line->subject)};
}

bool audit_list_read(struct session *session, enum front front, const struct audit_filter *filter,
                     struct audit_list *list, struct error *error)
{
    list->front = front;
    if (session_open_records(session, front) != EX_OK)
        return error_set(error, ERROR_SYSTEM, "the records of %s cannot be opened",
                         session_streams[front]);
    return !session->records[front] ||
           records_audit_list(session->records[front], filter, take, list, error);
}

static int newest_first(const void *a, const void *b)
{
    const struct audit_listed *x = a, *y = b;
    if (x->time_s != y->time_s)
        return x->time_s < y->time_s ? 1 : -1;
    return x->front != y->front ? (int)x->front - (int)y->front : (x->id < y->id) - (x->id > y->id);
}

static void drop(struct audit_listed *line)
{
    free(line->who);
    free(line->what);
    free(line->subject);
}

void audit_list_merge(struct audit_list *list, size_t most)
{
    if (list->count)
        qsort(list->items, list->count, sizeof *list->items, newest_first);
    while (list->count > most)
        drop(&list->items[--list->count]);
}

void audit_list_clear(struct audit_list *list)
{
    while (list->count)
        drop(&list->items[--list->count]);
    free(list->items);
    *list = (struct audit_list){0};
}

void audit_list_put(struct json_writer *json, const struct audit_listed *line)
{
    char id[RECORDS_TEXT_ID_SIZE];
    json_put_open(json, NULL, '{');
    json_put_integer(json, "time", line->time_s);
    json_put_string(json, "who", span_of(line->who));
    json_put_string(json, "what", span_of(line->what));
    json_put_string(json, "subject", span_of(line->subject));
    json_put_string(json, "channel", line->front == FRONT_MAIL ? SPAN("mail") : SPAN("feed"));
    json_put_string(json, "line", span_of(records_text_id(line->front, line->id, id)));
    json_put_close(json, '}');
}
