#include "core/mail.h"

#include "core/mail_headers.h"
#include "core/mail_parts.h"
#include "core/text.h"
#include "core/url.h"
#include "core/weir_id.h"

#include <endian.h>
#include <gmime/gmime.h>
#include <string.h>
/* Compiled in: only so may a hash in progress lie on the stack. */
#define XXH_INLINE_ALL
#include <xxhash.h>

#define MESSAGE_MAX ((size_t)32 * 1024 * 1024)
#define HEADERS_MAX 1000u
#define HEADER_BYTES_MAX ((size_t)1024 * 1024)
/* GMime takes time in the square of the number of addresses. */
#define FROM_MAX 1000u

/* Of each text: well below the limits on texts, which cut in other places where line ends differ.
 */
#define ID_TEXT_MAX ((size_t)256 * 1024)

/* Raises whenever the same message would get another id: what was learned under the old one is then
 * another document's. */
#define ID_VERSION 1u

void mail_init(void)
{
    text_init();
    url_init();
    g_mime_init();
}

/* Fields that every message has some of; other files have lines with a colon too. */
static bool is_known_field(struct span name)
{
    static const char *const known[] = {"Bcc",         "Cc",           "Content-Type",
                                        "Date",        "Delivered-To", "DKIM-Signature",
                                        "Envelope-To", "From",         "List-Id",
                                        "Message-ID",  "MIME-Version", "Received",
                                        "Reply-To",    "Resent-From",  "Return-Path",
                                        "Sender",      "Subject",      "To"};
    if (span_starts_nocase(name, SPAN("X-")))
        return true;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (span_equal_nocase(name, span_of(known[i])))
            return true;
    }
    return false;
}

static bool has_known_field(struct span message)
{
    struct header field;
    while (mail_header_next(&message, &field)) {
        if (is_known_field(field.name))
            return true;
    }
    return false;
}

bool mail_looks_like(struct span bytes)
{
    if (mail_skip_mbox_line(bytes).length != bytes.length)
        return true;
    /* "<rdf:" and "{a:" could be field names; nobody's are. */
    return bytes.length && g_ascii_isalnum(bytes.data[0]) && mail_starts_with_field(bytes) &&
           has_known_field(bytes);
}

/* Fields beyond the limits are still looked at for what the message is made of, since readers of
 * mail heed them, but are not kept. `*body` is what follows. */
static void read_headers(struct document *document, struct span message, struct mime_fields *mime,
                         struct span *from, struct span *body)
{
    struct arena *arena = document->arena;
    size_t bytes = 0;
    struct header field;
    while (mail_header_next(&message, &field)) {
        mime_fields_note(mime, &field);
        size_t left = HEADER_BYTES_MAX - bytes, needed = field.name.length + field.value.length;
        if (document->header_count == HEADERS_MAX || field.name.length > left) {
            document->truncated = document->headers_cut = true;
            continue;
        }
        if (needed > left)
            document->truncated = true;
        struct span value = mail_unfold(arena, field.value, left - field.name.length);
        bytes += needed < left ? needed : left;
        if (!from->data && span_equal_nocase(field.name, SPAN("From")))
            *from = value;
        field.value = span_equal_nocase(field.name, SPAN("Authentication-Results"))
                          ? text_to_utf8(arena, value, (struct span){0})
                          : mail_decode_words(arena, value);
        document->headers =
            arena_grow(arena, document->headers, document->header_count, sizeof field);
        document->headers[document->header_count++] = field;
    }
    *body = message;
}

/* The first mailbox, which may stand in a group. Lent by `list`; NULL: none. */
static InternetAddressMailbox *first_mailbox(InternetAddressList *list)
{
    int length = list ? internet_address_list_length(list) : 0;
    for (int i = 0; i < length; i++) {
        InternetAddress *address = internet_address_list_get_address(list, i);
        if (INTERNET_ADDRESS_IS_MAILBOX(address))
            return INTERNET_ADDRESS_MAILBOX(address);
        InternetAddressGroup *group = INTERNET_ADDRESS_GROUP(address);
        InternetAddressMailbox *member = first_mailbox(internet_address_group_get_members(group));
        if (member)
            return member;
    }
    return NULL;
}

/* Lower case behind the last '@'. */
static struct span canonical_address(struct arena *arena, struct span address)
{
    char *copy = arena_text(arena, address.length);
    bool in_domain = true;
    for (size_t i = address.length; i-- > 0;) {
        in_domain = in_domain && address.data[i] != '@';
        copy[i] = in_domain ? g_ascii_tolower(address.data[i]) : address.data[i];
    }
    return (struct span){copy, address.length};
}

/* What stands in the last pair of angle brackets, for lists that GMime gives up on: most readers
 * of mail show it. */
static void read_angle_address(struct document *document, struct span value)
{
    const char *open = memrchr(value.data, '<', value.length);
    if (!open)
        return;
    struct span rest = {open + 1, (size_t)(value.data + value.length - open - 1)};
    const char *close = memchr(rest.data, '>', rest.length);
    if (!close)
        return;
    struct span address = span_trim((struct span){rest.data, (size_t)(close - rest.data)});
    document->from_address = canonical_address(document->arena, address);
    document->from_name = mail_decode_words(
        document->arena, span_trim((struct span){value.data, (size_t)(open - value.data)}));
}

static void read_from(struct document *document, struct span value)
{
    struct arena *arena = document->arena;
    if (value.length > FROM_MAX)
        value.length = FROM_MAX;
    /* Before GMime sees it: in gb18030 a second byte may look like a quote or a bracket. */
    struct span utf8 = arena_copy(arena, text_to_utf8(arena, value, (struct span){0}));
    InternetAddressList *list = internet_address_list_parse(NULL, utf8.data);
    InternetAddressMailbox *mailbox = first_mailbox(list);
    if (mailbox) {
        const char *address = internet_address_mailbox_get_addr(mailbox);
        const char *name = internet_address_get_name(INTERNET_ADDRESS(mailbox));
        document->from_address = canonical_address(
            arena, text_to_utf8(arena, span_of(address ? address : ""), (struct span){0}));
        document->from_name =
            text_to_utf8(arena, arena_copy(arena, span_of(name ? name : "")), (struct span){0});
    } else {
        read_angle_address(document, utf8);
    }
    if (list)
        g_object_unref(list);
}

/* Folds 8 bytes into `out` when they stay as many: blanks, line ends and control characters become
 * blanks, none of which may stand behind another or, `blank_before`, at the start. */
static bool fold_eight(const char *at, bool blank_before, char *out)
{
    const uint64_t ones = 0x0101010101010101u, highs = 0x8080808080808080u;
    uint64_t bytes;
    memcpy(&bytes, at, 8);
    bytes = le64toh(bytes);
    /* Above a blank the sum of a byte without its high bit has it. */
    uint64_t blanks = ~(((bytes & ~highs) + ones * (0x7f - ' ')) | bytes) & highs;
    if ((blanks & (blanks << 8 | (blank_before ? 0x80 : 0))))
        return false;
    bytes &= ~((blanks >> 7) * 0xff);
    bytes = htole64(bytes | blanks >> 2);
    memcpy(out, &bytes, 8);
    return true;
}

/* Hashes `text` with every run of blanks, line ends and control characters as one blank, and none
 * at its ends: what relays and line-end conventions change does not count. No text holds a NUL, so
 * one ends it. */
static void hash_folded(XXH3_state_t *hash, struct span text)
{
    char buffer[4096];
    bool blank_before = true;
    size_t left = ID_TEXT_MAX;
    text = span_trim(text);
    while (text.length && left) {
        size_t chunk = text.length < sizeof buffer ? text.length : sizeof buffer;
        size_t length = 0, i = 0;
        while (i < chunk) {
            if (chunk - i >= 8 && fold_eight(text.data + i, blank_before, buffer + length)) {
                i += 8, length += 8;
                blank_before = buffer[length - 1] == ' ';
                continue;
            }
            size_t stop = chunk - i < 8 ? chunk : i + 8;
            for (; i < stop; i++) {
                bool blank = (unsigned char)text.data[i] <= ' ';
                buffer[length] = blank ? ' ' : text.data[i];
                length += !(blank & blank_before);
                blank_before = blank;
            }
        }
        length = length < left ? length : left;
        XXH3_128bits_update(hash, buffer, length);
        left -= length;
        text.data += chunk;
        text.length -= chunk;
    }
    XXH3_128bits_update(hash, "", 1);
}

static struct span header_value(const struct document *document, const char *name)
{
    const struct header *header = document_header(document, name);
    return header ? header->value : (struct span){0};
}

static void set_id(struct document *document, bool trust_weir_id)
{
    struct span known = header_value(document, WEIR_ID_HEADER);
    if (trust_weir_id && known.length && weir_id_document(known.data, known.length, document->id))
        return;
    const unsigned char version = ID_VERSION;
    XXH3_state_t hash;
    XXH3_128bits_reset(&hash);
    XXH3_128bits_update(&hash, &version, sizeof version);
    hash_folded(&hash, document->from_address);
    hash_folded(&hash, header_value(document, "Date"));
    hash_folded(&hash, header_value(document, "Message-ID"));
    bool has_body = false;
    for (size_t i = 0; i < document->text_count; i++) {
        hash_folded(&hash, document->texts[i].content);
        has_body |= document->texts[i].kind == TEXT_BODY;
    }
    for (size_t i = 0; i < document->part_count && !has_body; i++)
        XXH3_128bits_update(&hash, document->parts[i].hash, sizeof document->parts[i].hash);
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(&hash));
    memcpy(document->id, canonical.digest, sizeof document->id);
}

struct document *mail_read(struct span message, bool trust_weir_id)
{
    struct document *document = document_new(CHANNEL_MAIL);
    if (message.length > MESSAGE_MAX) {
        message.length = MESSAGE_MAX;
        document->truncated = true;
    }
    struct mime_fields mime = {0};
    struct span from = {0}, body;
    read_headers(document, mail_skip_mbox_line(message), &mime, &from, &body);
    if (from.length)
        read_from(document, from);
    document->subject = header_value(document, "Subject");
    if (document->subject.length)
        document_add_text(document, TEXT_SUBJECT, document->subject, false);
    mail_parts_read(document, &mime, body);
    set_id(document, trust_weir_id);
    return document;
}
