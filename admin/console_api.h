/* console_api: what the console's API answers to who is logged in: how the gateway stands, what is
 * held, and what is done with it. docs/weir-console.8 lists the calls. */
#ifndef WEIR_CONSOLE_API_H
#define WEIR_CONSOLE_API_H

#include "admin/console_gateway.h"
#include "admin/console_answer.h"

/* `context` is a struct console_gateway. Thread-safe. */
void console_api(void *context, const struct console_request *request,
                 struct console_answer *answer);

/* The same `context`; see console_router.h. */
void console_api_audit(void *context, const char *who, const char *what, const char *subject);

/* The parts of it; the session is theirs meanwhile. `rest` is what stands behind the call's name in
 * the path: "m12/release". */
void console_overview(struct session *session, struct console_answer *answer);
void console_reputation(struct session *session, const struct console_request *request,
                        const char *rest, struct console_answer *answer);
void console_reputation_export(struct session *session, const struct console_request *request,
                               const char *rest, struct console_answer *answer);
void console_reputation_import(struct session *session, const struct console_request *request,
                               const char *rest, struct console_answer *answer);
void console_audit_list(struct session *session, const struct console_request *request,
                        const char *rest, struct console_answer *answer);
void console_history(struct session *session, const struct console_request *request,
                     const char *rest, struct console_answer *answer);
/* The reputations of a text, whatever it may be the name of. */
void console_search(struct session *session, const struct console_request *request,
                    const char *rest, struct console_answer *answer);
void console_held(struct session *session, const struct console_request *request, const char *rest,
                  struct console_answer *answer);
void console_tuning(struct session *session, const struct console_request *request,
                    const char *rest, struct console_answer *answer);
void console_rules(struct session *session, const struct console_request *request, const char *rest,
                   struct console_answer *answer);
void console_feeds(struct session *session, const struct console_request *request, const char *rest,
                   struct console_answer *answer);
void console_feeds_export(struct session *session, const struct console_request *request,
                          const char *rest, struct console_answer *answer);
void console_rules_write(struct session *session, const struct console_request *request,
                         const char *rest, struct console_answer *answer);
void console_tuning_write(struct session *session, const struct console_request *request,
                          const char *rest, struct console_answer *answer);

/* For the parts: 400 for what cannot be (ERROR_INPUT), else 503. */
void console_refuse_error(struct console_answer *answer, const struct error *error);

bool console_open_counts(struct session *session, struct error *error);

/* The same for records; `*records` is NULL when there are none yet. */
bool console_open_records(struct session *session, enum front front, struct records **records,
                          struct error *error);

/* "reputation"; "tuning/preview" and "tuning/suggest". */
void console_reputation_list(struct session *session, const struct console_request *request,
                             const char *rest, struct console_answer *answer);
void console_rules_try(struct session *session, const struct console_request *request,
                       const char *rest, struct console_answer *answer);
void console_tuning_try(struct session *session, const struct console_request *request,
                        const char *rest, struct console_answer *answer);

/* "feeds/add", "change", "remove"; "feeds/import" and "feeds/preview", which says what it would do.
 */
void console_feeds_readers(struct session *session, const struct console_request *request,
                           const char *rest, struct console_answer *answer);
void console_feeds_reader(struct session *session, const struct console_request *request,
                          const char *rest, struct console_answer *answer);
void console_feeds_write(struct session *session, const struct console_request *request,
                         const char *rest, struct console_answer *answer);
void console_feeds_import(struct session *session, const struct console_request *request,
                          const char *rest, struct console_answer *answer);

void console_learn(struct session *session, const struct console_request *request, const char *rest,
                   struct console_answer *answer);

/* Of the parameter "limit"; false, and refused, when it cannot be. */
bool console_limit(const struct console_request *request, size_t usual, size_t most, size_t *limit,
                   struct console_answer *answer);

/* "recipients", which records keep as one text between commas, as a member: the first of them, or
 * `all`; "recipients_more" says how many there are besides. */
void console_put_recipients(struct json_writer *json, const char *recipients, bool all);

/* "held/ID/preview", which waits for weir-release without a session. */
void console_held_preview(struct console_gateway *gateway, const char *id,
                          struct console_answer *answer);

#endif
