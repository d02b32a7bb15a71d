/* records_people: what the records of mail know of people for whom mail is held: what they were
 * told, what they did from a link, and whom they want to hear of, or not. People are named by their
 * address in normal form (core/recipient.h). */
#ifndef WEIR_RECORDS_PEOPLE_H
#define WEIR_RECORDS_PEOPLE_H

#include "store/records.h"

/* Whether that person was told of a held mail, and that it expires soon. */
bool records_told(struct records *records, int64_t held_id, const char *recipient, bool *told,
                  bool *warned, struct error *error);
bool records_set_told(struct records *records, int64_t held_id, const char *recipient, bool warned,
                      struct error *error);

/* Notes that the person did `action` (any number) with a held mail (0: none) from a link; when it
 * was done before, `*before_s` says when, else it is 0. */
bool records_link_used(struct records *records, int64_t held_id, const char *recipient,
                       unsigned action, int64_t *before_s, struct error *error);
bool records_link_use(struct records *records, int64_t held_id, const char *recipient,
                      unsigned action, struct error *error);

/* A person's list: an address or a domain, in normal form, is allowed or denied. */
#define RECORDS_LIST_MOST 1000 /* entries of a person */
bool records_list_set(struct records *records, const char *recipient, const char *entry,
                      bool denies, struct error *error);
bool records_list_remove(struct records *records, const char *recipient, const char *entry,
                         bool *removed, struct error *error);
bool records_list_visit(struct records *records, const char *recipient,
                        void (*visit)(void *context, const char *entry, bool denies), void *context,
                        struct error *error);

enum list_answer { LIST_SAYS_NOTHING, LIST_ALLOWS, LIST_DENIES };

/* What the person's list says of just that entry, and since when. */
bool records_list_find(struct records *records, const char *recipient, const char *entry,
                       enum list_answer *answer, int64_t *since_s, struct error *error);

/* What the person's list says of a sender: the address itself first, then its domain, then what
 * that is in; the first that is listed decides. */
bool records_list_ask(struct records *records, const char *recipient, const char *sender,
                      enum list_answer *answer, struct error *error);

/* Whether anybody has a list. */
bool records_list_any(struct records *records, bool *any, struct error *error);

#endif
