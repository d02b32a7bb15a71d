/* held_remote: weirctl held on another machine, over its weir-console. */
#ifndef WEIR_HELD_REMOTE_H
#define WEIR_HELD_REMOTE_H

#include "admin/held_list.h"
#include "admin/remote.h"

/* Visits the entries of one stream there, from before `before_id` on (0: from the newest), in
 * pages;
 * `*left` of them at most, which is counted down unless it is SIZE_MAX. With `records` each has the
 * JSON that it has on that machine itself. */
bool held_remote_page(struct remote *remote, bool records, enum front front,
                      const struct held_asked *asked, int64_t before_id, size_t *left,
                      held_visit_row *visit, void *context, struct error *error);

bool held_remote_count(const struct session *session, const struct held_asked *asked,
                       int64_t *count, struct error *error);

/* "held show". */
int held_remote_show(const struct session *session, int count, char **ids);

/* "held release", "confirm" and "delete", and "undo". */
int held_remote_do(const struct session *session, const char *deed, int count, char **ids);

#endif
