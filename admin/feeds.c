#include "admin/commands.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "admin/feeds_change.h"
#include "admin/feeds_list.h"
#include "admin/feeds_reader.h"
#include "admin/feeds_remote.h"
#include "admin/opml_read.h"
#include "admin/records_text.h"
#include "store/memory.h"

struct words {
    const char *mode, *title, *category, *readers, *url;
    bool partial, dry_run;
    bool clears; /* one of the texts is empty */
};

/* --- list --- */

static void print_feed(const struct feed_listed *feed)
{
    char when[32];
    records_text_plain(feed->name);
    printf("  %s  %s  %" PRId64 " items, %" PRId64 " held",
           *feed->state ? feed->state : "not served",
           feed->checked_s ? records_text_time(feed->checked_s, when) : "never", feed->items,
           feed->held);
    if (feed->duplicates)
        printf(", %" PRId64 " shown in other feeds", feed->duplicates);
    printf("  %s", *feed->url ? "" : "(its URL is in the feeds-file)");
    records_text_plain(feed->url);
    fputs("\n    ", stdout);
    if (*feed->place)
        records_text_plain(feed->place);
    else
        printf("added %s", records_text_time(feed->added_s, when));
    if (strcmp(feed->title, feed->name) != 0 && *feed->title) {
        fputs("  \"", stdout);
        records_text_plain(feed->title);
        putchar('"');
    }
    if (*feed->category) {
        fputs("  in ", stdout);
        records_text_plain(feed->category);
    }
    if (*feed->mode)
        printf("  %s", feed->mode);
    if (*feed->readers)
        printf("  for %s", feed->readers);
    if (*feed->found) {
        fputs("\n    that is a page, and what it names is fetched: ", stdout);
        records_text_plain(feed->found);
    }
    if (*feed->moved) {
        fputs("\n    that has moved for good, and is fetched from: ", stdout);
        records_text_plain(feed->moved);
    }
    if (*feed->trouble) {
        fputs("\n    ", stdout);
        records_text_plain(feed->trouble);
    }
    putchar('\n');
}

static int read_list(struct session *session, struct feeds_list *list)
{
    struct error error = {0};
    if (session->gateway)
        return feeds_remote_list(session, list, &error) ? EX_OK : session_complain(&error);
    int status = session_open_records(session, FRONT_FEED);
    if (status != EX_OK)
        return status;
    return feeds_list_read(session, list, &error) ? EX_OK : session_complain(&error);
}

static int list(struct session *session, int count, char **arguments, const struct words *words)
{
    struct feeds_list found = {0};
    (void)arguments, (void)words;
    if (count)
        return session_usage("feeds list takes no words");
    int status = read_list(session, &found);
    for (size_t i = 0; status == EX_OK && i < found.count; i++) {
        if (session->json) {
            struct json_writer json = {0};
            feeds_list_put(&json, &found.items[i]);
            json_put_newline(&json);
            json_writer_flush(&json, stdout);
            json_writer_free(&json);
        } else {
            print_feed(&found.items[i]);
        }
    }
    if (status == EX_OK && !found.count && !session->json)
        puts("there are no feeds");
    feeds_list_clear(&found);
    return status;
}

/* --- add, change, remove --- */

static int open_feeds(struct session *session)
{
    struct error error = {0};
    int status = session_configure(session);
    if (status != EX_OK)
        return status;
    return feeds_open(session, &error) ? EX_OK : session_complain(&error);
}

static int add(struct session *session, int count, char **arguments, const struct words *words)
{
    struct error error = {0};
    char name[SUBSCRIPTION_NAME_MAX + 1];
    if (count != 2)
        return session_usage("feeds add NAME URL");
    const struct feed_record feed = {.name = arguments[0],
                                     .url = arguments[1],
                                     .mode = words->mode ? words->mode : "hold",
                                     .title = words->title ? words->title : "",
                                     .category = words->category ? words->category : "",
                                     .readers = words->readers ? words->readers : ""};
    if (!*feed.name)
        return session_usage("feeds add: the name is empty");
    if (session->gateway)
        return feeds_remote_do(session, "add", &feed);
    int status = open_feeds(session);
    if (status != EX_OK)
        return status;
    if (!feeds_add(session, &feed, session_user(), name, &error)) {
        error_prefix(&error, "feed %.80s", feed.name);
        return session_complain(&error);
    }
    if (!session->json)
        printf("%s is subscribed to: %s/f/%s\n", name, session->config->feedfilter.public_url,
               name);
    return EX_OK;
}

static int change(struct session *session, int count, char **arguments, const struct words *words)
{
    struct error error = {0};
    if (count != 1)
        return session_usage("feeds change NAME, and what of it: --url, --mode, --title, "
                             "--category, --readers");
    const struct feed_record feed = {.name = arguments[0],
                                     .url = words->url,
                                     .mode = words->mode,
                                     .title = words->title,
                                     .category = words->category,
                                     .readers = words->readers};
    if (!feed.url && !feed.mode && !feed.title && !feed.category && !feed.readers)
        return session_usage("feeds change: nothing is to be changed");
    if (session->gateway)
        return feeds_remote_do(session, "change", &feed);
    int status = open_feeds(session);
    if (status != EX_OK)
        return status;
    const char *warning;
    if (!feeds_change(session, &feed, session_user(), &warning, &error)) {
        error_prefix(&error, "feed %.80s", feed.name);
        return session_complain(&error);
    }
    if (warning)
        fprintf(stderr, "%s: feed %s: %s\n", session_program, feed.name, warning);
    if (!session->json)
        printf("%s is changed\n", feed.name);
    return EX_OK;
}

static int remove_remotely(struct session *session, int count, char **names)
{
    int worst = EX_OK;
    for (int i = 0; i < count; i++) {
        int status = feeds_remote_do(session, "remove", &(struct feed_record){.name = names[i]});
        worst = status > worst ? status : worst;
    }
    return worst;
}

static void say_refused(void *worst, const struct error *why)
{
    *(int *)worst = session_complain(why);
}

static int remove_feeds(struct session *session, int count, char **names, const struct words *words)
{
    (void)words;
    if (!count)
        return session_usage("feeds remove NAME…");
    if (session->gateway)
        return remove_remotely(session, count, names);
    int worst = open_feeds(session);
    if (worst != EX_OK)
        return worst;
    struct error error = {0};
    bool *removed = memory_new((size_t)count * sizeof *removed);
    struct feeds_removal removal = {session_user(), names,  (size_t)count,
                                    say_refused,    &worst, removed};
    if (!feeds_remove_all(session, &removal, &error))
        worst = session_complain(&error);
    else
        for (int i = 0; i < count && !session->json; i++)
            if (removed[i])
                printf("%s is no longer subscribed to\n", names[i]);
    free(removed);
    return worst;
}

/* --- import, export --- */

/* The whole file, "-" the standard input; NULL and said so. */
static char *read_file(const char *path, size_t *length)
{
    FILE *file = strcmp(path, "-") ? fopen(path, "re") : stdin;
    char *bytes = NULL;
    size_t room = 1 << 16, got;
    *length = 0;
    if (file) {
        bytes = memory_new(room);
        while (*length <= OPML_BYTES_MAX &&
               (got = fread(bytes + *length, 1, room - *length, file)) > 0) {
            *length += got;
            if (*length == room)
                bytes = memory_resize(bytes, room *= 2);
        }
    }
    if (!file || ferror(file)) {
        fprintf(stderr, "%s: %s: cannot be read: %s\n", session_program, path, strerror(errno));
        free(bytes);
        bytes = NULL;
    }
    if (file && file != stdin)
        fclose(file);
    return bytes;
}

struct telling {
    const char *path;
};

static void tell(void *context, const struct feeds_outline *outline)
{
    const struct telling *telling = context;
    if (outline->why)
        fprintf(stderr, "%s: %s:%d: %s%s\n", session_program, telling->path, outline->line,
                outline->why, outline->outcome == FEEDS_BAD ? "" : "; passed over");
}

static int say_imported(const struct session *session, const struct feeds_import *import, bool good)
{
    if (session->json)
        printf("{\"added\":%zu,\"known\":%zu,\"bad\":%zu,\"dry_run\":%s}\n", import->added,
               import->known, import->bad, import->dry_run ? "true" : "false");
    else if (!good && !import->partial)
        printf("nothing was added: mend the list, or take what is good of it with --partial\n");
    else
        printf("%zu %s%s added, %zu passed over, %zu bad\n", import->added,
               import->added == 1 ? "feed" : "feeds", import->dry_run ? " would be" : "",
               import->known, import->bad);
    return good && !import->bad ? EX_OK : EX_DATAERR;
}

static int import(struct session *session, int count, char **arguments, const struct words *words)
{
    struct error error = {0};
    size_t length;
    if (count != 1)
        return session_usage("feeds import FILE");
    int status = session->gateway ? EX_OK : open_feeds(session);
    if (status != EX_OK)
        return status;
    char *bytes = read_file(arguments[0], &length);
    if (!bytes)
        return EX_NOINPUT;
    struct telling telling = {arguments[0]};
    struct feeds_import import = {.who = session_user(),
                                  .mode = words->mode ? words->mode : "hold",
                                  .partial = words->partial,
                                  .dry_run = words->dry_run,
                                  .tell = tell,
                                  .context = &telling};
    struct span opml = {bytes, length};
    bool good = session->gateway ? feeds_remote_import(session, opml, &import, &error)
                                 : feeds_import(session, opml, &import, &error);
    free(bytes);
    if (import.raw_line && !error.class)
        fprintf(stderr, "%s: %s:%d: an '&' that should be written '&amp;' is taken for itself\n",
                session_program, arguments[0], import.raw_line);
    if (error.class && error.class != ERROR_INPUT)
        return session_complain(&error);
    if (error.class) {
        error_prefix(&error, "%s", arguments[0]);
        status = session_complain(&error);
    }
    int said = say_imported(session, &import, good);
    return said > status ? said : status;
}

/* On `out`; the exit code. */
static int put_opml(struct session *session, FILE *out, size_t *left_out, size_t *secrets)
{
    struct feeds_list found = {0};
    struct error error = {0};
    if (session->gateway)
        return feeds_remote_export(session, out, left_out, secrets, &error)
                   ? EX_OK
                   : session_complain(&error);
    int status = read_list(session, &found);
    if (status == EX_OK)
        feeds_list_opml(&found, "weir", out, left_out);
    for (size_t i = 0; i < found.count; i++)
        *secrets += found.items[i].credentials;
    feeds_list_clear(&found);
    return status;
}

static int cannot_write(const char *path)
{
    fprintf(stderr, "%s: %s: cannot be written: %s\n", session_program, path, strerror(errno));
    return EX_IOERR;
}

static int export(struct session *session, int count, char **arguments, const struct words *words)
{
    size_t left_out = 0, secrets = 0, length;
    char *opml = NULL;
    (void)words;
    if (count > 1)
        return session_usage("feeds export [FILE]");
    FILE *text = memory_checked(open_memstream(&opml, &length));
    int status = put_opml(session, text, &left_out, &secrets);
    fclose(text);
    FILE *out = status != EX_OK ? NULL : count ? fopen(arguments[0], "we") : stdout;
    if (out) {
        fwrite(opml, 1, length, out);
        if (left_out)
            fprintf(stderr, "%s: %zu left out whose URLs are in the feeds-file\n", session_program,
                    left_out);
        if (secrets)
            fprintf(stderr, "%s: users and passwords of %zu left out\n", session_program, secrets);
    }
    bool written = out && !ferror(out) && (out == stdout || fclose(out) == 0);
    free(opml);
    return status == EX_OK && !written ? cannot_write(count ? arguments[0] : "the output") : status;
}

/* --- the command --- */

static const struct {
    const char *name;
    int (*run)(struct session *session, int count, char **arguments, const struct words *words);
} verbs[] = {{"list", list},           {"add", add},       {"change", change},
             {"remove", remove_feeds}, {"import", import}, {"export", export}};

static int run(struct session *session, int count, char **arguments)
{
    struct words words = {0};
    const struct option_row rows[] = {{"mode", &words.mode, NULL},
                                      {"title", &words.title, &words.clears},
                                      {"category", &words.category, &words.clears},
                                      {"readers", &words.readers, &words.clears},
                                      {"url", &words.url, NULL},
                                      {"partial", NULL, &words.partial},
                                      {"dry-run", NULL, &words.dry_run},
                                      {NULL, NULL, NULL}};
    enum feed_mode mode;
    int status = session_options(session, rows, &count, arguments);
    if (status != EX_OK)
        return status;
    if (words.mode && !feed_mode_find(words.mode, &mode))
        return session_usage("--mode is hold, tag or pass, not \"%s\"", words.mode);
    bool changes = count && !strcmp(arguments[0], "change");
    if (words.url && count && !changes)
        return session_usage("--url goes with feeds change");
    if (words.clears && !changes)
        return session_usage("an empty value goes with feeds change: leave the option out");
    if (count && !strcmp(arguments[0], "reader"))
        return feeds_reader(session, count - 1, arguments + 1);
    for (size_t i = 0; count && i < sizeof verbs / sizeof *verbs; i++)
        if (!strcmp(arguments[0], verbs[i].name))
            return verbs[i].run(session, count - 1, arguments + 1, &words);
    return session_usage("feeds list, add, change, remove, import, export or reader");
}

const struct command command_feeds = {
    "feeds",
    run,
    "feeds list\n"
    "feeds add NAME URL [--mode MODE] [--title TITLE] [--category FOLDER] [--readers NAMES]\n"
    "feeds change NAME [--url URL] [--mode MODE] [--title TITLE] [--category FOLDER] [--readers "
    "NAMES]\n"
    "feeds remove NAME…\n"
    "feeds import FILE [--partial] [--dry-run] [--mode MODE]\n"
    "feeds export [FILE]\n"
    "feeds reader add NAME | remove NAME | list",
    "subscribe to feeds while weir runs, as OPML too",
    "weir-feedfilter follows within a second. Feeds of weir.conf(5) are listed too, and changed\n"
    "only there.\n\n"
    "list    all feeds, how they stand, and where they come from\n"
    "add     readers find it at /f/NAME\n"
    "change  what is named of it; the rest, and what is held, stays\n"
    "remove  what is held of it stays until it expires\n"
    "import  what an OPML file (- for the standard input) lists: all of it, or, when something in\n"
    "        it cannot be, nothing. What is subscribed to already is passed over\n"
    "export  all feeds as OPML, with their own addresses; those through the gateway are at /opml\n"
    "reader  readers with addresses of their own; the token in them is printed once\n\n"
    "--mode MODE      hold what is spam (the default), tag it, or let it pass\n"
    "--title TITLE    what lists of feeds say instead of the name\n"
    "--category NAME  the folder that lists have it in: News/Science\n"
    "--readers NAMES  only those may read it: ann,bob\n"
    "--partial        import what is good though something is not\n"
    "--dry-run        only say what would be imported\n\n"
    "With --gateway URL all of this is done on another machine, over its weir-console; see "
    "weirctl(1).\n",
};
