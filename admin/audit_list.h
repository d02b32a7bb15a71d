/* audit_list: who did what when, of both fronts' records. For weirctl and the console. */
#ifndef WEIR_AUDIT_LIST_H
#define WEIR_AUDIT_LIST_H

#include "admin/session.h"
#include "core/json_writer.h"
#include "store/records_search.h"

struct audit_listed {
    enum front front; /* whose records have it */
    int64_t id, time_s;
    char *who, *what, *subject;
};

struct audit_list {
    struct audit_listed *items;
    size_t count, room;
    enum front front; /* that is read now */
};

/* The first words of all that weir writes there, NULL behind them. */
extern const char *const audit_deeds[];

/* Adds the lines of a front's records that `filter` lets pass; nothing when there are none. */
bool audit_list_read(struct session *session, enum front front, const struct audit_filter *filter,
                     struct audit_list *list, struct error *error);

/* Newest first, `most` of them. */
void audit_list_merge(struct audit_list *list, size_t most);
void audit_list_clear(struct audit_list *list);

/* An object: "time", "who", "what", "subject", "channel", "line" ("m5": of that record's file). */
void audit_list_put(struct json_writer *json, const struct audit_listed *line);

#endif
