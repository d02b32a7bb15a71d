#include "core/mail_parts.h"

#include "core/html.h"
#include "core/mail_headers.h"
#include "core/text.h"
#include "core/url.h"

#include <gmime/gmime.h>
#include <string.h>
/* Compiled in: only so may a hash in progress lie on the stack. */
#define XXH_INLINE_ALL
#include <xxhash.h>

#define DEPTH_MAX 8u
#define ENTITIES_MAX 200u
#define TEXT_PART_MAX ((size_t)2 * 1024 * 1024)
#define TEXT_TOTAL_MAX ((size_t)4 * 1024 * 1024)
#define PLAIN_LINKS_MAX 200u
/* A longer Content-Type serves nobody, and GMime takes time in the square of it. */
#define FIELD_MAX 8192u

struct walk {
    struct document *document;
    size_t entities, plain_links;
    size_t text_bytes;    /* of texts, decoded */
    size_t message_bytes; /* of messages inside the message that had to be decoded */
};

/* What the fields of an entity say. */
struct entity {
    struct span type; /* lower case; empty: not declared, or nothing that can be read */
    struct span charset, boundary, file_name, encoding_name;
    GMimeContentEncoding encoding;
    bool attachment;
};

void mime_fields_note(struct mime_fields *fields, const struct header *field)
{
    if (!span_starts_nocase(field->name, SPAN("Content-")))
        return;
    struct span rest = {field->name.data + 8, field->name.length - 8};
    struct span *slot = span_equal_nocase(rest, SPAN("Type"))                ? &fields->type
                        : span_equal_nocase(rest, SPAN("Transfer-Encoding")) ? &fields->encoding
                        : span_equal_nocase(rest, SPAN("Disposition"))       ? &fields->disposition
                                                                             : NULL;
    if (slot && !slot->length)
        *slot = field->value;
}

static struct span lower_copy(struct arena *arena, struct span span)
{
    char *text = arena_text(arena, span.length + 1);
    for (size_t i = 0; i < span.length; i++)
        text[i] = g_ascii_tolower(span.data[i]);
    text[span.length] = '\0';
    return (struct span){text, span.length};
}

/* As UTF-8, in `arena`; empty for NULL. */
static struct span parameter(struct arena *arena, const char *value)
{
    return value ? text_to_utf8(arena, arena_copy(arena, span_of(value)), (struct span){0})
                 : (struct span){0};
}

static void read_type(struct arena *arena, struct span raw, struct entity *entity)
{
    struct span value = arena_copy(arena, mail_unfold(arena, raw, FIELD_MAX));
    GMimeContentType *type = g_mime_content_type_parse(NULL, value.data);
    struct span name =
        lower_copy(arena, arena_printf(arena, "%s/%s", g_mime_content_type_get_media_type(type),
                                       g_mime_content_type_get_media_subtype(type)));
    /* That is GMime's word for a type it cannot read; readers of mail show the text. */
    if (!span_equal(name, SPAN("application/octet-stream")) ||
        strcasestr(value.data, "octet-stream"))
        entity->type = name;
    const char *boundary = g_mime_content_type_get_parameter(type, "boundary");
    if (boundary && span_starts_nocase(name, SPAN("multipart/")))
        entity->boundary = arena_copy(arena, span_of(boundary));
    entity->charset = parameter(arena, g_mime_content_type_get_parameter(type, "charset"));
    entity->file_name = parameter(arena, g_mime_content_type_get_parameter(type, "name"));
    g_object_unref(type);
}

static void read_disposition(struct arena *arena, struct span raw, struct entity *entity)
{
    struct span value = arena_copy(arena, mail_unfold(arena, raw, FIELD_MAX));
    GMimeContentDisposition *disposition = g_mime_content_disposition_parse(NULL, value.data);
    entity->attachment = g_mime_content_disposition_is_attachment(disposition);
    const char *name = g_mime_content_disposition_get_parameter(disposition, "filename");
    if (name)
        entity->file_name = parameter(arena, name);
    g_object_unref(disposition);
}

static void read_encoding(struct arena *arena, struct span raw, struct entity *entity)
{
    size_t length = 0;
    while (length < raw.length && length < 64 && !strchr(" \t\r\n;(", raw.data[length]))
        length++;
    entity->encoding_name = lower_copy(arena, (struct span){raw.data, length});
    entity->encoding = g_mime_content_encoding_from_string(entity->encoding_name.data);
}

static struct entity read_entity(struct arena *arena, const struct mime_fields *fields)
{
    struct entity entity = {.encoding = GMIME_CONTENT_ENCODING_DEFAULT};
    if (fields->type.length)
        read_type(arena, fields->type, &entity);
    if (fields->disposition.length)
        read_disposition(arena, fields->disposition, &entity);
    if (fields->encoding.length)
        read_encoding(arena, fields->encoding, &entity);
    return entity;
}

static bool is_encoded(GMimeContentEncoding encoding)
{
    return encoding == GMIME_CONTENT_ENCODING_BASE64 ||
           encoding == GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE ||
           encoding == GMIME_CONTENT_ENCODING_UUENCODE;
}

/* Behind the "begin" line of uuencoded data, which GMime's decoder does not want to see. */
static struct span encoded_data(GMimeContentEncoding encoding, struct span body)
{
    if (encoding != GMIME_CONTENT_ENCODING_UUENCODE)
        return body;
    struct span rest = body;
    while (rest.length && !span_starts_nocase(rest, SPAN("begin "))) {
        const char *end = memchr(rest.data, '\n', rest.length);
        size_t line = end ? (size_t)(end - rest.data) + 1 : rest.length;
        rest = (struct span){rest.data + line, rest.length - line};
    }
    const char *end = rest.length ? memchr(rest.data, '\n', rest.length) : NULL;
    return end ? (struct span){end + 1, (size_t)(rest.data + rest.length - end - 1)} : body;
}

/* The body without its transfer encoding: `body` itself when it has none. At most `limit` bytes;
 * `*cut` is set when there were more. */
static struct span decode(struct arena *arena, GMimeContentEncoding encoding, struct span body,
                          size_t limit, bool *cut)
{
    if (is_encoded(encoding)) {
        body = encoded_data(encoding, body);
        /* Quoted-printable may need three bytes for one. */
        if (body.length > 3 * limit) {
            body.length = 3 * limit;
            *cut = true;
        }
        GMimeEncoding state;
        g_mime_encoding_init_decode(&state, encoding);
        char *text = arena_text(arena, g_mime_encoding_outlen(&state, body.length));
        body.length = g_mime_encoding_step(&state, body.data, body.length, text);
        body.data = text;
    }
    if (body.length > limit) {
        body.length = limit;
        *cut = true;
    }
    return body;
}

/* Decodes and hashes in one pass through a small buffer: attachments are never whole in memory. */
static void hash_attachment(GMimeContentEncoding encoding, struct span body, struct part *part)
{
    enum { CHUNK = 16 * 1024 };
    char buffer[2 * CHUNK];
    XXH3_state_t hash;
    XXH3_128bits_reset(&hash);
    if (!is_encoded(encoding)) {
        XXH3_128bits_update(&hash, body.data, body.length);
        part->size_bytes = body.length;
    } else {
        GMimeEncoding state;
        g_mime_encoding_init_decode(&state, encoding);
        body = encoded_data(encoding, body);
        for (size_t at = 0; at < body.length; at += CHUNK) {
            size_t length = body.length - at < CHUNK ? body.length - at : CHUNK;
            size_t decoded = g_mime_encoding_step(&state, body.data + at, length, buffer);
            XXH3_128bits_update(&hash, buffer, decoded);
            part->size_bytes += decoded;
        }
    }
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(&hash));
    memcpy(part->hash, canonical.digest, sizeof part->hash);
}

static void read_plain_links(struct walk *walk, struct span text)
{
    const char *at = text.data;
    struct span url;
    while (walk->plain_links < PLAIN_LINKS_MAX &&
           url_find_in_text(&at, text.data + text.length, &url)) {
        document_add_link(walk->document, url, (struct span){0}, false);
        walk->plain_links++;
    }
}

static bool is_html(struct span type)
{
    return span_equal(type, SPAN("text/html")) || span_equal(type, SPAN("application/xhtml+xml"));
}

/* Nothing that says otherwise is text, as readers of mail have it. */
static bool is_text(struct span type)
{
    return !type.length || is_html(type) || span_starts_nocase(type, SPAN("text/")) ||
           span_starts_nocase(type, SPAN("message/")) ||
           span_starts_nocase(type, SPAN("multipart/"));
}

/* What <meta charset> or <meta http-equiv> declares near the start; empty: nothing. */
static struct span html_charset(struct span bytes)
{
    size_t length = bytes.length < 1024 ? bytes.length : 1024;
    const char *end = bytes.data + length;
    const char *found = memmem(bytes.data, length, "charset=", 8);
    if (!found)
        return (struct span){0};
    struct span name = {found + 8, 0};
    if (name.data < end && (*name.data == '"' || *name.data == '\''))
        name.data++;
    while (name.data + name.length < end && name.length < 40 &&
           (g_ascii_isalnum(name.data[name.length]) || strchr("-_:.", name.data[name.length])) &&
           name.data[name.length])
        name.length++;
    return name;
}

static void read_text(struct walk *walk, const struct entity *entity, struct span body,
                      struct part *part)
{
    struct document *document = walk->document;
    size_t left = TEXT_TOTAL_MAX - walk->text_bytes;
    bool cut = false;
    struct span bytes = decode(document->arena, entity->encoding, body,
                               left < TEXT_PART_MAX ? left : TEXT_PART_MAX, &cut);
    document->truncated |= cut;
    part->size_bytes = bytes.length;
    walk->text_bytes += bytes.length;
    struct span charset = entity->charset;
    if (!charset.length && is_html(entity->type))
        charset = html_charset(bytes);
    struct span text = text_to_utf8(document->arena, bytes, charset);
    if (!text.length)
        return;
    if (is_html(entity->type)) {
        html_read(document, text);
    } else {
        document_add_text(document, TEXT_BODY, text, false);
        read_plain_links(walk, text);
    }
}

static void read_leaf(struct walk *walk, const struct entity *entity, struct span body)
{
    struct document *document = walk->document;
    struct part part = {.type = entity->type,
                        .charset = entity->charset,
                        .encoding = entity->encoding_name,
                        .file_name = entity->file_name,
                        .is_text = is_text(entity->type)};
    part.attachment = entity->attachment || !part.is_text;
    if (part.is_text)
        read_text(walk, entity, body, &part);
    else
        hash_attachment(entity->encoding, body, &part);
    document->parts =
        arena_grow(document->arena, document->parts, document->part_count, sizeof part);
    document->parts[document->part_count++] = part;
}

struct delimiter {
    size_t line;  /* where its line starts */
    size_t after; /* where the next line starts */
    bool closes;
};

/* True when the line at `at` is `mark` ("--" and the boundary), blanks allowed behind it. */
static bool is_delimiter(struct span body, size_t at, struct span mark, struct delimiter *delimiter)
{
    const char *tail = body.data + at + mark.length, *end = body.data + body.length;
    if (body.length - at < mark.length || memcmp(body.data + at, mark.data, mark.length) != 0)
        return false;
    delimiter->closes = end - tail >= 2 && tail[0] == '-' && tail[1] == '-';
    if (delimiter->closes)
        tail += 2;
    while (tail < end && (*tail == ' ' || *tail == '\t' || *tail == '\r'))
        tail++;
    delimiter->line = at;
    delimiter->after = (size_t)(tail - body.data) + (tail < end);
    return tail == end || *tail == '\n';
}

/* The next delimiter from the line at `from` on. */
static bool find_delimiter(struct span body, size_t from, struct span mark,
                           struct delimiter *delimiter)
{
    while (from < body.length) {
        if (is_delimiter(body, from, mark, delimiter))
            return true;
        const char *line_end = memchr(body.data + from, '\n', body.length - from);
        if (!line_end)
            return false;
        from = (size_t)(line_end - body.data) + 1;
    }
    return false;
}

/* Where an entity stands. */
struct place {
    unsigned depth;
    bool in_digest; /* its type is message/rfc822 unless it says otherwise (RFC 2046 5.1.5) */
};

static void walk_entity(struct walk *walk, struct span entity, struct place place);

/* The line end before a delimiter belongs to it (RFC 2046 5.1.1). */
static size_t without_line_end(struct span body, size_t start, size_t end)
{
    if (end > start && body.data[end - 1] == '\n')
        end--;
    if (end > start && body.data[end - 1] == '\r')
        end--;
    return end;
}

/* false: the boundary does not occur, so there are no parts. A multipart that is not closed ends
 * with its parent. */
static bool walk_multipart(struct walk *walk, const struct entity *entity, struct span body,
                           unsigned depth)
{
    if (!entity->boundary.length)
        return false;
    struct place inside = {depth + 1, span_equal(entity->type, SPAN("multipart/digest"))};
    struct arena *arena = walk->document->arena;
    struct span mark = arena_printf(arena, "--%.*s", SPAN_ARGS(entity->boundary));
    struct delimiter here, next;
    if (!find_delimiter(body, 0, mark, &here) || here.closes)
        return false;
    bool more = true;
    while (more && walk->entities < ENTITIES_MAX) {
        bool found = find_delimiter(body, here.after, mark, &next);
        size_t end = found ? without_line_end(body, here.after, next.line) : body.length;
        walk_entity(walk, (struct span){body.data + here.after, end - here.after}, inside);
        more = found && !next.closes;
        here = next;
    }
    walk->document->truncated |= more;
    return true;
}

/* A message inside the message, whatever it is encoded in. */
static void walk_message(struct walk *walk, const struct entity *entity, struct span body,
                         unsigned depth)
{
    bool cut = false;
    if (is_encoded(entity->encoding)) {
        body = decode(walk->document->arena, entity->encoding, body,
                      TEXT_TOTAL_MAX - walk->message_bytes, &cut);
        walk->message_bytes += body.length;
    }
    walk->document->truncated |= cut;
    walk_entity(walk, mail_skip_mbox_line(body), (struct place){.depth = depth + 1});
}

static void walk_body(struct walk *walk, const struct mime_fields *fields, struct span body,
                      struct place place)
{
    if (walk->entities == ENTITIES_MAX) {
        walk->document->truncated = true;
        return;
    }
    walk->entities++;
    struct entity entity = read_entity(walk->document->arena, fields);
    bool is_message = span_equal(entity.type, SPAN("message/rfc822")) ||
                      span_equal(entity.type, SPAN("message/global")) ||
                      (place.in_digest && !fields->type.length);
    bool is_multipart = span_starts_nocase(entity.type, SPAN("multipart/"));
    if ((is_message || is_multipart) && place.depth >= DEPTH_MAX) {
        walk->document->truncated = true;
    } else if (is_message) {
        walk_message(walk, &entity, body, place.depth);
        return;
    } else if (is_multipart && walk_multipart(walk, &entity, body, place.depth)) {
        return;
    }
    read_leaf(walk, &entity, body);
}

static void walk_entity(struct walk *walk, struct span entity, struct place place)
{
    struct mime_fields fields = {0};
    struct header field;
    while (mail_header_next(&entity, &field))
        mime_fields_note(&fields, &field);
    walk_body(walk, &fields, entity, place);
}

void mail_parts_read(struct document *document, const struct mime_fields *fields, struct span body)
{
    struct walk walk = {.document = document};
    walk_body(&walk, fields, body, (struct place){0});
}
