/* Checks of what a mail says of itself: from whom, when, under which name. */
#include "core/checks.h"

#include <gmime/gmime.h>
#include <string.h>

#include "core/check_ramp.h"
#include "core/check_read.h"
#include "core/text.h"

/* A mail program hands its message to the first server without Date and Message-ID at times, and
 * that server adds them (RFC 6409, 8): what internal clients send is not at fault. */
static bool is_submission(const struct document *document)
{
    return document->envelope.internal;
}

/* What is not among the first of very many fields may be among the others. */
static bool lacks(const struct document *document, const char *name)
{
    const struct header *header = document_header(document, name);
    return document->header_count && !document->headers_cut && !is_submission(document) &&
           (!header || !span_trim(header->value).length);
}

/* The field's value when there is one, else empty. */
static struct span value_of(const struct document *document, const char *name)
{
    const struct header *header = document_header(document, name);
    return header ? span_trim(header->value) : (struct span){NULL, 0};
}

/* What is quoted in a detail: enough to know it by. */
static struct span start_of(struct span value)
{
    value.length = value.length < 80 ? value.length : 80;
    return value;
}

/* --- Date --- */

double check_date_missing(const struct document *document, struct span *detail)
{
    (void)detail;
    return lacks(document, "Date");
}

/* RFC 5322 3.3, as leniently as GMime reads it. */
double check_date_malformed(const struct document *document, struct span *detail)
{
    struct span value = value_of(document, "Date");
    if (!value.length)
        return 0;
    GDateTime *date = g_mime_utils_header_decode_date(
        arena_printf(document->arena, "%.*s", SPAN_ARGS(value)).data);
    if (date) {
        g_date_time_unref(date);
        return 0;
    }
    *detail = arena_printf(document->arena, "\"%.*s\"", SPAN_ARGS(start_of(value)));
    return 1;
}

/* --- Message-ID --- */

double check_message_id_missing(const struct document *document, struct span *detail)
{
    (void)detail;
    return lacks(document, "Message-ID");
}

double check_message_id_malformed(const struct document *document, struct span *detail)
{
    struct span value = value_of(document, "Message-ID");
    if (!value.length || check_is_message_id(value))
        return 0;
    *detail = arena_printf(document->arena, "\"%.*s\"", SPAN_ARGS(start_of(value)));
    return 1;
}

/* --- From --- */

double check_from_missing(const struct document *document, struct span *detail)
{
    (void)detail;
    return lacks(document, "From");
}

/* An address with blanks only within the quotes of its left side. */
static bool is_address(struct span address)
{
    const char *at = address.length ? memrchr(address.data, '@', address.length) : NULL;
    if (!at || at == address.data || at + 1 == address.data + address.length)
        return false;
    bool quoted = at - address.data >= 2 && address.data[0] == '"' && at[-1] == '"';
    const char *start = quoted ? at : address.data;
    return !memchr(start, ' ', (size_t)(address.data + address.length - start));
}

/* "Nobody: ;" (RFC 6854): who writes wants no answer. */
static bool is_empty_group(struct span value)
{
    const char *colon = value.length ? memrchr(value.data, ':', value.length) : NULL;
    return colon && colon > value.data && value.data[value.length - 1] == ';' &&
           !memchr(value.data, '@', value.length) &&
           !span_trim((struct span){colon + 1, (size_t)(value.data + value.length - 1 - colon - 1)})
                .length;
}

double check_from_malformed(const struct document *document, struct span *detail)
{
    struct span value = value_of(document, "From");
    if (!value.length || is_submission(document) || is_address(document->from_address) ||
        is_empty_group(value))
        return 0;
    *detail = arena_printf(document->arena, "\"%.*s\"", SPAN_ARGS(start_of(value)));
    return 1;
}

/* --- Subject --- */

#define CAPITALS_MIN 10

static bool is_capital(uint32_t code_point)
{
    return code_point < 0xff00 /* full width: Chinese and Japanese */ &&
           text_fold(code_point) != code_point;
}

/* A name of a product or a code is short, or stands in a subject of another script. */
double check_subject_capitals(const struct document *document, struct span *detail)
{
    struct span subject = check_bare_subject(document->subject);
    if (!subject.length)
        subject = document->subject;
    const char *at = subject.data, *end = at + subject.length;
    size_t capitals = 0, others = 0;
    while (at < end) {
        uint32_t code_point = text_next(&at, end);
        uint8_t class = text_character(code_point).class;
        if (class == CHARACTER_LETTER || class == CHARACTER_IDEOGRAPH)
            *(is_capital(code_point) ? &capitals : &others) += 1;
    }
    if (capitals < CAPITALS_MIN || others * 10 > capitals)
        return 0;
    *detail = arena_printf(document->arena, "%zu capitals, %zu other letters", capitals, others);
    return ramp((double)capitals, CAPITALS_MIN - 5, 20);
}
