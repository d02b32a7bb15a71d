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

/* Of a filter that found nothing: whether something could be found. false, and `why` says so: it
 * asks for a deed that weir does not know, and for nothing else, which may have left out another
 * weir's.
 */
#define AUDIT_WHY_SIZE 900
bool audit_may_be(const struct audit_filter *filter, char why[AUDIT_WHY_SIZE]);

/* Adds the lines of a front's records that `filter` lets pass; nothing when there are none. */
bool audit_list_read(struct session *session, enum front front, const struct audit_filter *filter,
                     struct audit_list *list, struct error *error);

/* Newest first, `most` of them. Of one second those of mail come first, each file's in their order:
 * which of two files was written to earlier within it nobody knows. */
void audit_list_merge(struct audit_list *list, size_t most);
void audit_list_clear(struct audit_list *list);

/* An object: "time", "who", "what", "subject", "channel", "line" ("m5": of that record's file). */
void audit_list_put(struct json_writer *json, const struct audit_listed *line);

#endif
