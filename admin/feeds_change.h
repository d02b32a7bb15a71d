/* feeds_change: subscriptions that come and go while weir runs, and readers with addresses of their
 * own. For weirctl and the console. What is changed and its line in the audit trail are written
 * together or not at all; weir-feedfilter follows within a second. */
#ifndef WEIR_FEEDS_CHANGE_H
#define WEIR_FEEDS_CHANGE_H

#include "admin/feeds_names.h"
#include "core/reader_token.h"

#include <stddef.h>

/* session->records[FRONT_FEED] is open. Says why not on `error`: ERROR_SYSTEM when weir-feedfilter
 * has never run. */
bool feeds_open(struct session *session, struct error *error);

/* Subscribes to it, in the name of `who`. `feed->name` empty: one is made of the title, else of the
 * URL. `name` is what it became. ERROR_INPUT: what is wrong with it, or that it is there already.
 */
bool feeds_add(struct session *session, const struct feed_record *feed, const char *who,
               char name[SUBSCRIPTION_NAME_MAX + 1], struct error *error);

/* Of the feed of that name, what is not NULL in `feed` becomes so; a title that is empty becomes
 * the name. An URL without user and password keeps those that there are, on the same host and not
 * from https to http; one with an empty user ("https://@host/feed") has none. `*warning` (lent, one
 * line; NULL: none) says that they are gone, and why. ERROR_INPUT: there is none of that name, it
 * is configured, or what is wrong with the rest. */
bool feeds_change(struct session *session, const struct feed_record *feed, const char *who,
                  const char **warning, struct error *error);

/* Of those `names`, in one transaction: weir-feedfilter takes in once what has changed, however
 * many they are. What is held of them stays in the records. */
struct feeds_removal {
    const char *who;
    char *const *names;
    size_t count;
    /* Called for each that is not removed: there is none of that name (any more), or it is
     * configured, and where. The others are removed all the same. */
    void (*refused)(void *context, const struct error *why);
    void *context;
    bool *removed; /* of the caller; room for each: whether it is, once all is written */
};
bool feeds_remove_all(struct session *session, struct feeds_removal *removal, struct error *error);

/* Of one. ERROR_INPUT: it is refused, and why. */
bool feeds_remove(struct session *session, const char *name, const char *who, struct error *error);

/* What becomes of one line of a list. */
enum feeds_outcome { FEEDS_ADDED, FEEDS_KNOWN, FEEDS_BAD };
struct feeds_outline {
    int line;
    enum feeds_outcome outcome;
    const char *url;  /* a secret, where it has user and password; NULL: it has none */
    const char *name; /* what it is called, or would be; NULL: it is bad */
    const char *why;  /* why it is not added, one line; NULL: it is */
};

struct feeds_import {
    const char *who;
    const char *mode; /* of what is added: "hold", "tag", "pass" */
    bool partial;     /* adds what is good though something is not */
    bool dry_run;     /* adds nothing */
    /* Called for each outline; lent for the call. */
    void (*tell)(void *context, const struct feeds_outline *outline);
    void *context;
    size_t added, known, bad; /* how many; added is 0 when nothing was */
    int raw_line;             /* where an '&' was first taken for itself; 0: nowhere */
};

/* Subscribes to what the OPML in `bytes` lists. True: all that is not `known` was added, or with
 * `partial` all that is good. ERROR_INPUT "line 12: …": it ends there; with `partial` what came
 * before was added. False and ERROR_NONE: some are bad, and nothing was added. */
bool feeds_import(struct session *session, struct span bytes, struct feeds_import *import,
                  struct error *error);

/* --- readers --- */

/* `token` is the only copy of it; sodium_init() must have been called. ERROR_INPUT: no name, or it
 * is taken. */
bool feeds_reader_add(struct session *session, const char *name, const char *who,
                      char token[READER_TOKEN_SIZE], struct error *error);
bool feeds_reader_remove(struct session *session, const char *name, const char *who,
                         struct error *error);

#endif
