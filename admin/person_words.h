/* person_words: what weir says to people whom mail is held for, and to readers of feeds, in their
 * language: in digests, and on the pages that links open. */
#ifndef WEIR_PERSON_WORDS_H
#define WEIR_PERSON_WORDS_H

#include "core/config.h"
#include "core/span_buffer.h"

enum person_word {
    WORD_LANGUAGE, /* "en", as HTML wants it */
    WORD_INTRODUCTION,
    WORD_EXPIRING, /* before those that expire soon */
    WORD_FROM,
    WORD_HELD_SINCE,
    WORD_UNTIL,
    WORD_WHY,
    WORD_REASON_RULE, /* its name follows */
    WORD_REASON_TEXT,
    WORD_REASON_ATTACHMENT,
    WORD_NO_SUBJECT,
    WORD_RELEASE,
    WORD_ALLOW,
    WORD_DENY,
    WORD_SEVERAL, /* it went to several */
    WORD_MORE,    /* "%s" stands in it, for how many */
    WORD_SEE_ALL,
    WORD_FOOT,
    WORD_TITLE, /* of pages */
    WORD_ASK_RELEASE,
    WORD_ASK_ALLOW,
    WORD_ASK_DENY,
    WORD_DONE_RELEASE,
    WORD_DONE_ALLOW,
    WORD_DONE_DENY,
    WORD_DONE_REMOVE,
    WORD_NOT_LISTED,
    WORD_DONE_BEFORE, /* "%s" stands in it and in the next two, for when */
    WORD_ALLOWED_BEFORE,
    WORD_DENIED_BEFORE,
    WORD_IS_RELEASED, /* of what is no longer held */
    WORD_IS_CONFIRMED,
    WORD_IS_BEING_DELETED,
    WORD_IS_DELETED,
    WORD_IS_GONE,
    WORD_NOTHING_HELD,
    WORD_OLDER, /* "%s" stands in it and in the next one, for how many */
    WORD_OLDER_MANY,
    WORD_OLDER_LOOK, /* where it is not known whether there are any */
    WORD_NEWEST,
    WORD_LISTS,
    WORD_LISTS_EXPLAINED,
    WORD_ALLOWED,
    WORD_DENIED,
    WORD_REMOVE,
    WORD_ADD_ALLOW,
    WORD_ADD_DENY,
    WORD_ENTRY,
    WORD_BAD_ENTRY,
    WORD_FORGED,
    WORD_EXPIRED,
    WORD_GONE,
    WORD_TOO_MANY,
    WORD_FAILED,
    WORD_ITEM_TITLE, /* of pages about an item of a feed */
    WORD_ITEM_FEED,
    WORD_ITEM_NO_TITLE,
    WORD_ASK_SPAM,
    WORD_ASK_NOT_SPAM,
    WORD_ASK_ITEM_RELEASE,
    WORD_ASK_CONFIRM,
    WORD_SPAM,
    WORD_NOT_SPAM,
    WORD_ITEM_RELEASE,
    WORD_CONFIRM,
    WORD_DONE_SPAM,
    WORD_DONE_NOT_SPAM,
    WORD_DONE_ITEM_RELEASE,
    WORD_DONE_IN_TWIN,
    WORD_DONE_CONFIRM,
    WORD_SAID_BEFORE,
    WORD_SAID_TOO_OFTEN,
    WORD_REVIEWED,
    WORD_NO_FOOTER,
    WORD_COUNT
};

const char *person_word(enum language language, enum person_word word);

/* The same words with `value` where "%s" stands in them. */
void person_words_with(struct span_buffer *out, enum language language, enum person_word word,
                       const char *value);

/* `text` on one line as core/printable.h makes it, with what HTML takes for markup as entities. */
void person_html(struct span_buffer *out, struct arena *arena, struct span text);

/* The start of a subject or a sender, as core/printable.h makes it, which anybody may make as long
 * as they like. */
struct span person_start(struct arena *arena, struct span text);

/* "2026-11-28 10:22", local time. */
const char *person_time(int64_t time_s, char text[32]);

/* The reasons that weigh most for spam, in the JSON of a verdict, at most `most` of them, between
 * semicolons, of each its start; or the rule that decided it. In `arena`. What a check says of
 * itself is English in every language, as in the log and the console: an admin who is asked finds
 * it there. */
struct span person_why(struct arena *arena, enum language language, struct span evidence,
                       size_t most);

#endif
