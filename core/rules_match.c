#include "core/rule_fields.h"

#include "core/log.h"

#include <stdlib.h>
#include <time.h>
#include <xxhash.h>

enum answer { NO, YES, UNKNOWN, UNFINISHED };

struct matching {
    const struct rules *rules;
    const struct document *document;
    unsigned unknown;
    struct rule_fields fields;
    bool *found; /* of each pattern of words or whole values */
    struct regex_run run;
    bool running;
    int64_t now_s;
};

/* --- words and whole values: one walk for all rules --- */

/* Every pattern that begins with the first of `keys` and goes on with the others. */
static void look_up(struct matching *matching, enum rule_field field, uint64_t header,
                    const uint64_t *keys, size_t left)
{
    const struct rules *rules = matching->rules;
    uint64_t key = rule_index_key(keys[0], field, header);
    for (size_t at = key & rules->mask; rules->index[at].key; at = (at + 1) & rules->mask) {
        if (rules->index[at].key != key)
            continue;
        const struct rule_pattern *pattern = &rules->patterns[rules->index[at].pattern];
        if (pattern->field == field && pattern->header == header && pattern->key_count <= left &&
            memcmp(pattern->keys, keys, pattern->key_count * sizeof *keys) == 0)
            matching->found[rules->index[at].pattern] = true;
    }
}

static void find_in_field(struct matching *matching, enum rule_field field)
{
    const struct rule_values *values = rule_fields_get(&matching->fields, field);
    for (size_t i = 0; i < values->key_count && field != RULE_HEADER; i++)
        look_up(matching, field, 0, &values->keys[i], 1);
    for (size_t i = 0; i < values->text_count; i++) {
        size_t count;
        const uint64_t *words = rule_fields_words(&matching->fields, &values->texts[i], &count);
        for (size_t j = 0; j < count; j++)
            look_up(matching, field, values->texts[i].header, &words[j], count - j);
    }
}

/* --- conditions --- */

static bool has_header(struct matching *matching, uint64_t name)
{
    const struct rule_values *values = rule_fields_get(&matching->fields, RULE_HEADER);
    for (size_t i = 0; i < values->key_count; i++)
        if (values->keys[i] == name)
            return true;
    return false;
}

static enum answer search(struct matching *matching, const struct rule_pattern *pattern)
{
    const struct rule_values *values = rule_fields_get(&matching->fields, pattern->field);
    if (!matching->running)
        regex_run_begin(&matching->run);
    matching->running = true;
    for (size_t i = 0; i < values->text_count; i++) {
        if (values->texts[i].header != pattern->header)
            continue;
        enum regex_outcome outcome =
            regex_match(&matching->run, pattern->regex, values->texts[i].text);
        if (outcome != REGEX_NO)
            return outcome == REGEX_YES ? YES : UNFINISHED;
    }
    return NO;
}

static enum answer ask_pattern(struct matching *matching, size_t i)
{
    const struct rule_pattern *pattern = &matching->rules->patterns[i];
    if (pattern->regex)
        return search(matching, pattern);
    if (pattern->header_only)
        return has_header(matching, pattern->header) ? YES : NO;
    return matching->found[i] ? YES : NO;
}

static enum answer ask_age(struct matching *matching, const struct rule_condition *condition)
{
    int64_t time_s;
    if (!rule_fields_time(matching->document, &time_s))
        return NO;
    int64_t age_s = matching->now_s - time_s;
    return (!condition->older_s || age_s > condition->older_s) &&
                   (!condition->newer_s || age_s < condition->newer_s)
               ? YES
               : NO;
}

/* `*by` is the pattern that matched. */
static enum answer ask_values(struct matching *matching, const struct rule_condition *condition,
                              const struct rule_pattern **by)
{
    enum answer all = NO;
    *by = NULL;
    for (size_t i = 0; i < condition->count; i++) {
        enum answer answer = ask_pattern(matching, condition->first + i);
        if (answer == YES) {
            *by = &matching->rules->patterns[condition->first + i];
            return YES;
        }
        if (answer != NO)
            all = answer;
    }
    return all;
}

static enum answer ask_condition(struct matching *matching, const struct rule_condition *condition,
                                 const struct rule_pattern **by)
{
    enum answer answer = NO;
    bool unknown = matching->unknown & 1u << condition->field;
    *by = NULL;
    if (condition->field != RULE_AGE)
        answer = ask_values(matching, condition, by);
    else if (!unknown)
        answer = ask_age(matching, condition);
    if (answer == NO && unknown)
        return UNKNOWN;
    if (condition->negated)
        return answer == YES ? NO : answer == NO ? YES : answer;
    return answer;
}

/* --- a rule --- */

static bool is_feed_of(const struct rule_whole *whole, const struct document *document)
{
    for (size_t i = 0; i < whole->feed_count; i++)
        if (span_equal(document->feed, span_of(whole->feeds[i])))
            return true;
    return !whole->feed_count;
}

static bool is_recipient_of(const struct rule_whole *whole, struct span recipient)
{
    uint64_t keys[32];
    size_t count = rule_address_keys(recipient, keys, sizeof keys / sizeof *keys);
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < whole->recipient_count; j++)
            if (keys[i] == whole->recipients[j])
                return true;
    return false;
}

/* Of several recipients the strictest decides: to keep, the rule must be for all of them. */
static enum answer ask_recipients(const struct matching *matching, const struct rule_whole *whole)
{
    const struct envelope *envelope = &matching->document->envelope;
    size_t mine = 0, all = envelope->recipient_count;
    bool lenient = whole->rule.action == RULE_KEEP ||
                   (whole->rule.action == RULE_WEIGHT && whole->rule.log_odds < 0);
    if (!whole->recipient_count)
        return YES;
    for (size_t i = 0; i < all; i++)
        mine += is_recipient_of(whole, envelope->recipients[i]);
    if (!all && matching->unknown & 1u << RULE_RECIPIENT)
        return UNKNOWN;
    return mine && (!lenient || mine == all) ? YES : NO;
}

/* The worse one stands; `answer` and what a further condition says. */
static enum answer both(enum answer answer, enum answer further)
{
    static const int rank[] = {[NO] = 3, [UNFINISHED] = 2, [UNKNOWN] = 1, [YES] = 0};
    return rank[further] > rank[answer] ? further : answer;
}

static struct span add_why(struct arena *arena, struct span why,
                           const struct rule_condition *condition, const struct rule_pattern *by)
{
    const char *between = why.length ? "; " : "";
    if (by)
        return arena_printf(arena, "%.*s%s%s: %.80s", SPAN_ARGS(why), between, condition->word,
                            by->source);
    return arena_printf(arena, "%.*s%s%s", SPAN_ARGS(why), between, condition->word);
}

/* Expressions last, and only when all else matches. */
static enum answer ask_rule(struct matching *matching, const struct rule_whole *whole,
                            struct span *why)
{
    const struct document *document = matching->document;
    *why = (struct span){"", 0};
    if (!(whole->rule.channels & document->channel) || !is_feed_of(whole, document))
        return NO;
    enum answer answer = ask_recipients(matching, whole);
    for (int regexes = 0; regexes < 2; regexes++)
        for (size_t i = 0; i < whole->condition_count && answer != NO; i++) {
            const struct rule_condition *condition = &whole->conditions[i];
            const struct rule_pattern *by;
            if (condition->has_regex != regexes)
                continue;
            answer = both(answer, ask_condition(matching, condition, &by));
            if (answer != NO)
                *why = add_why(document->arena, *why, condition, by);
        }
    return answer;
}

/* --- all of them --- */

/* The smaller goes before. */
static int rank_of(const struct rule *rule)
{
    return (rule->specific ? 0 : RULE_ACTIONS) + (int)rule->action;
}

static void note(struct rules_said *said, struct arena *arena, struct rule *rule,
                 enum answer answer, struct span why)
{
    static const enum rule_answer answers[] = {
        [YES] = RULE_MATCHES, [UNKNOWN] = RULE_UNKNOWN, [UNFINISHED] = RULE_UNFINISHED};
    said->matches = arena_grow(arena, said->matches, said->count, sizeof *said->matches);
    said->matches[said->count++] = (struct rule_match){rule, answers[answer], why};
}

void rules_decide(struct rules_said *said)
{
    said->decides = NULL;
    for (size_t i = 0; i < said->count; i++) {
        const struct rule *rule = said->matches[i].rule;
        if (said->matches[i].answer == RULE_MATCHES && !rule->dry && rule->action != RULE_WEIGHT &&
            (!said->decides || rank_of(rule) < rank_of(said->decides)))
            said->decides = rule;
    }
}

void rules_match(const struct rules *rules, const struct document *document, unsigned unknown,
                 struct rules_said *said)
{
    *said = (struct rules_said){0};
    if (!rules_count(rules))
        return;
    struct matching matching = {.rules = rules,
                                .document = document,
                                .unknown = unknown,
                                .fields = {.rules = rules, .document = document},
                                .now_s = time(NULL)};
    matching.found = arena_alloc(document->arena, rules->pattern_count * sizeof *matching.found);
    for (int field = 0; field < RULE_FIELDS; field++)
        if (rules->fields & 1u << field)
            find_in_field(&matching, (enum rule_field)field);
    for (size_t i = 0; i < rules->count; i++) {
        struct span why;
        enum answer answer = ask_rule(&matching, &rules->list[i], &why);
        if (answer != NO)
            note(said, document->arena, &rules->list[i].rule, answer, why);
    }
    rules_decide(said);
    if (matching.running)
        regex_run_end(&matching.run);
}

void rules_count_matches(const struct rules_said *said, const struct document *document)
{
    for (size_t i = 0; i < said->count; i++) {
        const struct rule_match *match = &said->matches[i];
        if (match->answer == RULE_MATCHES)
            atomic_fetch_add(&match->rule->matched, 1);
        if (match->answer != RULE_UNFINISHED || atomic_fetch_add(&match->rule->unfinished, 1) > 0)
            continue;
        char id[DOCUMENT_ID_HEX];
        document_id_hex(document->id, id);
        log_event(LOG_LEVEL_WARNING, "rule", "name", match->rule->name, "state",
                  "did not finish; taken as no match, and not logged again", "id", id, "mend",
                  "a simpler regular expression", NULL);
    }
}

uint64_t rules_said_hash(const struct rules_said *said)
{
    uint64_t hash = 0;
    for (size_t i = 0; i < said->count; i++) {
        const struct rule_match *match = &said->matches[i];
        const struct rule *rule = match->rule;
        if (match->answer != RULE_MATCHES || rule->dry)
            continue;
        hash = XXH3_64bits_withSeed(rule->name, strlen(rule->name), hash + 1);
        hash = XXH3_64bits_withSeed(&rule->log_odds, sizeof rule->log_odds, hash);
        hash += (uint64_t)rule->action + 1 + (rule->specific ? RULE_ACTIONS : 0);
    }
    return hash;
}
