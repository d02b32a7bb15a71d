#include "admin/records_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/explain.h"
#include "core/held_item.h"
#include "core/printable.h"

#define LIST_SHOWN 120 /* characters of a text in a line */

static const char letters[FRONTS] = {[FRONT_MAIL] = 'm', [FRONT_FEED] = 'f'};

const char *records_text_id(enum front front, int64_t number, char id[RECORDS_TEXT_ID_SIZE])
{
    snprintf(id, RECORDS_TEXT_ID_SIZE, "%c%" PRId64, letters[front], number);
    return id;
}

/* --- finding --- */

bool records_text_is_held_id(const char *id, enum front *front, int64_t *number)
{
    char *end;
    *front = id[0] == letters[FRONT_FEED] ? FRONT_FEED : FRONT_MAIL;
    if (id[0] != letters[*front] || id[1] < '1' || id[1] > '9')
        return false;
    *number = strtoll(id + 1, &end, 10);
    return !*end;
}

/* The record of the mail with that queue id; `*number` 0 when there is none. */
static int find_queue_id(struct session *session, const char *queue_id, int64_t *number)
{
    struct error error = {0};
    *number = 0;
    int status = session_open_records(session, FRONT_MAIL);
    if (status != EX_OK || !session->records[FRONT_MAIL])
        return status;
    if (!*queue_id || records_held_find(session->records[FRONT_MAIL], queue_id, number, &error))
        return EX_OK;
    return session_complain(&error);
}

int records_text_find(struct session *session, const char *id, struct found *found)
{
    struct error error = {0};
    int64_t number;
    *found = (struct found){0};
    if (!records_text_is_held_id(id, &found->front, &number)) {
        int status = find_queue_id(session, id, &number);
        if (status != EX_OK)
            return status;
        found->front = FRONT_MAIL;
    }
    int status = session_open_records(session, found->front);
    if (status != EX_OK)
        return status;
    session_teach_for(session, found->front);
    if (!number || !session->records[found->front]) {
        error_set(&error, ERROR_INPUT, "%s: nothing was ever held under this id", id);
        return session_complain(&error);
    }
    records_text_id(found->front, number, found->id);
    found->held = records_held_get(session->records[found->front], number, &error);
    return found->held ? EX_OK : session_complain(&error);
}

void records_text_clear(struct found *found)
{
    held_free(found->held);
    found->held = NULL;
}

/* --- words --- */

void records_text_plain(const char *text)
{
    printable_put(stdout, span_of(text), PRINTABLE_LINE);
}

void records_text_start(const char *text)
{
    printable_put_start(stdout, span_of(text), LIST_SHOWN);
}

static void print_row(const char *name, const char *value)
{
    if (!value || !*value)
        return;
    printf("%-11s", name);
    records_text_plain(value);
    putchar('\n');
}

const char *records_text_time(int64_t time_s, char text[32])
{
    time_t when = (time_t)time_s;
    struct tm parts;
    if (!localtime_r(&when, &parts) || !strftime(text, 32, "%Y-%m-%d %H:%M:%S", &parts))
        strcpy(text, "?");
    return text;
}

void records_text_evidence(const char *evidence)
{
    struct arena *arena = arena_new();
    struct span text = explain_verdict_text(arena, span_of(evidence));
    printf("%.*s", SPAN_ARGS(text));
    arena_free(arena);
}

void records_text_held_line(enum front front, const struct held *held)
{
    char when[32], id[RECORDS_TEXT_ID_SIZE];
    records_text_id(front, held->id, id);
    printf("%-6s %s  %-17s %+5.1f  ", id, records_text_time(held->time_s, when),
           held_state_name(held->state), held->log_odds);
    records_text_start(held->sender);
    if (*held->recipients) {
        fputs(" > ", stdout);
        records_text_start(held->recipients);
    }
    fputs("  ", stdout);
    records_text_start(held->subject);
    putchar('\n');
}

/* What a reader would show of a feed's item, and then its bytes: the two may say different things,
 * and nothing is left out. */
static void print_item(const struct held *held)
{
    struct arena *arena = arena_new();
    struct span raw = {(const char *)held->item, held->item_length};
    struct error error = {0};
    struct feed *feed = held_item_read(held, &error);
    if (feed) {
        const struct feed_item *item = &feed->items[0];
        print_row("author", arena_copy(arena, item->author).data);
        print_row("date", arena_copy(arena, item->date).data);
        print_row("link", arena_copy(arena, item->link).data);
        putchar('\n');
        printable_put(stdout, held_item_text(arena, feed, raw.length), PRINTABLE_LINES);
        puts("\n\nas it stood in the feed:");
    } else {
        printf("\nit cannot be read: %s; as it stood in the feed:\n", error.message);
    }
    printable_put(stdout, raw, PRINTABLE_LINES);
    putchar('\n');
    feed_free(feed);
    arena_free(arena);
}

void records_text_held(enum front front, const struct held *held, bool item)
{
    char when[32], id[RECORDS_TEXT_ID_SIZE], hex[DOCUMENT_ID_HEX];
    document_id_hex(held->document_id, hex);
    records_text_id(front, held->id, id);
    print_row("id", id);
    print_row("state", held_state_name(held->state));
    print_row("since", records_text_time(held->state_time_s, when));
    print_row("held", records_text_time(held->time_s, when));
    print_row(front == FRONT_MAIL ? "sender" : "feed", held->sender);
    print_row("recipients", held->recipients);
    print_row(front == FRONT_MAIL ? "subject" : "title", held->subject);
    print_row(front == FRONT_MAIL ? "queue id" : "guid", held->reference);
    print_row("requeued", held->requeued_as);
    print_row("document", hex);
    records_text_evidence(held->evidence);
    if (item && held->item_length)
        print_item(held);
}

const char *const records_text_actions[] = {"accept", "tag", "hold", "reject", "defer", NULL};

void records_text_history(const struct history_entry *entry)
{
    char when[32], hex[DOCUMENT_ID_HEX];
    bool mail = !strcmp(entry->channel, "mail");
    document_id_hex(entry->document_id, hex);
    print_row("document", hex);
    print_row("judged", records_text_time(entry->time_s, when));
    print_row(mail ? "sender" : "feed", entry->sender);
    print_row("recipients", entry->recipients);
    print_row(mail ? "subject" : "title", entry->subject);
    print_row(mail ? "queue id" : "guid", entry->reference);
    print_row("action", entry->action);
    records_text_evidence(entry->evidence);
}

/* --- JSON --- */

static void flush_json(struct json_writer *json)
{
    json_put_newline(json);
    json_writer_flush(json, stdout);
    json_writer_free(json);
}

static void put_document(struct json_writer *json, const unsigned char id[RECORD_ID_BYTES])
{
    char hex[DOCUMENT_ID_HEX];
    document_id_hex(id, hex);
    json_put_string(json, "document", span_of(hex));
}

/* Evidence was written by explain_verdict_json(), so that it is JSON already. */
static void put_verdict(struct json_writer *json, const char *evidence)
{
    json_put_raw(json, "verdict", evidence && *evidence == '{' ? span_of(evidence) : SPAN("null"));
}

static void put_item(struct json_writer *json, const struct held *held)
{
    struct arena *arena = arena_new();
    struct span raw = {(const char *)held->item, held->item_length};
    struct feed *feed = held_item_read(held, NULL);
    if (feed) {
        json_put_string(json, "author", feed->items[0].author);
        json_put_string(json, "date", feed->items[0].date);
        json_put_string(json, "link", feed->items[0].link);
        json_put_string(json, "text", held_item_text(arena, feed, raw.length));
    }
    json_put_string(json, "item", raw);
    feed_free(feed);
    arena_free(arena);
}

void records_text_put_held(struct json_writer *json, enum front front, const struct held *held,
                           bool item)
{
    char id[RECORDS_TEXT_ID_SIZE];
    records_text_id(front, held->id, id);
    json_put_open(json, NULL, '{');
    json_put_string(json, "id", span_of(id));
    json_put_string(json, "channel", span_of(held->channel));
    json_put_string(json, "state", span_of(held_state_name(held->state)));
    json_put_integer(json, "time", held->time_s);
    json_put_integer(json, "state_time", held->state_time_s);
    json_put_string(json, "sender", span_of(held->sender));
    json_put_string(json, "recipients", span_of(held->recipients));
    json_put_string(json, "subject", span_of(held->subject));
    json_put_string(json, "reference", span_of(held->reference));
    if (*held->requeued_as)
        json_put_string(json, "requeued_as", span_of(held->requeued_as));
    put_document(json, held->document_id);
    json_put_number(json, "log_odds", held->log_odds, 3);
    put_verdict(json, held->evidence);
    if (item && held->item_length)
        put_item(json, held);
    json_put_close(json, '}');
}

void records_text_held_json(enum front front, const struct held *held, bool item)
{
    struct json_writer json = {0};
    records_text_put_held(&json, front, held, item);
    flush_json(&json);
}

void records_text_outcome_json(const char *id, const char *state, bool changed)
{
    struct json_writer json = {0};
    json_put_open(&json, NULL, '{');
    json_put_string(&json, "id", span_of(id));
    json_put_bool(&json, "changed", changed);
    json_put_string(&json, "state", span_of(state));
    json_put_close(&json, '}');
    flush_json(&json);
}

void records_text_history_json(const struct history_entry *entry)
{
    struct json_writer json = {0};
    json_put_open(&json, NULL, '{');
    put_document(&json, entry->document_id);
    json_put_string(&json, "channel", span_of(entry->channel));
    json_put_integer(&json, "time", entry->time_s);
    json_put_string(&json, "sender", span_of(entry->sender));
    json_put_string(&json, "recipients", span_of(entry->recipients));
    json_put_string(&json, "subject", span_of(entry->subject));
    json_put_string(&json, "reference", span_of(entry->reference));
    json_put_string(&json, "action", span_of(entry->action));
    json_put_number(&json, "log_odds", entry->log_odds, 3);
    put_verdict(&json, entry->evidence);
    json_put_close(&json, '}');
    flush_json(&json);
}
