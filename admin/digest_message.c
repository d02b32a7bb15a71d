#include "admin/digest_message.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "admin/person_words.h"
#include "core/printable.h"
#include "core/recipient.h"

#define REASONS 3
#define LINE_BYTES 57                   /* 76 characters of base64 */
#define FRAME_BYTES ((size_t)16 * 1024) /* headers, and what stands around the items */
#define DIGITS_MOST 9999u               /* a number as long as any */

struct parts {
    const struct digest_writer *writer;
    const struct digest *digest;
    enum language language;
    struct arena *arena;
    struct span_buffer *out;
};

static const char *word(const struct parts *parts, enum person_word which)
{
    return person_word(parts->language, which);
}

/* Whether it may be delivered by whom it was addressed to. */
static bool is_theirs(const struct parts *parts, const struct held *held)
{
    return recipient_is_alone(held->recipients, parts->digest->recipient);
}

static int64_t expires_s(const struct parts *parts, const struct held *held)
{
    return held->time_s + parts->writer->config->held.keep_s;
}

/* A link about `held` (NULL: their page). */
static void put_link(const struct parts *parts, const struct held *held, const char *action)
{
    char token[SIGNED_LINK_TOKEN_SIZE];
    struct signed_link link = {
        .purpose = held ? SIGNED_LINK_MAIL : SIGNED_LINK_PERSON,
        .actions = SIGNED_LINK_RELEASE | SIGNED_LINK_ALLOW | SIGNED_LINK_DENY,
        .expires_s = held ? expires_s(parts, held)
                          : parts->writer->now_s + parts->writer->config->held.keep_s};
    snprintf(link.recipient, sizeof link.recipient, "%s", parts->digest->recipient);
    if (held) {
        link.held_id = held->id;
        memcpy(link.document_id, held->document_id, sizeof link.document_id);
    }
    signed_link_sign(parts->writer->keys, &link, token);
    span_buffer_printf(parts->out, "%s/d/%s%s%s", parts->writer->url, token, action ? "?do=" : "",
                       action ? action : "");
}

static struct span subject_of(const struct parts *parts, const struct held *held)
{
    return *held->subject ? person_start(parts->arena, span_of(held->subject))
                          : span_of(word(parts, WORD_NO_SUBJECT));
}

/* What is held for them, too, if anything is. */
static void put_more(const struct parts *parts, const char *before, const char *behind)
{
    char more[32];
    if (!parts->digest->more)
        return;
    snprintf(more, sizeof more, "%zu", parts->digest->more);
    span_buffer_text(parts->out, before);
    person_words_with(parts->out, parts->language, WORD_MORE, more);
    span_buffer_text(parts->out, behind);
}

/* --- text --- */

static void text_line(const struct parts *parts, enum person_word name, struct span value)
{
    span_buffer_printf(parts->out, "   %s: ", word(parts, name));
    span_buffer_add(parts->out, printable_text(parts->arena, value));
    span_buffer_text(parts->out, "\n");
}

static void text_link(const struct parts *parts, enum person_word name, const struct held *held,
                      const char *action)
{
    span_buffer_printf(parts->out, "   %s:\n   ", word(parts, name));
    put_link(parts, held, action);
    span_buffer_text(parts->out, "\n");
}

/* A bounce has none: there is nobody to allow or deny. */
static struct span sender_of(const struct parts *parts, const struct held *held)
{
    return *held->sender ? person_start(parts->arena, span_of(held->sender)) : SPAN("<>");
}

static void text_item(const struct parts *parts, size_t number, const struct held *held)
{
    char when[32];
    span_buffer_printf(parts->out, "%zu. ", number);
    span_buffer_add(parts->out, subject_of(parts, held));
    span_buffer_text(parts->out, "\n");
    text_line(parts, WORD_FROM, sender_of(parts, held));
    text_line(parts, WORD_HELD_SINCE, span_of(person_time(held->time_s, when)));
    text_line(parts, WORD_UNTIL, span_of(person_time(expires_s(parts, held), when)));
    text_line(parts, WORD_WHY,
              person_why(parts->arena, parts->language, span_of(held->evidence), REASONS));
    if (is_theirs(parts, held)) {
        text_link(parts, WORD_RELEASE, held, "release");
        if (*held->sender) {
            text_link(parts, WORD_ALLOW, held, "allow");
            text_link(parts, WORD_DENY, held, "deny");
        }
    } else {
        span_buffer_printf(parts->out, "   %s\n", word(parts, WORD_SEVERAL));
    }
    span_buffer_text(parts->out, "\n");
}

static void write_text(const struct parts *parts)
{
    bool expiring = false;
    span_buffer_printf(parts->out, "%s\n\n", word(parts, WORD_INTRODUCTION));
    for (size_t i = 0; i < parts->digest->count; i++) {
        const struct digest_item *item = &parts->digest->items[i];
        if (item->expiring && !expiring)
            span_buffer_printf(parts->out, "%s\n\n", word(parts, WORD_EXPIRING));
        expiring = item->expiring;
        text_item(parts, i + 1, item->held);
    }
    put_more(parts, "", "\n\n");
    span_buffer_printf(parts->out, "%s:\n", word(parts, WORD_SEE_ALL));
    put_link(parts, NULL, NULL);
    span_buffer_printf(parts->out, "\n\n%s\n", word(parts, WORD_FOOT));
}

/* --- HTML --- */

static void html_line(const struct parts *parts, enum person_word name, struct span value)
{
    span_buffer_printf(parts->out,
                       "<div style=\"color:#555;font-size:14px\">%s: ", word(parts, name));
    person_html(parts->out, parts->arena, value);
    span_buffer_text(parts->out, "</div>\n");
}

static void html_link(const struct parts *parts, enum person_word name, const struct held *held,
                      const char *action)
{
    span_buffer_text(parts->out, "<a style=\"color:#0b57a4\" href=\"");
    put_link(parts, held, action);
    span_buffer_printf(parts->out, "\">%s</a>\n", word(parts, name));
}

static void html_item(const struct parts *parts, const struct held *held)
{
    char when[32];
    span_buffer_text(parts->out, "<div style=\"border-top:1px solid #ccc;padding:12px 0\">\n"
                                 "<div style=\"font-weight:bold\">");
    person_html(parts->out, parts->arena, subject_of(parts, held));
    span_buffer_text(parts->out, "</div>\n");
    html_line(parts, WORD_FROM, sender_of(parts, held));
    html_line(parts, WORD_HELD_SINCE, span_of(person_time(held->time_s, when)));
    html_line(parts, WORD_UNTIL, span_of(person_time(expires_s(parts, held), when)));
    html_line(parts, WORD_WHY,
              person_why(parts->arena, parts->language, span_of(held->evidence), REASONS));
    if (is_theirs(parts, held)) {
        span_buffer_text(parts->out, "<div style=\"padding-top:6px\">");
        html_link(parts, WORD_RELEASE, held, "release");
        if (*held->sender) {
            span_buffer_text(parts->out, " &nbsp; ");
            html_link(parts, WORD_ALLOW, held, "allow");
            span_buffer_text(parts->out, " &nbsp; ");
            html_link(parts, WORD_DENY, held, "deny");
        }
        span_buffer_text(parts->out, "</div>\n");
    } else {
        span_buffer_printf(parts->out, "<div style=\"padding-top:6px\">%s</div>\n",
                           word(parts, WORD_SEVERAL));
    }
    span_buffer_text(parts->out, "</div>\n");
}

static void write_html(const struct parts *parts)
{
    bool expiring = false;
    span_buffer_printf(parts->out,
                       "<!DOCTYPE html>\n<html lang=\"%s\"><head><meta charset=\"utf-8\"></head>"
                       "<body style=\"font-family:sans-serif;max-width:640px;margin:0 auto;"
                       "padding:16px;color:#222\">\n<p>%s</p>\n",
                       word(parts, WORD_LANGUAGE), word(parts, WORD_INTRODUCTION));
    for (size_t i = 0; i < parts->digest->count; i++) {
        const struct digest_item *item = &parts->digest->items[i];
        if (item->expiring && !expiring)
            span_buffer_printf(parts->out, "<p>%s</p>\n", word(parts, WORD_EXPIRING));
        expiring = item->expiring;
        html_item(parts, item->held);
    }
    put_more(parts, "<p style=\"border-top:1px solid #ccc;padding-top:12px\">", "</p>\n");
    span_buffer_text(parts->out, "<p style=\"border-top:1px solid #ccc;padding-top:12px\">");
    html_link(parts, WORD_SEE_ALL, NULL, NULL);
    span_buffer_printf(parts->out,
                       "</p>\n<p style=\"color:#555;font-size:13px\">%s</p>\n</body></html>\n",
                       word(parts, WORD_FOOT));
}

/* --- the message --- */

/* In lines of 76 characters (RFC 2045, 6.8). */
static void put_base64(struct span_buffer *out, struct span bytes)
{
    char line[sodium_base64_ENCODED_LEN(LINE_BYTES, sodium_base64_VARIANT_ORIGINAL)];
    for (size_t at = 0; at < bytes.length; at += LINE_BYTES) {
        size_t length = bytes.length - at < LINE_BYTES ? bytes.length - at : LINE_BYTES;
        sodium_bin2base64(line, sizeof line, (const unsigned char *)bytes.data + at, length,
                          sodium_base64_VARIANT_ORIGINAL);
        span_buffer_printf(out, "%s\n", line);
    }
}

static void put_part(const struct parts *parts, const char *boundary, const char *type,
                     void (*write)(const struct parts *parts))
{
    struct span_buffer body = {0};
    struct parts inner = *parts;
    inner.out = &body;
    write(&inner);
    span_buffer_printf(parts->out,
                       "--%s\nContent-Type: %s; charset=utf-8\nContent-Transfer-Encoding: "
                       "base64\n\n",
                       boundary, type);
    put_base64(parts->out, span_buffer_span(&body));
    span_buffer_free(&body);
}

/* The same for the same digest: one that is sent twice, since its sender did not hear that it was
 * taken, is known as one. */
static void name_digest(const struct digest *digest, char name[33])
{
    unsigned char hash[16];
    crypto_generichash_state state;
    crypto_generichash_init(&state, NULL, 0, sizeof hash);
    crypto_generichash_update(&state, (const unsigned char *)digest->recipient,
                              strlen(digest->recipient));
    for (size_t i = 0; i < digest->count; i++) {
        crypto_generichash_update(&state, digest->items[i].held->document_id, RECORD_ID_BYTES);
        crypto_generichash_update(&state, (const unsigned char *)&digest->items[i].expiring, 1);
    }
    crypto_generichash_final(&state, hash, sizeof hash);
    sodium_bin2hex(name, 33, hash, sizeof hash);
}

static void put_headers(const struct parts *parts, const char *name)
{
    char date[64], subject[200], encoded[300];
    time_t now = (time_t)parts->writer->now_s;
    struct tm local;
    const struct config *config = parts->writer->config;
    /* Names of days and months are English whatever the locale: none was set. */
    strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S %z", localtime_r(&now, &local));
    snprintf(subject, sizeof subject,
             parts->language == LANGUAGE_CHINESE ? "为您扣留的疑似垃圾邮件：%zu 封"
                                                 : "Held for you as probable spam: %zu",
             parts->digest->count + parts->digest->more);
    sodium_bin2base64(encoded, sizeof encoded, (const unsigned char *)subject, strlen(subject),
                      sodium_base64_VARIANT_ORIGINAL);
    span_buffer_printf(parts->out,
                       "From: weir <%s>\nTo: <%s>\nSubject: =?utf-8?B?%s?=\nDate: %s\n"
                       "Message-ID: <%s@%s>\nAuto-Submitted: auto-generated\nMIME-Version: 1.0\n"
                       "Content-Type: multipart/alternative; boundary=\"%s\"\n\n",
                       config->digest.from, parts->digest->recipient, encoded, date, name,
                       config->gateway, name);
}

static struct parts parts_of(const struct digest_writer *writer, const struct digest *digest,
                             struct arena *arena, struct span_buffer *out)
{
    return (struct parts){
        .writer = writer,
        .digest = digest,
        .language = config_recipient(writer->config, digest->recipient).language,
        .arena = arena,
        .out = out,
    };
}

/* --- its length --- */

static size_t encoded_length(size_t length)
{
    return (length + LINE_BYTES - 1) / LINE_BYTES *
           sizeof(char[sodium_base64_ENCODED_LEN(LINE_BYTES, sodium_base64_VARIANT_ORIGINAL)]);
}

/* What it takes in the message, encoded for itself, which is never less. */
static size_t item_length(const struct parts *parts, const struct held *held)
{
    struct span_buffer text = {0}, html = {0};
    struct parts of_text = *parts, of_html = *parts;
    of_text.out = &text;
    of_html.out = &html;
    text_item(&of_text, DIGITS_MOST, held);
    html_item(&of_html, held);
    size_t length = encoded_length(text.length) + encoded_length(html.length);
    span_buffer_free(&text);
    span_buffer_free(&html);
    return length;
}

static size_t count_fresh(const struct digest *digest)
{
    size_t fresh = 0;
    while (fresh < digest->count && !digest->items[fresh].expiring)
        fresh++;
    return fresh;
}

static void take_out(struct digest *digest, size_t at)
{
    held_free(digest->items[at].held);
    digest->count--;
    digest->more++;
    memmove(&digest->items[at], &digest->items[at + 1],
            (digest->count - at) * sizeof *digest->items);
}

void digest_limit(const struct digest_writer *writer, struct digest *digest)
{
    struct arena *arena = arena_new();
    struct parts parts = parts_of(writer, digest, arena, NULL);
    size_t length = FRAME_BYTES;
    for (size_t i = 0; i < digest->count; i++)
        length += item_length(&parts, digest->items[i].held);
    while (length > DIGEST_BYTES_MOST && digest->count > 1) {
        size_t fresh = count_fresh(digest), at = (fresh ? fresh : digest->count) - 1;
        length -= item_length(&parts, digest->items[at].held);
        take_out(digest, at);
    }
    arena_free(arena);
}

void digest_text(const struct digest_writer *writer, const struct digest *digest,
                 struct span_buffer *text)
{
    struct arena *arena = arena_new();
    struct parts parts = parts_of(writer, digest, arena, text);
    write_text(&parts);
    arena_free(arena);
}

void digest_message(const struct digest_writer *writer, const struct digest *digest,
                    struct span_buffer *message)
{
    char name[33];
    struct arena *arena = arena_new();
    struct parts parts = parts_of(writer, digest, arena, message);
    name_digest(digest, name);
    put_headers(&parts, name);
    put_part(&parts, name, "text/plain", write_text);
    put_part(&parts, name, "text/html", write_html);
    span_buffer_printf(message, "--%s--\n", name);
    arena_free(arena);
}
