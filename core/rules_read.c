#include "core/rules_set.h"

#include "core/config_complaint.h"
#include "core/config_values.h"
#include "core/printable.h"
#include "core/recipient.h"
#include "core/rules_text.h"
#include "core/text.h"
#include "store/memory.h"

#include <confuse.h>
#include <math.h>
#include <stdlib.h>
#include <xxhash.h>

/* All compiled expressions together, before and after they are made machine code. */
#define REGEX_ROOM ((size_t)48 << 20)

static const struct word {
    const char *name, *negated;
    enum rule_field field;
} words[] = {
    {"title", "not-title", RULE_TITLE},
    {"subject", "not-subject", RULE_TITLE},
    {"content", "not-content", RULE_CONTENT},
    {"text", "not-text", RULE_TEXT},
    {"sender", "not-sender", RULE_SENDER},
    {"author", "not-author", RULE_SENDER},
    {"category", "not-category", RULE_CATEGORY},
    {"link", "not-link", RULE_LINK},
    {"attachment", "not-attachment", RULE_ATTACHMENT},
    {"enclosure", "not-enclosure", RULE_ATTACHMENT},
    {"header", "not-header", RULE_HEADER},
    {"language", "not-language", RULE_LANGUAGE},
    {"script", "not-script", RULE_SCRIPT},
};
#define WORDS (sizeof words / sizeof *words)

#define VALUES(name) CFG_STR_LIST(name, NULL, CFGF_NODEFAULT)

static int parse_action(cfg_t *cfg, cfg_opt_t *option, const char *value, void *result);

static cfg_opt_t rule_options[] = {
    VALUES("on"),
    VALUES("feed"),
    VALUES("recipient"),
    VALUES("title"),
    VALUES("not-title"),
    VALUES("subject"),
    VALUES("not-subject"),
    VALUES("content"),
    VALUES("not-content"),
    VALUES("text"),
    VALUES("not-text"),
    VALUES("sender"),
    VALUES("not-sender"),
    VALUES("author"),
    VALUES("not-author"),
    VALUES("category"),
    VALUES("not-category"),
    VALUES("link"),
    VALUES("not-link"),
    VALUES("attachment"),
    VALUES("not-attachment"),
    VALUES("enclosure"),
    VALUES("not-enclosure"),
    VALUES("header"),
    VALUES("not-header"),
    VALUES("language"),
    VALUES("not-language"),
    VALUES("script"),
    VALUES("not-script"),
    CFG_INT_CB("older-than", 0, CFGF_NODEFAULT, config_parse_age),
    CFG_INT_CB("newer-than", 0, CFGF_NODEFAULT, config_parse_age),
    CFG_INT_CB("action", RULE_ACTIONS, CFGF_NODEFAULT, parse_action),
    CFG_FLOAT_CB("weight", 0, CFGF_NODEFAULT, config_parse_log_odds),
    CFG_BOOL("dry", cfg_false, CFGF_NONE),
    CFG_END(),
};
static cfg_opt_t options[] = {
    CFG_SEC("rule", rule_options, CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES),
    CFG_END(),
};

static const char *const action_names[RULE_ACTIONS] = {"keep", "hold", "tag", "weight"};

const char *rule_action_name(enum rule_action action)
{
    return action_names[action];
}

/* --- checks while libconfuse reads: it knows the line then --- */

static int parse_action(cfg_t *cfg, cfg_opt_t *option, const char *value, void *result)
{
    for (size_t i = 0; i < RULE_ACTIONS; i++)
        if (!strcasecmp(value, action_names[i])) {
            *(long *)result = (long)i;
            return 0;
        }
    return config_refuse(cfg, option, "\"%.60s\" is none of keep, hold, tag, weight", value);
}

/* The last value, which was just read. */
static const char *last_value(cfg_opt_t *option)
{
    unsigned n = cfg_opt_size(option);
    const char *value = n ? cfg_opt_getnstr(option, n - 1) : NULL;
    return value ? value : "";
}

static const struct word *word_of(const char *name, bool *negated)
{
    for (size_t i = 0; i < WORDS; i++) {
        *negated = !strcmp(name, words[i].negated);
        if (*negated || !strcmp(name, words[i].name))
            return &words[i];
    }
    return NULL;
}

static int check_value(cfg_t *cfg, cfg_opt_t *option)
{
    bool negated;
    struct error error = {0};
    struct rule_pattern pattern = {.field = word_of(option->name, &negated)->field};
    struct arena *arena = arena_new();
    bool good = rule_pattern_read(&pattern, last_value(option), arena, &error);
    pcre2_code_free(pattern.regex);
    arena_free(arena);
    return good ? 0 : config_refuse(cfg, option, "%s", error.message);
}

static int check_on(cfg_t *cfg, cfg_opt_t *option)
{
    const char *value = last_value(option);
    return !strcasecmp(value, "mail") || !strcasecmp(value, "feeds") || !strcasecmp(value, "feed")
               ? 0
               : config_refuse(cfg, option, "\"%.60s\" is neither mail nor feeds", value);
}

static int check_feed(cfg_t *cfg, cfg_opt_t *option)
{
    return *last_value(option) ? 0 : config_refuse(cfg, option, "a value is empty");
}

static int check_recipient(cfg_t *cfg, cfg_opt_t *option)
{
    char normal[RECIPIENT_MAX + 1];
    return recipient_entry_normal(last_value(option), normal)
               ? 0
               : config_refuse(cfg, option, "\"%.100s\" is neither an address nor a domain",
                               last_value(option));
}

static int refuse_rule(cfg_t *cfg, const char *name, const char *what)
{
    char said[300];
    snprintf(said, sizeof said, "rule \"%.80s\": %s", name, what);
    config_complain_of_file(cfg->filename, cfg->line, said);
    return -1;
}

static bool has_condition(cfg_t *section)
{
    static const char *const others[] = {"feed", "recipient", "older-than", "newer-than"};
    bool any = false;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        any = any || cfg_size(section, others[i]);
    for (size_t i = 0; i < WORDS; i++)
        any = any || cfg_size(section, words[i].name) || cfg_size(section, words[i].negated);
    return any;
}

static enum channel channels_of(cfg_t *section)
{
    int channels = 0;
    for (unsigned i = 0; i < cfg_size(section, "on"); i++)
        channels |= strcasecmp(cfg_getnstr(section, "on", i), "mail") ? CHANNEL_FEED : CHANNEL_MAIL;
    if (!channels && cfg_size(section, "feed"))
        channels = CHANNEL_FEED;
    if (!channels && cfg_size(section, "recipient"))
        channels = CHANNEL_MAIL;
    return channels ? (enum channel)channels : CHANNEL_ANY;
}

/* What contradicts itself, or cannot be meant; NULL: nothing. */
static const char *what_is_wrong(cfg_t *section)
{
    enum channel channels = channels_of(section);
    bool weighs = cfg_size(section, "weight"), acts = cfg_size(section, "action");
    long action = acts ? cfg_getint(section, "action") : RULE_WEIGHT;
    if (!has_condition(section))
        return "has no condition, and would match everything";
    if (cfg_size(section, "feed") && cfg_size(section, "recipient"))
        return "is for a feed and for a recipient: no document has both";
    if (cfg_size(section, "feed") && channels != CHANNEL_FEED)
        return "is for a feed, and on mail";
    if (cfg_size(section, "recipient") && channels != CHANNEL_MAIL)
        return "is for a recipient, and on feeds";
    if (!acts && !weighs)
        return "has no action: action = keep, hold or tag, or weight = a number";
    if (weighs != (action == RULE_WEIGHT))
        return weighs ? "has an action and a weight: take one" : "has no weight: weight = a number";
    if (weighs && cfg_getfloat(section, "weight") == 0)
        return "weighs nothing";
    if (cfg_size(section, "older-than") && cfg_size(section, "newer-than") &&
        cfg_getint(section, "older-than") >= cfg_getint(section, "newer-than"))
        return "is for what is older and newer than that: there is no such document";
    return NULL;
}

static bool is_name(const char *name)
{
    struct arena *arena = arena_new();
    struct span printed = printable_text(arena, span_of(name));
    bool good = *name && strlen(name) <= RULE_NAME_MAX && span_equal(printed, span_of(name));
    arena_free(arena);
    return good;
}

static int check_rule(cfg_t *cfg, cfg_opt_t *option)
{
    cfg_t *section = cfg_opt_getnsec(option, cfg_opt_size(option) - 1);
    const char *name = cfg_title(section), *wrong = what_is_wrong(section);
    if (cfg_opt_size(option) > RULES_MAX)
        return config_refuse(cfg, option, "more than %d rules", RULES_MAX);
    if (!is_name(name))
        return refuse_rule(cfg, name, "a name has 1 to 64 bytes, all of which can be seen");
    return wrong ? refuse_rule(cfg, name, wrong) : 0;
}

/* --- from what was read --- */

static bool add_pattern(struct rules *rules, size_t *regexes, size_t *room, cfg_opt_t *option,
                        unsigned i, enum rule_field field, struct error *error)
{
    struct arena *arena = rules->arena;
    if (rules->pattern_count == RULES_VALUES_MAX)
        return error_set(error, ERROR_INPUT, "more than %d values in all rules", RULES_VALUES_MAX);
    rules->patterns =
        arena_grow(arena, rules->patterns, rules->pattern_count, sizeof *rules->patterns);
    struct rule_pattern *pattern = &rules->patterns[rules->pattern_count++];
    *pattern = (struct rule_pattern){.field = field};
    if (!rule_pattern_read(pattern, cfg_opt_getnstr(option, i), arena, error))
        return false;
    if (!pattern->regex)
        return true;
    size_t size = 0, code = 0;
    pcre2_pattern_info(pattern->regex, PCRE2_INFO_SIZE, &size);
    pcre2_pattern_info(pattern->regex, PCRE2_INFO_JITSIZE, &code);
    *room += size + code;
    if (++*regexes > RULES_REGEX_MAX)
        return error_set(error, ERROR_INPUT, "more than %d regular expressions in all rules",
                         RULES_REGEX_MAX);
    return *room <= REGEX_ROOM ||
           error_set(error, ERROR_INPUT,
                     "the regular expressions of all rules up to this one take more than 48 MB of "
                     "memory");
}

static struct rule_condition *new_condition(struct rules *rules, struct rule_whole *whole,
                                            enum rule_field field, const char *word)
{
    whole->conditions = arena_grow(rules->arena, whole->conditions, whole->condition_count,
                                   sizeof *whole->conditions);
    struct rule_condition *condition = &whole->conditions[whole->condition_count++];
    *condition =
        (struct rule_condition){.field = field, .word = word, .first = rules->pattern_count};
    return condition;
}

struct taking {
    struct rules *rules;
    size_t regexes, room;
    struct error *error;
};

static bool take_condition(struct taking *taking, struct rule_whole *whole, cfg_opt_t *option,
                           const struct word *word, bool negated)
{
    struct rules *rules = taking->rules;
    struct rule_condition *condition =
        new_condition(rules, whole, word->field, negated ? word->negated : word->name);
    condition->negated = negated;
    for (unsigned i = 0; i < cfg_opt_size(option); i++) {
        if (!add_pattern(rules, &taking->regexes, &taking->room, option, i, word->field,
                         taking->error))
            return error_prefix(taking->error, "rule \"%s\"", whole->rule.name);
        condition->has_regex |= rules->patterns[rules->pattern_count - 1].regex != NULL;
    }
    condition->count = rules->pattern_count - condition->first;
    return true;
}

static void take_scope(struct rules *rules, struct rule_whole *whole, cfg_t *section)
{
    struct arena *arena = rules->arena;
    char normal[RECIPIENT_MAX + 1];
    whole->feed_count = cfg_size(section, "feed");
    whole->feeds = arena_alloc(arena, (whole->feed_count + 1) * sizeof *whole->feeds);
    for (unsigned i = 0; i < whole->feed_count; i++)
        whole->feeds[i] =
            (char *)(uintptr_t)arena_copy(arena, span_of(cfg_getnstr(section, "feed", i))).data;
    whole->recipient_count = cfg_size(section, "recipient");
    whole->recipients =
        arena_alloc(arena, (whole->recipient_count + 1) * sizeof *whole->recipients);
    for (unsigned i = 0; i < whole->recipient_count; i++) {
        recipient_entry_normal(cfg_getnstr(section, "recipient", i), normal);
        whole->recipients[i] =
            rule_key(strchr(normal, '@') ? RULE_KEY_ADDRESS : RULE_KEY_DOMAIN, span_of(normal));
    }
    whole->rule.specific = whole->feed_count || whole->recipient_count;
}

static bool take_rule(struct taking *taking, struct rule_whole *whole, cfg_t *section)
{
    struct rules *rules = taking->rules;
    bool weighs = cfg_size(section, "weight");
    whole->rule.name = arena_copy(rules->arena, span_of(cfg_title(section))).data;
    whole->rule.action = weighs ? RULE_WEIGHT : (enum rule_action)cfg_getint(section, "action");
    whole->rule.log_odds = weighs ? cfg_getfloat(section, "weight") : 0;
    whole->rule.dry = cfg_getbool(section, "dry");
    whole->rule.channels = channels_of(section);
    take_scope(rules, whole, section);
    if (cfg_size(section, "older-than") || cfg_size(section, "newer-than")) {
        struct rule_condition *age = new_condition(rules, whole, RULE_AGE, "age");
        age->older_s = cfg_size(section, "older-than") ? cfg_getint(section, "older-than") : 0;
        age->newer_s = cfg_size(section, "newer-than") ? cfg_getint(section, "newer-than") : 0;
    }
    for (cfg_opt_t *option = section->opts; option->name; option++) {
        bool negated;
        const struct word *word = word_of(option->name, &negated);
        if (word && cfg_opt_size(option) && !take_condition(taking, whole, option, word, negated))
            return false;
    }
    return true;
}

static bool take(cfg_t *cfg, struct rules *rules, struct error *error)
{
    struct taking taking = {.rules = rules, .error = error};
    rules->count = cfg_size(cfg, "rule");
    rules->list = arena_alloc(rules->arena, (rules->count + 1) * sizeof *rules->list);
    for (size_t i = 0; i < rules->count; i++)
        if (!take_rule(&taking, &rules->list[i], cfg_getnsec(cfg, "rule", (unsigned)i)))
            return false;
    return true;
}

/* --- the index --- */

static int compare_keys(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

static void index_headers(struct rules *rules)
{
    uint64_t *names = arena_alloc(rules->arena, (rules->pattern_count + 1) * sizeof *names);
    size_t count = 0;
    for (size_t i = 0; i < rules->pattern_count; i++)
        if (rules->patterns[i].field == RULE_HEADER)
            names[count++] = rules->patterns[i].header;
    if (count)
        qsort(names, count, sizeof *names, compare_keys);
    rules->header_names = names;
    rules->header_name_count = count;
}

static void index_patterns(struct rules *rules)
{
    size_t places = 16;
    while (places < 2 * rules->pattern_count)
        places *= 2;
    rules->index = arena_alloc(rules->arena, places * sizeof *rules->index);
    rules->mask = places - 1;
    for (size_t i = 0; i < rules->pattern_count; i++) {
        const struct rule_pattern *pattern = &rules->patterns[i];
        if (!pattern->key_count)
            continue;
        rules->fields |= 1u << pattern->field;
        uint64_t key = rule_index_key(pattern->keys[0], pattern->field, pattern->header);
        size_t at = key & rules->mask;
        while (rules->index[at].key)
            at = (at + 1) & rules->mask;
        rules->index[at] = (struct rule_entry){key, (uint32_t)i};
    }
    index_headers(rules);
}

/* --- all of it --- */

static cfg_t *prepare(const char *name)
{
    cfg_t *cfg = cfg_init(options, CFGF_NONE);
    char path[64];
    memory_checked(cfg);
    config_complaint_begin(cfg);
    cfg->filename = memory_text(name);
    for (size_t i = 0; i < WORDS; i++) {
        snprintf(path, sizeof path, "rule|%s", words[i].name);
        cfg_set_validate_func(cfg, path, check_value);
        snprintf(path, sizeof path, "rule|%s", words[i].negated);
        cfg_set_validate_func(cfg, path, check_value);
    }
    cfg_set_validate_func(cfg, "rule|on", check_on);
    cfg_set_validate_func(cfg, "rule|feed", check_feed);
    cfg_set_validate_func(cfg, "rule|recipient", check_recipient);
    cfg_set_validate_func(cfg, "rule", check_rule);
    return cfg;
}

/* An empty stream is none to fmemopen(). */
static bool parse(struct span text, const char *name, struct rules *rules, struct error *error)
{
    config_reading_begin();
    cfg_t *cfg = prepare(name);
    FILE *file = fmemopen((void *)(uintptr_t)text.data, text.length, "r");
    bool good = file && cfg_parse_fp(cfg, file) == CFG_SUCCESS;
    if (!file)
        error_set(error, ERROR_SYSTEM, "%s: cannot be read from memory", name);
    else if (!good)
        error_set(error, ERROR_INPUT, "%s", *config_complaint() ? config_complaint() : name);
    else if (!take(cfg, rules, error))
        good = error_prefix(error, "%s", name);
    if (file)
        fclose(file);
    cfg_free(cfg);
    config_reading_end();
    return good;
}

struct rules *rules_read(struct span text, const char *name, struct error *error)
{
    struct span_buffer plain = {0};
    struct rules *rules = memory_new(sizeof *rules);
    text_init();
    atomic_init(&rules->references, 1);
    rules->arena = arena_new();
    bool good =
        text.length <= RULES_TEXT_MAX ||
        error_set(error, ERROR_INPUT, "%s: is larger than %zu KiB", name, RULES_TEXT_MAX / 1024);
    good = good && rules_text_prepare(text, name, &plain, error);
    span_buffer_text(&plain, "\n");
    good = good && parse(span_buffer_span(&plain), name, rules, error);
    span_buffer_free(&plain);
    if (!good) {
        rules_release(rules);
        return NULL;
    }
    index_patterns(rules);
    rules->version = rules->count ? XXH3_64bits(text.data, text.length) | 1 : 0;
    return rules;
}

struct rules *rules_retain(struct rules *rules)
{
    if (rules)
        atomic_fetch_add(&rules->references, 1);
    return rules;
}

void rules_release(struct rules *rules)
{
    if (!rules || atomic_fetch_sub(&rules->references, 1) != 1)
        return;
    for (size_t i = 0; i < rules->pattern_count; i++)
        pcre2_code_free(rules->patterns[i].regex);
    arena_free(rules->arena);
    free(rules);
}

size_t rules_count(const struct rules *rules)
{
    return rules ? rules->count : 0;
}

struct rule *rules_at(const struct rules *rules, size_t i)
{
    return &rules->list[i].rule;
}

const char *const *rules_feeds(const struct rules *rules, size_t i, size_t *count)
{
    *count = rules->list[i].feed_count;
    return (const char *const *)rules->list[i].feeds;
}

uint64_t rules_version(const struct rules *rules)
{
    return rules ? rules->version : 0;
}

void rules_count_on(const struct rules *rules, const struct rules *former)
{
    for (size_t i = 0; i < rules_count(rules); i++)
        for (size_t j = 0; j < rules_count(former); j++) {
            struct rule *now = rules_at(rules, i), *then = rules_at(former, j);
            if (strcmp(now->name, then->name) != 0)
                continue;
            atomic_fetch_add(&now->matched, atomic_load(&then->matched));
            atomic_fetch_add(&now->unfinished, atomic_load(&then->unfinished));
        }
}
