#include "core/authentication.h"

#include <stddef.h>
#include <string.h>

#include "core/url.h"

#define VALUE_MAX (16u * 1024)
#define COMMENTS_DEPTH_MAX 20

/* --- the grammar of RFC 8601 2.2 --- */

struct reader {
    struct arena *arena;
    const char *at, *end;
};

static bool at_end(const struct reader *reader)
{
    return reader->at == reader->end;
}

static bool take(struct reader *reader, char c)
{
    if (at_end(reader) || *reader->at != c)
        return false;
    reader->at++;
    return true;
}

/* Behind the comment that starts here; false: it has no end. */
static bool skip_comment(struct reader *reader)
{
    int depth = 0;
    while (!at_end(reader)) {
        char c = *reader->at++;
        if (c == '\\' && !at_end(reader))
            reader->at++;
        else if (c == '(' && ++depth > COMMENTS_DEPTH_MAX)
            return false;
        else if (c == ')' && --depth == 0)
            return true;
    }
    return false;
}

/* Blanks and comments. */
static bool skip(struct reader *reader)
{
    for (;;) {
        while (!at_end(reader) && memchr(" \t\r\n", *reader->at, 4))
            reader->at++;
        if (at_end(reader) || *reader->at != '(')
            return true;
        if (!skip_comment(reader))
            return false;
    }
}

/* RFC 5321's Keyword. */
static struct span take_keyword(struct reader *reader)
{
    struct span word = {reader->at, 0};
    while (!at_end(reader)) {
        char c = *reader->at, lower = (char)(c | 0x20);
        bool alphanumeric = (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9');
        /* Not of the grammar, but of names in use ("x-google_dkim"). */
        if (!alphanumeric && !(word.length && (c == '-' || c == '_')))
            break;
        reader->at++;
        word.length++;
    }
    return word;
}

static bool take_number(struct reader *reader, struct span *number)
{
    *number = (struct span){reader->at, 0};
    while (!at_end(reader) && *reader->at >= '0' && *reader->at <= '9') {
        reader->at++;
        number->length++;
    }
    return number->length > 0;
}

/* A quoted string, without its quotes. */
static bool take_quoted(struct reader *reader, char *out, size_t *length)
{
    reader->at++;
    while (!at_end(reader)) {
        char c = *reader->at++;
        if (c == '"')
            return true;
        if (c == '\\') {
            if (at_end(reader))
                return false;
            c = *reader->at++;
        }
        out[(*length)++] = c;
    }
    return false;
}

/* A value, or an address as it may stand for one: pieces, quoted or not, with no blank between. */
static bool take_value(struct reader *reader, struct span *value)
{
    char *out = arena_text(reader->arena, (size_t)(reader->end - reader->at));
    const char *start = reader->at;
    size_t length = 0;
    while (!at_end(reader) && !memchr(" \t\r\n;()", *reader->at, 7)) {
        if (*reader->at != '"')
            out[length++] = *reader->at++;
        else if (!take_quoted(reader, out, &length))
            return false;
    }
    *value = (struct span){out, length};
    return reader->at != start;
}

/* [CFWS] "=" [CFWS] */
static bool take_equals(struct reader *reader)
{
    return skip(reader) && take(reader, '=') && skip(reader);
}

static struct reader reader_of(struct arena *arena, struct span value)
{
    return (struct reader){arena, value.data, value.data + value.length};
}

static bool take_authserv_id(struct reader *reader, struct span *id)
{
    return skip(reader) && take_value(reader, id) && id->length;
}

struct span authentication_authserv_id(struct arena *arena, struct span value)
{
    struct span id;
    if (!value.length)
        return (struct span){0};
    if (value.length > VALUE_MAX)
        value.length = VALUE_MAX;
    struct reader reader = reader_of(arena, value);
    return take_authserv_id(&reader, &id) ? id : (struct span){0};
}

/* --- what it says --- */

static enum authentication_result result_of(struct span word)
{
    static const struct {
        struct span word;
        enum authentication_result result;
    } words[] = {
        {{"pass", 4}, AUTHENTICATION_PASS},
        {{"fail", 4}, AUTHENTICATION_FAIL},
        {{"softfail", 8}, AUTHENTICATION_FAIL},
        {{"hardfail", 8}, AUTHENTICATION_FAIL}, /* RFC 5451's word for fail */
        {{"temperror", 9}, AUTHENTICATION_TEMPERROR},
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (span_equal_nocase(word, words[i].word))
            return words[i].result;
    return AUTHENTICATION_NONE;
}

/* Behind the last '@', lower case, without a dot at its end. */
static struct span domain_in(struct arena *arena, struct span value)
{
    const char *at = value.length ? memrchr(value.data, '@', value.length) : NULL;
    if (at)
        value = (struct span){at + 1, (size_t)(value.data + value.length - at - 1)};
    if (value.length && value.data[value.length - 1] == '.')
        value.length--;
    char *lower = arena_text(arena, value.length);
    for (size_t i = 0; i < value.length; i++)
        lower[i] = value.data[i] >= 'A' && value.data[i] <= 'Z' ? (char)(value.data[i] | 0x20)
                                                                : value.data[i];
    return (struct span){lower, value.length};
}

/* The properties of one result that somebody asks for. */
struct properties {
    struct span mailfrom, from, signer, identity;
};

static void note_property(struct reader *reader, struct span type, struct span name,
                          struct span value, struct properties *properties)
{
    static const struct {
        struct span type, name;
        size_t offset;
    } rows[] = {
        {{"smtp", 4}, {"mailfrom", 8}, offsetof(struct properties, mailfrom)},
        {{"header", 6}, {"from", 4}, offsetof(struct properties, from)},
        {{"header", 6}, {"d", 1}, offsetof(struct properties, signer)},
        {{"header", 6}, {"i", 1}, offsetof(struct properties, identity)},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct span *place = (struct span *)((char *)properties + rows[i].offset);
        if (span_equal_nocase(type, rows[i].type) && span_equal_nocase(name, rows[i].name) &&
            !place->length)
            *place = domain_in(reader->arena, value);
    }
}

/* ptype "." property "=" pvalue; or "reason" "=" value. */
static bool read_property(struct reader *reader, struct properties *properties)
{
    struct span type = take_keyword(reader), name, value;
    if (!type.length || !skip(reader))
        return false;
    if (span_equal_nocase(type, SPAN("reason")) && !at_end(reader) && *reader->at == '=')
        return take_equals(reader) && take_value(reader, &value);
    if (!take(reader, '.') || !skip(reader))
        return false;
    name = take_keyword(reader);
    if (!name.length || !take_equals(reader))
        return false;
    /* Nothing stands for a null sender. */
    if (at_end(reader) || *reader->at == ';')
        return span_equal_nocase(type, SPAN("smtp"));
    if (!take_value(reader, &value))
        return false;
    note_property(reader, type, name, value, properties);
    return true;
}

static void add_signature(struct authentication *found, enum authentication_result result,
                          const struct properties *properties)
{
    bool better = result == AUTHENTICATION_PASS || found->dkim == AUTHENTICATION_ABSENT ||
                  (result == AUTHENTICATION_FAIL && found->dkim == AUTHENTICATION_NONE);
    if (better)
        found->dkim = result;
    if (found->signature_count == SIGNATURES_MAX)
        return;
    struct span domain = properties->signer.length ? properties->signer : properties->identity;
    found->signatures[found->signature_count++] = (struct authentication_signature){result, domain};
}

static void note_result(struct authentication *found, struct span method,
                        enum authentication_result result, const struct properties *properties)
{
    if (span_equal_nocase(method, SPAN("spf")) && found->spf == AUTHENTICATION_ABSENT) {
        found->spf = result;
        found->spf_domain = properties->mailfrom;
    } else if (span_equal_nocase(method, SPAN("dkim"))) {
        add_signature(found, result, properties);
    } else if (span_equal_nocase(method, SPAN("dmarc")) && found->dmarc == AUTHENTICATION_ABSENT) {
        found->dmarc = result;
        found->dmarc_domain = properties->from;
    }
}

/* method ["/" version] "=" result and what belongs to it, up to a ';' or the end. */
static bool read_result(struct reader *reader, struct span method, struct authentication *found)
{
    struct properties properties = {{0}, {0}, {0}, {0}};
    struct span version = SPAN("1");
    if (!skip(reader))
        return false;
    if (take(reader, '/') && (!skip(reader) || !take_number(reader, &version)))
        return false;
    if (!take_equals(reader))
        return false;
    struct span word = take_keyword(reader);
    if (!word.length)
        return false;
    for (;;) {
        const char *before = reader->at;
        if (!skip(reader))
            return false;
        if (at_end(reader) || *reader->at == ';')
            break;
        if (before == reader->at || !read_property(reader, &properties))
            return false;
    }
    if (span_equal(version, SPAN("1")))
        note_result(found, method, result_of(word), &properties);
    return true;
}

/* [CFWS] [version] and then ";" and a result, as often as there is one; "none" alone is one too. */
static bool read_results(struct reader *reader, struct authentication *found)
{
    struct span version = SPAN("1");
    if (!skip(reader))
        return false;
    if (!at_end(reader) && *reader->at != ';' && !take_number(reader, &version))
        return false;
    if (!span_equal(version, SPAN("1")) || !skip(reader))
        return false;
    size_t results = 0;
    while (take(reader, ';')) {
        if (!skip(reader))
            return false;
        if (at_end(reader))
            break;
        struct span method = take_keyword(reader);
        struct reader after = *reader;
        bool alone = skip(&after) && at_end(&after);
        if (!results++ && alone && span_equal_nocase(method, SPAN("none")))
            return true;
        if (!method.length || !read_result(reader, method, found))
            return false;
    }
    return at_end(reader) && results > 0;
}

bool authentication_read(struct arena *arena, struct span value, struct authentication *found)
{
    struct span id;
    struct reader reader = reader_of(arena, value);
    *found = (struct authentication){.known = true};
    if (value.length && value.length <= VALUE_MAX && !memchr(value.data, '\0', value.length) &&
        take_authserv_id(&reader, &id) && read_results(&reader, found))
        return true;
    *found = (struct authentication){.known = false};
    return false;
}

void authentication_add(struct authentication *sum, const struct authentication *found)
{
    sum->known |= found->known;
    if (sum->spf == AUTHENTICATION_ABSENT) {
        sum->spf = found->spf;
        sum->spf_domain = found->spf_domain;
    }
    if (sum->dkim == AUTHENTICATION_ABSENT) {
        sum->dkim = found->dkim;
        memcpy(sum->signatures, found->signatures, sizeof sum->signatures);
        sum->signature_count = found->signature_count;
    }
    if (sum->dmarc == AUTHENTICATION_ABSENT) {
        sum->dmarc = found->dmarc;
        sum->dmarc_domain = found->dmarc_domain;
    }
}

static bool same_organisation(struct span a, struct span b)
{
    return a.length && b.length && span_equal(url_registrable_domain(a), url_registrable_domain(b));
}

bool authentication_aligned(const struct authentication *authentication, struct span from_domain)
{
    bool asked = same_organisation(authentication->dmarc_domain, from_domain);
    /* It fails where relaxed alignment would pass when the domain asks for strict alignment. */
    if (asked && authentication->dmarc == AUTHENTICATION_FAIL)
        return false;
    if (asked && authentication->dmarc == AUTHENTICATION_PASS)
        return true;
    for (size_t i = 0; i < authentication->signature_count; i++) {
        const struct authentication_signature *signature = &authentication->signatures[i];
        if (signature->result == AUTHENTICATION_PASS &&
            same_organisation(signature->domain, from_domain))
            return true;
    }
    return authentication_is_sender(authentication, from_domain);
}

bool authentication_is_sender(const struct authentication *authentication, struct span domain)
{
    return authentication->spf == AUTHENTICATION_PASS &&
           same_organisation(authentication->spf_domain, domain);
}

#define MARK " (authenticated)"
#define UNMARK " (unauthenticated)"

struct span authentication_claim(struct arena *arena, struct span claim, bool known,
                                 bool authenticated)
{
    return known ? arena_printf(arena, "%.*s%s", SPAN_ARGS(claim), authenticated ? MARK : UNMARK)
                 : claim;
}

struct span authentication_unmarked(struct span claim)
{
    static const char *const marks[] = {MARK, UNMARK};
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        struct span mark = span_of(marks[i]);
        if (claim.length > mark.length &&
            memcmp(claim.data + claim.length - mark.length, mark.data, mark.length) == 0)
            return (struct span){claim.data, claim.length - mark.length};
    }
    return claim;
}
