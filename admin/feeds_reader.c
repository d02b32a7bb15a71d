#include "admin/feeds_reader.h"

#include <sodium.h>
#include <stdio.h>

#include "admin/feeds_change.h"
#include "admin/feeds_remote.h"
#include "admin/records_text.h"

void feeds_reader_print(const struct session *session, const char *name, int64_t added_s)
{
    char when[32];
    if (session->json) {
        struct json_writer json = {0};
        json_put_open(&json, NULL, '{');
        json_put_string(&json, "name", span_of(name));
        json_put_integer(&json, "added_s", added_s);
        json_put_close(&json, '}');
        json_put_newline(&json);
        json_writer_flush(&json, stdout);
        json_writer_free(&json);
        return;
    }
    records_text_plain(name);
    printf("  added %s\n", records_text_time(added_s, when));
}

static void print_reader(void *context, const struct reader_record *reader)
{
    feeds_reader_print(context, reader->name, reader->added_s);
}

void feeds_reader_print_added(const struct session *session, const char *name, const char *token,
                              const char *url)
{
    struct json_writer json = {0};
    if (!session->json) {
        records_text_plain(url);
        fputs("/r/", stdout);
        records_text_plain(token);
        printf(
            "/opml\nThis address is shown once. It lists all feeds that %s may read; one of them "
            "is\n",
            name);
        records_text_plain(url);
        fputs("/r/", stdout);
        records_text_plain(token);
        puts("/f/NAME");
        return;
    }
    json_put_open(&json, NULL, '{');
    json_put_string(&json, "name", span_of(name));
    json_put_string(&json, "token", span_of(token));
    json_put_close(&json, '}');
    json_put_newline(&json);
    json_writer_flush(&json, stdout);
    json_writer_free(&json);
}

static int add_reader(struct session *session, const char *name)
{
    struct error error = {0};
    char token[READER_TOKEN_SIZE];
    if (sodium_init() < 0) {
        fprintf(stderr, "%s: libsodium does not start\n", session_program);
        return EX_SOFTWARE;
    }
    if (!feeds_reader_add(session, name, session_user(), token, &error))
        return session_complain(&error);
    feeds_reader_print_added(session, name, token, session->config->feedfilter.public_url);
    return EX_OK;
}

int feeds_reader(struct session *session, int count, char **arguments)
{
    struct error error = {0};
    const char *what = count ? arguments[0] : "";
    bool lists = !strcmp(what, "list") && count == 1, adds = !strcmp(what, "add") && count == 2,
         removes = !strcmp(what, "remove") && count == 2;
    if (!lists && !adds && !removes)
        return session_usage(
            "feeds reader add NAME, feeds reader remove NAME, or feeds reader list");
    if (session->gateway)
        return feeds_remote_reader(session, what, lists ? NULL : arguments[1]);
    int status = session_configure(session);
    if (status != EX_OK)
        return status;
    if (!feeds_open(session, &error))
        return session_complain(&error);
    if (adds)
        return add_reader(session, arguments[1]);
    bool good =
        lists ? records_readers_visit(session->records[FRONT_FEED], print_reader, session, &error)
              : feeds_reader_remove(session, arguments[1], session_user(), &error);
    if (good && removes && !session->json)
        printf("the addresses of %s are not found any more\n", arguments[1]);
    return good ? EX_OK : session_complain(&error);
}
