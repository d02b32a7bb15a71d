#include "core/rule_fields.h"

#include <stdlib.h>

#include "core/feed_date.h"
#include "core/text.h"

#define LABELS_MAX 32              /* of a host name, from its end */
#define LOOK_BYTES ((size_t)65536) /* of each text, for its language */

static void add_text(const struct rule_fields *fields, struct rule_values *values,
                     struct span content, uint64_t header)
{
    if (!content.length)
        return;
    values->texts = arena_grow(fields->document->arena, values->texts, values->text_count,
                               sizeof *values->texts);
    values->texts[values->text_count++] = (struct rule_text){.text = content, .header = header};
}

static void add_key(const struct rule_fields *fields, struct rule_values *values, uint64_t key)
{
    values->keys =
        arena_grow(fields->document->arena, values->keys, values->key_count, sizeof *values->keys);
    values->keys[values->key_count++] = key;
}

/* --- text --- */

static void make_title(const struct rule_fields *fields, struct rule_values *values)
{
    add_text(fields, values, fields->document->subject, 0);
}

static void make_content(const struct rule_fields *fields, struct rule_values *values)
{
    const struct document *document = fields->document;
    for (size_t i = 0; i < document->text_count; i++)
        if (document->texts[i].kind == TEXT_BODY)
            add_text(fields, values, document->texts[i].content, 0);
}

static void make_text(const struct rule_fields *fields, struct rule_values *values)
{
    make_title(fields, values);
    make_content(fields, values);
}

static void make_category(const struct rule_fields *fields, struct rule_values *values)
{
    const struct document *document = fields->document;
    for (size_t i = 0; i < document->category_count; i++)
        add_text(fields, values, document->categories[i], 0);
}

static int compare_keys(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

/* Only those that a rule names. */
static void make_header(const struct rule_fields *fields, struct rule_values *values)
{
    const struct document *document = fields->document;
    const struct rules *rules = fields->rules;
    for (size_t i = 0; i < document->header_count; i++) {
        const struct header *header = &document->headers[i];
        uint64_t name = rule_key(RULE_KEY_NAME, header->name);
        if (!rules->header_name_count ||
            !bsearch(&name, rules->header_names, rules->header_name_count, sizeof name,
                     compare_keys))
            continue;
        add_key(fields, values, name);
        add_text(fields, values, header->value, name);
    }
}

/* --- who, and where to --- */

/* Of "mail.example.org": itself, "example.org", "org". */
static size_t domain_keys(struct span host, uint64_t *keys, size_t most)
{
    size_t count = 0;
    while (host.length && count < most) {
        keys[count++] = rule_key(RULE_KEY_DOMAIN, host);
        const char *dot = memchr(host.data, '.', host.length);
        size_t length = dot ? (size_t)(dot - host.data) + 1 : host.length;
        host = (struct span){host.data + length, host.length - length};
    }
    return count;
}

size_t rule_address_keys(struct span address, uint64_t *keys, size_t most)
{
    const char *at = address.length ? memrchr(address.data, '@', address.length) : NULL;
    if (!at || !most)
        return 0;
    keys[0] = rule_key(RULE_KEY_ADDRESS, address);
    struct span host = {at + 1, (size_t)(address.data + address.length - at - 1)};
    return 1 + domain_keys(host, keys + 1, most - 1);
}

static void add_address(const struct rule_fields *fields, struct rule_values *values,
                        struct span address)
{
    uint64_t keys[LABELS_MAX];
    size_t count = rule_address_keys(address, keys, LABELS_MAX);
    for (size_t i = 0; i < count; i++)
        add_key(fields, values, keys[i]);
}

/* Those between blanks, brackets and commas. */
static void add_addresses_in(const struct rule_fields *fields, struct rule_values *values,
                             struct span text)
{
    static const char ends[] = " \t\r\n<>()\",;";
    for (size_t i = 0, start = 0; i <= text.length; i++) {
        if (i < text.length && text.data[i] && !strchr(ends, text.data[i]))
            continue;
        add_address(fields, values, (struct span){text.data + start, i - start});
        start = i + 1;
    }
}

static void make_sender(const struct rule_fields *fields, struct rule_values *values)
{
    const struct document *document = fields->document;
    add_text(fields, values, document->envelope.sender, 0);
    add_text(fields, values, document->from_address, 0);
    add_text(fields, values, document->from_name, 0);
    add_text(fields, values, document->author, 0);
    if (!span_equal(document->author_email, document->author))
        add_text(fields, values, document->author_email, 0);
    add_address(fields, values, document->envelope.sender);
    add_address(fields, values, document->from_address);
    if (document->author.length)
        add_addresses_in(fields, values, document->author);
    if (document->author_email.length)
        add_addresses_in(fields, values, document->author_email);
}

static void make_link(const struct rule_fields *fields, struct rule_values *values)
{
    const struct document *document = fields->document;
    uint64_t keys[LABELS_MAX];
    for (size_t i = 0; i < document->link_count; i++) {
        size_t count = domain_keys(document->links[i].host, keys, LABELS_MAX);
        add_text(fields, values, document->links[i].url, 0);
        for (size_t j = 0; j < count; j++)
            add_key(fields, values, keys[j]);
    }
}

/* "a.tar.gz" ends in ".tar.gz" and in ".gz". */
static void add_endings(const struct rule_fields *fields, struct rule_values *values,
                        struct span name)
{
    size_t most = 8;
    for (size_t i = name.length; i > 0 && most; i--)
        if (name.data[i - 1] == '.') {
            add_key(
                fields, values,
                rule_key(RULE_KEY_ENDING, (struct span){name.data + i - 1, name.length - i + 1}));
            most--;
        }
}

static void make_attachment(const struct rule_fields *fields, struct rule_values *values)
{
    const struct document *document = fields->document;
    for (size_t i = 0; i < document->part_count; i++) {
        const struct part *part = &document->parts[i];
        if (!part->attachment && !part->file_name.length)
            continue;
        const char *slash =
            part->type.length ? memchr(part->type.data, '/', part->type.length) : NULL;
        add_text(fields, values, part->file_name, 0);
        add_endings(fields, values, part->file_name);
        add_key(fields, values, rule_key(RULE_KEY_TYPE, part->type));
        if (slash)
            add_key(fields, values,
                    rule_key(RULE_KEY_TYPE,
                             (struct span){part->type.data, (size_t)(slash - part->type.data)}));
    }
}

/* --- what it is written in --- */

static void make_script(const struct rule_fields *fields, struct rule_values *values)
{
    const char *name = rule_script_name(fields->document->script);
    add_key(fields, values, rule_key(RULE_KEY_NAME, span_of(name)));
}

struct han_counts {
    size_t kana, han, simplified, traditional;
};

static void count_han(struct span text, struct han_counts *counts)
{
    const char *at = text.data;
    const char *end = at + (text.length < LOOK_BYTES ? text.length : LOOK_BYTES);
    while (at < end) {
        uint32_t code_point = text_next(&at, end);
        enum script script = text_character(code_point).script;
        counts->kana += script == SCRIPT_KANA;
        counts->han += script == SCRIPT_HAN;
        if (script == SCRIPT_HAN) {
            enum han_form form = text_han_form(code_point);
            counts->simplified += form == HAN_SIMPLIFIED_ONLY;
            counts->traditional += form == HAN_TRADITIONAL_ONLY;
        }
    }
}

/* Japanese is a third to a half kana; Chinese has some in a name at most. What is Han alone is
 * simplified or traditional by the characters that only one of them uses. */
static const char *language_of_han(const struct document *document, const char **variant)
{
    struct han_counts counts = {0};
    for (size_t i = 0; i < document->text_count; i++)
        count_han(document->texts[i].content, &counts);
    if (counts.kana * 10 > counts.han)
        return "ja";
    *variant = counts.simplified > counts.traditional   ? "zh-hans"
               : counts.simplified < counts.traditional ? "zh-hant"
                                                        : NULL;
    return "zh";
}

/* Of scripts that one language of note is written in. */
static const char *language_of_script(const struct document *document, const char **variant)
{
    switch (document->script) {
    case SCRIPT_HAN:
    case SCRIPT_KANA:
        return language_of_han(document, variant);
    case SCRIPT_HANGUL:
        return "ko";
    case SCRIPT_GREEK:
        return "el";
    case SCRIPT_HEBREW:
        return "he";
    case SCRIPT_THAI:
        return "th";
    default:
        return NULL;
    }
}

/* "de-AT, en" (RFC 3282): each tag, and its language. */
static void add_declared(const struct rule_fields *fields, struct rule_values *values,
                         struct span list)
{
    while (list.length) {
        const char *comma = memchr(list.data, ',', list.length);
        size_t length = comma ? (size_t)(comma - list.data) : list.length;
        struct span tag = span_trim((struct span){list.data, length});
        const char *hyphen = tag.length ? memchr(tag.data, '-', tag.length) : NULL;
        if (tag.length)
            add_key(fields, values, rule_key(RULE_KEY_NAME, tag));
        if (hyphen)
            add_key(fields, values,
                    rule_key(RULE_KEY_NAME, (struct span){tag.data, (size_t)(hyphen - tag.data)}));
        length += comma != NULL;
        list = (struct span){list.data + length, list.length - length};
    }
}

/* What it says itself, and what its script says. */
static void make_language(const struct rule_fields *fields, struct rule_values *values)
{
    const char *variant = NULL, *language = language_of_script(fields->document, &variant);
    const struct header *declared = document_header(fields->document, "Content-Language");
    if (declared)
        add_declared(fields, values, declared->value);
    add_declared(fields, values, fields->document->languages);
    if (language)
        add_key(fields, values, rule_key(RULE_KEY_NAME, span_of(language)));
    if (variant)
        add_key(fields, values, rule_key(RULE_KEY_NAME, span_of(variant)));
}

/* --- all of them --- */

const struct rule_values *rule_fields_get(struct rule_fields *fields, enum rule_field field)
{
    static void (*const makers[RULE_FIELDS])(const struct rule_fields *, struct rule_values *) = {
        [RULE_TITLE] = make_title,
        [RULE_CONTENT] = make_content,
        [RULE_TEXT] = make_text,
        [RULE_SENDER] = make_sender,
        [RULE_CATEGORY] = make_category,
        [RULE_LINK] = make_link,
        [RULE_ATTACHMENT] = make_attachment,
        [RULE_HEADER] = make_header,
        [RULE_LANGUAGE] = make_language,
        [RULE_SCRIPT] = make_script,
    };
    struct rule_values *values = &fields->values[field];
    if (!values->made && makers[field])
        makers[field](fields, values);
    values->made = true;
    return values;
}

const uint64_t *rule_fields_words(const struct rule_fields *fields, const struct rule_text *text,
                                  size_t *count)
{
    struct rule_text *own = (struct rule_text *)(uintptr_t)text;
    if (!own->counted)
        own->word_count = rule_words(fields->document->arena, own->text, &own->words);
    own->counted = true;
    *count = own->word_count;
    return own->words;
}

bool rule_fields_time(const struct document *document, int64_t *time_s)
{
    const struct header *date = document_header(document, "Date");
    return feed_date_read(span_trim(date ? date->value : document->date), time_s);
}
