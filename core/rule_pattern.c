#include "core/rule_pattern.h"

#include "core/recipient.h"
#include "core/text.h"

#include <stdlib.h>
#include <time.h>
#include <utf8proc.h>
#include <xxhash.h>

#define WORDS_TEXT_MAX ((size_t)1 << 20)
#define REGEX_TEXT_MAX ((size_t)256 << 10)
#define REGEX_LENGTH_MAX 4096u

/* A match() call of PCRE2 is some 20 ns: one expression that backtracks without end stops after a
 * few milliseconds. Its limits count anew at each start position, so those are tried some at a time
 * with a look at the clock between; all expressions of one document share what they may take. */
#define REGEX_MATCH_LIMIT 100000u
#define REGEX_DEPTH_LIMIT 10000u
#define REGEX_HEAP_LIMIT_KIB 4096u
#define REGEX_STARTS 512u
#define REGEX_ONE_NS 50000000
#define REGEX_ALL_NS 250000000

/* --- words --- */

static uint64_t mix(uint64_t key, uint64_t salt)
{
    key = (key ^ salt) * 0x9e3779b97f4a7c15u;
    key ^= key >> 32;
    return key ? key : 1;
}

uint64_t rule_key(char kind, struct span value)
{
    char lower[512];
    size_t length = value.length < sizeof lower ? value.length : sizeof lower;
    for (size_t i = 0; i < length; i++) {
        char c = value.data[i];
        lower[i] = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
    }
    return mix(XXH3_64bits(lower, length), (uint64_t)(unsigned char)kind);
}

uint64_t rule_index_key(uint64_t key, enum rule_field field, uint64_t header)
{
    return mix(key, header ^ ((uint64_t)field + 1) << 8);
}

/* NFKC and case folded, in `arena`; ASCII stays as it is, the walk over it folds. */
static struct span fold(struct arena *arena, struct span text)
{
    const char *end = text.data + text.length;
    utf8proc_uint8_t *mapped = NULL;
    if (!text.length || text_ascii_length(text.data, end) == text.length)
        return text;
    utf8proc_ssize_t length = utf8proc_map(
        (const utf8proc_uint8_t *)text.data, (utf8proc_ssize_t)text.length, &mapped,
        UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD | UTF8PROC_IGNORE);
    if (length < 0)
        return text; /* no UTF-8: read as far as it is */
    struct span folded = arena_copy(arena, (struct span){(const char *)mapped, (size_t)length});
    free(mapped);
    return folded;
}

struct words {
    struct arena *arena;
    uint64_t *keys;
    size_t count;
    uint64_t hash; /* of the word that is being read */
    bool inside;
};

#define FNV_START 0xcbf29ce484222325u
#define FNV_PRIME 0x100000001b3u

static void end_word(struct words *words)
{
    if (!words->inside)
        return;
    words->keys = arena_grow(words->arena, words->keys, words->count, sizeof *words->keys);
    words->keys[words->count++] = mix(words->hash, 0);
    words->inside = false;
}

static void add_character(struct words *words, uint32_t code_point)
{
    if (!words->inside)
        words->hash = FNV_START;
    words->inside = true;
    words->hash = (words->hash ^ code_point) * FNV_PRIME;
}

size_t rule_words(struct arena *arena, struct span text, uint64_t **keys)
{
    struct words words = {.arena = arena};
    text = fold(arena, span_cut(text, WORDS_TEXT_MAX));
    const char *at = text.data, *end = text.data + text.length;
    while (at < end) {
        uint32_t code_point = text_fold(text_next(&at, end));
        switch (text_character(code_point).class) {
        case CHARACTER_LETTER:
        case CHARACTER_DIGIT:
            add_character(&words, code_point);
            break;
        case CHARACTER_IDEOGRAPH:
        case CHARACTER_EMOJI:
            end_word(&words);
            add_character(&words, code_point);
            end_word(&words);
            break;
        case CHARACTER_INVISIBLE:
            break;
        default:
            end_word(&words);
        }
    }
    end_word(&words);
    *keys = words.keys;
    return words.count;
}

/* --- reading --- */

static const char *const script_names[SCRIPTS] = {"none",   "latin",    "han",        "kana",
                                                  "hangul", "cyrillic", "greek",      "arabic",
                                                  "hebrew", "thai",     "devanagari", "other"};

const char *rule_script_name(uint8_t script)
{
    return script_names[script < SCRIPTS ? script : SCRIPT_NONE];
}

static bool one_key(struct rule_pattern *pattern, struct arena *arena, char kind, struct span value)
{
    pattern->keys = arena_alloc(arena, sizeof *pattern->keys);
    pattern->keys[0] = rule_key(kind, value);
    pattern->key_count = 1;
    return true;
}

static bool read_words(struct rule_pattern *pattern, const char *text, struct arena *arena,
                       struct error *error)
{
    pattern->key_count = rule_words(arena, span_of(text), &pattern->keys);
    return pattern->key_count ||
           error_set(error, ERROR_INPUT,
                     "\"%.60s\" has no letter or digit in it; write a regular expression: /…/",
                     text);
}

/* "example.org": letters, digits, hyphens, and a dot. */
static bool is_domain(const char *text)
{
    char normal[RECIPIENT_MAX + 1];
    return !strchr(text, '@') && recipient_entry_normal(text, normal);
}

static bool read_sender(struct rule_pattern *pattern, const char *text, struct arena *arena,
                        struct error *error)
{
    char normal[RECIPIENT_MAX + 1];
    if (*text == '@' && !is_domain(text + 1))
        return error_set(error, ERROR_INPUT, "\"%.60s\" is no domain", text);
    if (*text == '@' || is_domain(text))
        return one_key(pattern, arena, RULE_KEY_DOMAIN, span_of(text + (*text == '@')));
    if (strchr(text, '@') && recipient_normal(text, strlen(text), normal))
        return one_key(pattern, arena, RULE_KEY_ADDRESS, span_of(normal));
    return read_words(pattern, text, arena, error);
}

static bool read_attachment(struct rule_pattern *pattern, const char *text, struct arena *arena,
                            struct error *error)
{
    const char *slash = strchr(text, '/');
    if (*text == '*' && text[1] == '.')
        text++;
    if (*text == '.' && text[1])
        return one_key(pattern, arena, RULE_KEY_ENDING, span_of(text));
    if (slash && slash > text && slash[1] && !strpbrk(text, " \t"))
        return one_key(pattern, arena, RULE_KEY_TYPE,
                       strcmp(slash, "/*") ? span_of(text)
                                           : (struct span){text, (size_t)(slash - text)});
    return read_words(pattern, text, arena, error);
}

/* "en", "zh-Hant": RFC 5646. */
static bool read_language(struct rule_pattern *pattern, const char *text, struct arena *arena,
                          struct error *error)
{
    size_t first = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
    size_t all = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-");
    if (first < 2 || first > 3 || text[all] || (text[first] && text[first] != '-') ||
        all > first + 10)
        return error_set(error, ERROR_INPUT,
                         "\"%.60s\" is no code of a language, as en, zh or zh-Hant is one", text);
    return one_key(pattern, arena, RULE_KEY_NAME, span_of(text));
}

static bool read_script(struct rule_pattern *pattern, const char *text, struct arena *arena,
                        struct error *error)
{
    for (size_t i = 0; i < SCRIPTS; i++)
        if (!strcasecmp(text, script_names[i]))
            return one_key(pattern, arena, RULE_KEY_NAME, span_of(text));
    return error_set(error, ERROR_INPUT,
                     "\"%.60s\" is none of latin, han, kana, hangul, cyrillic, greek, arabic, "
                     "hebrew, thai, devanagari, other, none",
                     text);
}

static bool read_plain(struct rule_pattern *pattern, const char *text, struct arena *arena,
                       struct error *error)
{
    switch (pattern->field) {
    case RULE_SENDER:
        return read_sender(pattern, text, arena, error);
    case RULE_LINK:
        return is_domain(text) ? one_key(pattern, arena, RULE_KEY_DOMAIN, span_of(text))
                               : read_words(pattern, text, arena, error);
    case RULE_ATTACHMENT:
        return read_attachment(pattern, text, arena, error);
    case RULE_LANGUAGE:
        return read_language(pattern, text, arena, error);
    case RULE_SCRIPT:
        return read_script(pattern, text, arena, error);
    default:
        return read_words(pattern, text, arena, error);
    }
}

static bool read_flags(const char *flags, uint32_t *options, struct error *error)
{
    for (; *flags; flags++) {
        uint32_t option = *flags == 'i'   ? PCRE2_CASELESS
                          : *flags == 'm' ? PCRE2_MULTILINE
                          : *flags == 's' ? PCRE2_DOTALL
                          : *flags == 'x' ? PCRE2_EXTENDED
                                          : 0;
        if (!option)
            return error_set(error, ERROR_INPUT,
                             "a regular expression is /…/ with any of i, m, s, x behind it, not "
                             "\"%.20s\"",
                             flags);
        *options |= option;
    }
    return true;
}

/* "/…/i" */
static bool read_regex(struct rule_pattern *pattern, const char *text, struct error *error)
{
    const char *last = strrchr(text, '/');
    uint32_t options =
        PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_USE_OFFSET_LIMIT | PCRE2_NEVER_BACKSLASH_C;
    PCRE2_UCHAR said[160];
    int number;
    PCRE2_SIZE at;
    if (last == text)
        return error_set(error, ERROR_INPUT,
                         "\"%.60s\" starts as a regular expression, /…/, and does not end", text);
    if (last == text + 1)
        return error_set(error, ERROR_INPUT, "the regular expression is empty");
    if (!read_flags(last + 1, &options, error))
        return false;
    pcre2_compile_context *context = pcre2_compile_context_create(NULL);
    pcre2_set_max_pattern_length(context, REGEX_LENGTH_MAX);
    pattern->regex = pcre2_compile((PCRE2_SPTR)(text + 1), (PCRE2_SIZE)(last - text - 1), options,
                                   &number, &at, context);
    pcre2_compile_context_free(context);
    if (pattern->regex) {
        /* Where memory must not be both written and run, it goes without. */
        pcre2_jit_compile(pattern->regex, PCRE2_JIT_COMPLETE);
        return true;
    }
    pcre2_get_error_message(number, said, sizeof said);
    return error_set(error, ERROR_INPUT, "the regular expression is wrong at its character %zu: %s",
                     (size_t)at + 1, (const char *)said);
}

/* "Name" or "Name: what" */
static bool split_header(struct rule_pattern *pattern, const char **text, struct error *error)
{
    size_t length = **text == '/' ? 0 : strcspn(*text, ":");
    for (size_t i = 0; i < length; i++)
        if ((*text)[i] <= ' ' || (*text)[i] > '~')
            length = 0;
    if (!length)
        return error_set(error, ERROR_INPUT,
                         "\"%.60s\" names no header, as \"X-Mailer\" or \"X-Mailer: word\" do",
                         *text);
    pattern->header = rule_key(RULE_KEY_NAME, (struct span){*text, length});
    *text += length;
    pattern->header_only = !**text;
    *text += **text == ':';
    *text += strspn(*text, " \t");
    pattern->header_only = pattern->header_only || !**text;
    return true;
}

bool rule_pattern_read(struct rule_pattern *pattern, const char *text, struct arena *arena,
                       struct error *error)
{
    pattern->source = arena_copy(arena, span_of(text)).data;
    text += strspn(text, " \t\r\n");
    if (!*text)
        return error_set(error, ERROR_INPUT, "a value is empty");
    if (pattern->field == RULE_HEADER) {
        if (!split_header(pattern, &text, error))
            return false;
        if (pattern->header_only)
            return true;
    }
    if (*text != '/')
        return read_plain(pattern, text, arena, error);
    if (pattern->field == RULE_LANGUAGE || pattern->field == RULE_SCRIPT)
        return error_set(error, ERROR_INPUT, "takes names, no regular expressions");
    return read_regex(pattern, text, error);
}

/* --- regular expressions --- */

void regex_run_begin(struct regex_run *run)
{
    run->data = pcre2_match_data_create(1, NULL);
    run->context = pcre2_match_context_create(NULL);
    run->left_ns = REGEX_ALL_NS;
    pcre2_set_match_limit(run->context, REGEX_MATCH_LIMIT);
    pcre2_set_depth_limit(run->context, REGEX_DEPTH_LIMIT);
    pcre2_set_heap_limit(run->context, REGEX_HEAP_LIMIT_KIB);
}

void regex_run_end(struct regex_run *run)
{
    pcre2_match_data_free(run->data);
    pcre2_match_context_free(run->context);
}

static int64_t processor_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* From the start positions of one stretch. */
static int match_stretch(struct regex_run *run, const pcre2_code *regex, struct span text,
                         size_t from)
{
    PCRE2_SPTR subject = (PCRE2_SPTR)(text.length ? text.data : "");
    pcre2_set_offset_limit(run->context, from + REGEX_STARTS - 1);
    int code = pcre2_match(regex, subject, text.length, from, 0, run->data, run->context);
    /* The compiled form has a small stack; the interpreter has the heap. */
    if (code == PCRE2_ERROR_JIT_STACKLIMIT)
        code =
            pcre2_match(regex, subject, text.length, from, PCRE2_NO_JIT, run->data, run->context);
    return code;
}

enum regex_outcome regex_match(struct regex_run *run, const pcre2_code *regex, struct span text)
{
    if (text.length > REGEX_TEXT_MAX)
        text.length = REGEX_TEXT_MAX;
    if (run->left_ns <= 0)
        return REGEX_UNFINISHED;
    int64_t start_ns = processor_ns(), took_ns = 0;
    enum regex_outcome outcome = REGEX_NO;
    for (size_t from = 0; from <= text.length && outcome == REGEX_NO; from += REGEX_STARTS) {
        /* A stretch starts at a character. */
        while (from && from < text.length && ((unsigned char)text.data[from] & 0xc0) == 0x80)
            from--;
        int code = match_stretch(run, regex, text, from);
        took_ns = processor_ns() - start_ns;
        if (code >= 0)
            outcome = REGEX_YES;
        else if (code != PCRE2_ERROR_NOMATCH ||
                 (from + REGEX_STARTS <= text.length &&
                  (took_ns > REGEX_ONE_NS || took_ns > run->left_ns)))
            outcome = REGEX_UNFINISHED;
    }
    run->left_ns -= took_ns;
    return outcome;
}
