#include "admin/feeds_change.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "admin/opml_read.h"
#include "core/text.h"
#include "store/memory.h"

#define TITLE_MAX OPML_TEXT_MAX

bool feeds_open(struct session *session, struct error *error)
{
    if (session->records[FRONT_FEED])
        return true;
    const char *path = session->config->records_feeds;
    if (access(path, F_OK) != 0 && errno == ENOENT)
        return error_set(error, ERROR_SYSTEM,
                         "%s is not there yet: weir-feedfilter makes it when it starts", path);
    session->records[FRONT_FEED] = records_open(path, error);
    return session->records[FRONT_FEED] != NULL;
}

static bool audit(struct records *records, const char *who, const char *what, const char *name,
                  struct error *error)
{
    char subject[SUBSCRIPTION_NAME_MAX + 8];
    snprintf(subject, sizeof subject, "feed %s", name);
    return records_audit(records, who, what, subject, error);
}

/* --- one feed --- */

struct adding {
    struct records *records;
    const struct feeds_names *names;
    const struct feed_record *feed;
    const char *who;
    char *name;     /* of SUBSCRIPTION_NAME_MAX + 1 bytes: what it became */
    int64_t *count; /* of the feeds that there are */
};

struct looking {
    struct span name;
    bool found;
};

static void look_at_reader(void *context, const struct reader_record *reader)
{
    struct looking *looking = context;
    looking->found = looking->found || span_equal(looking->name, span_of(reader->name));
}

/* "ann,bob": are there such readers? */
static bool check_readers(struct records *records, const char *readers, struct error *error)
{
    for (const char *at = readers; *at; at += *at == ',') {
        struct looking looking = {.name = {at, strcspn(at, ",")}};
        if (!records_readers_visit(records, look_at_reader, &looking, error))
            return false;
        if (!looking.found)
            return error_set(error, ERROR_INPUT, "there is no reader \"%.*s\"",
                             (int)(looking.name.length < 64 ? looking.name.length : 64), at);
        at += looking.name.length;
    }
    return true;
}

static bool is_line(const char *text)
{
    for (const char *c = text; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            return false;
    return strlen(text) <= TITLE_MAX && text_is_utf8(span_of(text));
}

static bool check_name(const struct adding *adding, struct error *error)
{
    const char *name = adding->feed->name, *place = feeds_names_place(adding->names, name);
    if (!subscription_is_name(name))
        return error_set(error, ERROR_INPUT,
                         "\"%.80s\" is no name: 1 to %u letters, digits, '.', '_' or '-'", name,
                         SUBSCRIPTION_NAME_MAX);
    return !place || error_set(error, ERROR_INPUT, "\"%s\" is configured at %s", name, place);
}

/* What is NULL is not asked for. */
static bool check(const struct adding *adding, struct error *error)
{
    const struct feed_record *feed = adding->feed;
    const char *trouble = feed->url ? subscription_url_trouble(feed->url, NULL) : NULL;
    enum feed_mode mode;
    if (trouble)
        return error_set(error, ERROR_INPUT, "its URL %s", trouble);
    if (*feed->name && !check_name(adding, error))
        return false;
    if (feed->mode && !feed_mode_find(feed->mode, &mode))
        return error_set(error, ERROR_INPUT, "the mode \"%.60s\" is none of hold, tag, pass",
                         feed->mode);
    if ((feed->title && !is_line(feed->title)) || (feed->category && !is_line(feed->category)))
        return error_set(error, ERROR_INPUT,
                         "title and category are lines of UTF-8, of at most %d bytes", TITLE_MAX);
    return !feed->readers || check_readers(adding->records, feed->readers, error);
}

/* In a transaction; what is wrong with it was looked for. */
static bool put(const struct adding *adding, struct error *error)
{
    struct feed_record feed = *adding->feed;
    if (*adding->count >= RECORDS_FEEDS_MOST)
        return error_set(error, ERROR_INPUT, "there are %d feeds already, and no more can be",
                         RECORDS_FEEDS_MOST);
    if (*feed.name)
        snprintf(adding->name, SUBSCRIPTION_NAME_MAX + 1, "%s", feed.name);
    else if (!feeds_names_make(adding->names, feed.title, feed.url, adding->name, error))
        return false;
    feed.name = adding->name;
    if (!*feed.title)
        feed.title = adding->name;
    (*adding->count)++;
    return records_feed_add(adding->records, &feed, error) &&
           audit(adding->records, adding->who, "add", feed.name, error);
}

/* That no other feed has its URL. */
static bool check_url_free(const struct adding *adding, struct error *error)
{
    char *other;
    if (!feeds_names_of_url(adding->names, adding->feed->url, &other, error))
        return false;
    bool taken = other && strcmp(other, adding->feed->name) != 0;
    if (taken)
        error_set(error, ERROR_INPUT, "this URL is subscribed to already, as \"%s\"", other);
    free(other);
    return !taken;
}

static bool add(void *context, struct error *error)
{
    const struct adding *adding = context;
    return check(adding, error) && records_feeds_count(adding->records, adding->count, error) &&
           check_url_free(adding, error) && put(adding, error);
}

bool feeds_add(struct session *session, const struct feed_record *feed, const char *who,
               char name[SUBSCRIPTION_NAME_MAX + 1], struct error *error)
{
    struct feeds_names *names = feeds_names_new(session, error);
    int64_t count;
    struct adding adding = {session->records[FRONT_FEED], names, feed, who, name, &count};
    bool good = names && records_transaction(adding.records, add, &adding, error);
    feeds_names_free(names);
    return good;
}

/* --- user and password stay behind nobody's back --- */

static struct span host_of(const struct subscription_address *address)
{
    return (struct span){address->rest.data, strcspn(address->rest.data, "/?#")};
}

/* Why what is a secret of one is not told to the other: another host or port, or in the clear where
 * it was not. NULL: it may be. */
static const char *why_untold(const struct subscription_address *was,
                              const struct subscription_address *now)
{
    if (!span_equal_nocase(host_of(was), host_of(now)))
        return "its user and password are not told to another host: give them in the URL if that "
               "asks for some";
    if (!span_equal_nocase(was->scheme, now->scheme) &&
        !span_equal_nocase(now->scheme, SPAN("https")))
        return "its user and password are not told over http, where anybody on the way can read "
               "them: give them in the URL if they are to be";
    return NULL;
}

/* The URL as it is to be kept, with what was kept of user and password; free() it. */
static char *with_credentials(const char *url, const char *former, const char **warning)
{
    struct subscription_address now, was;
    struct span credentials = {"", 0};
    if (!subscription_address_split(url, &now) || now.user.length)
        return memory_text(url);
    bool none = now.rest.data[-1] == '@';
    if (!none && subscription_address_split(former, &was) && was.user.length) {
        *warning = why_untold(&was, &now);
        if (!*warning)
            credentials = (struct span){was.user.data, (size_t)(was.rest.data - was.user.data)};
    }
    char *text = NULL;
    size_t length;
    FILE *out = memory_checked(open_memstream(&text, &length));
    fprintf(out, "%.*s://%.*s%s", SPAN_ARGS(now.scheme), SPAN_ARGS(credentials), now.rest.data);
    fclose(out);
    return memory_checked(text);
}

struct changing {
    struct adding adding;
    const char **warning;
};

static bool change_to(const struct adding *adding, struct error *error)
{
    struct feed_record feed = *adding->feed;
    bool changed;
    if (feed.url && !check_url_free(adding, error))
        return false;
    if (feed.title && !*feed.title)
        feed.title = feed.name;
    if (!records_feed_change(adding->records, &feed, &changed, error))
        return false;
    return changed ? audit(adding->records, adding->who, "change", feed.name, error)
                   : error_set(error, ERROR_INPUT, "there is no feed \"%.64s\"", feed.name);
}

static bool change(void *context, struct error *error)
{
    const struct changing *changing = context;
    struct adding adding = changing->adding;
    struct feed_record feed = *adding.feed;
    char *former = NULL, *url = NULL;
    if (!check_name(&adding, error) ||
        (feed.url && !records_feed_url(adding.records, feed.name, &former, error)))
        return false;
    if (feed.url && former)
        feed.url = url = with_credentials(feed.url, former, changing->warning);
    adding.feed = &feed;
    bool good = check(&adding, error) && change_to(&adding, error);
    free(former);
    free(url);
    return good;
}

bool feeds_change(struct session *session, const struct feed_record *feed, const char *who,
                  const char **warning, struct error *error)
{
    struct feeds_names *names = feeds_names_new(session, error);
    struct changing changing = {{session->records[FRONT_FEED], names, feed, who, NULL, NULL},
                                warning};
    *warning = NULL;
    bool good = names && records_transaction(changing.adding.records, change, &changing, error);
    feeds_names_free(names);
    return good;
}

struct removing {
    struct records *records;
    const struct feeds_names *names;
    struct feeds_removal *removal;
};

/* Without a trouble and false: `why` it is refused. */
static bool remove_feed(const struct removing *removing, const char *name, struct error *why,
                        struct error *trouble)
{
    const char *place = feeds_names_place(removing->names, name);
    bool removed;
    if (place)
        return error_set(why, ERROR_INPUT,
                         "\"%s\" is configured at %s: take it out there, and reload "
                         "weir-feedfilter",
                         name, place);
    if (!records_feed_remove(removing->records, name, &removed, trouble))
        return false;
    return removed ? audit(removing->records, removing->removal->who, "remove", name, trouble)
                   : error_set(why, ERROR_INPUT, "there is no feed \"%.64s\"", name);
}

static bool remove_feeds(void *context, struct error *error)
{
    const struct removing *removing = context;
    struct feeds_removal *removal = removing->removal;
    for (size_t i = 0; i < removal->count; i++) {
        struct error why = {0};
        removal->removed[i] = remove_feed(removing, removal->names[i], &why, error);
        if (error->class)
            return false;
        if (!removal->removed[i])
            removal->refused(removal->context, &why);
    }
    return true;
}

bool feeds_remove_all(struct session *session, struct feeds_removal *removal, struct error *error)
{
    struct feeds_names *names = feeds_names_new(session, error);
    struct removing removing = {session->records[FRONT_FEED], names, removal};
    bool good = names && records_transaction(removing.records, remove_feeds, &removing, error);
    feeds_names_free(names);
    return good;
}

static void keep_why(void *context, const struct error *why)
{
    *(struct error *)context = *why;
}

bool feeds_remove(struct session *session, const char *name, const char *who, struct error *error)
{
    struct error why = {0};
    char *names[] = {(char *)(uintptr_t)name};
    bool removed = false;
    struct feeds_removal removal = {who, names, 1, keep_why, &why, &removed};
    if (!feeds_remove_all(session, &removal, error))
        return false;
    if (!removed)
        *error = why;
    return removed;
}

/* --- a list of them --- */

struct importing {
    struct records *records;
    struct feeds_names *names;
    struct span bytes;
    struct feeds_import *import;
    int64_t count;
    struct error trouble; /* of the records; none: go on */
};

static void tell(struct importing *importing, const struct opml_outline *outline,
                 enum feeds_outcome outcome, const char *name, const char *why)
{
    struct feeds_import *import = importing->import;
    const struct feeds_outline told = {outline->line, outcome, outline->url, name, why};
    import->added += outcome == FEEDS_ADDED;
    import->known += outcome == FEEDS_KNOWN;
    import->bad += outcome == FEEDS_BAD;
    import->tell(import->context, &told);
}

/* True, and told, when its URL is subscribed to; or when that cannot be found out. */
static bool is_known(struct importing *importing, const struct opml_outline *outline)
{
    char *other, what[200];
    if (!feeds_names_of_url(importing->names, outline->url, &other, &importing->trouble))
        return true;
    if (!other)
        return false;
    snprintf(what, sizeof what, "is subscribed to already, as \"%s\"", other);
    tell(importing, outline, FEEDS_KNOWN, other, what);
    free(other);
    return true;
}

static bool import_one(void *context, const struct opml_outline *outline)
{
    struct importing *importing = context;
    struct error why = {0};
    char name[SUBSCRIPTION_NAME_MAX + 1] = "";
    const struct feed_record feed = {.name = "",
                                     .url = outline->url,
                                     .mode = importing->import->mode,
                                     .title = outline->title,
                                     .category = outline->category,
                                     .readers = ""};
    struct adding adding = {
        importing->records, importing->names, &feed, importing->import->who, name,
        &importing->count};
    if (!outline->url) {
        tell(importing, outline, FEEDS_BAD, NULL, "has no xmlUrl");
        return true;
    }
    if (!check(&adding, &why)) {
        if (why.class == ERROR_INPUT)
            tell(importing, outline, FEEDS_BAD, NULL, why.message);
        else
            importing->trouble = why;
        return !importing->trouble.class;
    }
    if (is_known(importing, outline))
        return !importing->trouble.class;
    if (!put(&adding, &importing->trouble))
        return false;
    tell(importing, outline, FEEDS_ADDED, name, NULL);
    return true;
}

/* In a transaction, which an error undoes. */
static bool import_all(void *context, struct error *error)
{
    struct importing *importing = context;
    struct feeds_import *import = importing->import;
    struct error broken = {0};
    if (!records_feeds_count(importing->records, &importing->count, error))
        return false;
    bool whole = opml_read(importing->bytes, import_one, importing, &import->raw_line, &broken);
    if (importing->trouble.class) {
        *error = importing->trouble;
        return false;
    }
    if (!whole)
        *error = broken;
    bool kept = (whole && !import->bad) || import->partial;
    return kept && !import->dry_run;
}

bool feeds_import(struct session *session, struct span bytes, struct feeds_import *import,
                  struct error *error)
{
    struct importing importing = {.records = session->records[FRONT_FEED],
                                  .names = feeds_names_new(session, error),
                                  .bytes = bytes,
                                  .import = import};
    import->added = import->known = import->bad = 0;
    if (!importing.names)
        return false;
    bool kept = records_transaction(importing.records, import_all, &importing, error);
    feeds_names_free(importing.names);
    if (!kept && !import->dry_run)
        import->added = 0;
    return !error->class && (kept || (import->dry_run && (!import->bad || import->partial)));
}
