#include "admin/held_filter.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "admin/period.h"

#define WORD(option, parameter, member)                                                            \
    {                                                                                              \
        option, parameter, offsetof(struct held_words, member)                                     \
    }

const struct held_word held_word_names[HELD_WORDS] = {
    WORD("channel", "stream", channel),
    WORD("state", "state", state),
    WORD("text", "q", text),
    WORD("sender", "sender", sender),
    WORD("recipient", "recipient", recipient),
    WORD("feed", "feed", feed),
    WORD("symbol", "symbol", symbol),
    WORD("min-score", "min_score", min_score),
    WORD("max-score", "max_score", max_score),
    WORD("since", "since", since),
    WORD("until", "until", until),
};

const char **held_word_of(struct held_words *words, const struct held_word *word)
{
    return (const char **)((char *)words + word->offset);
}

static bool read_channel(const char *channel, bool fronts[FRONTS], struct error *error)
{
    fronts[FRONT_MAIL] = !channel || !strcmp(channel, "mail");
    fronts[FRONT_FEED] = !channel || !strcmp(channel, "feed") || !strcmp(channel, "feeds");
    return fronts[FRONT_MAIL] || fronts[FRONT_FEED] ||
           error_set(error, ERROR_INPUT, "there is no channel \"%.40s\": mail or feed", channel);
}

static bool read_states(const char *name, unsigned *states, struct error *error)
{
    enum held_state state;
    *states = RECORDS_OPEN;
    if (!name || !strcmp(name, "open"))
        return true;
    *states = RECORDS_ALL;
    if (!strcmp(name, "all"))
        return true;
    if (!held_state_from_name(name, &state))
        return error_set(error, ERROR_INPUT, "there is no state \"%.40s\"", name);
    *states = 1u << state;
    return true;
}

static bool read_score(const char *text, bool *set, double *score, struct error *error)
{
    char *end;
    *set = text != NULL;
    if (!text)
        return true;
    *score = strtod(text, &end);
    return (end != text && !*end && isfinite(*score)) ||
           error_set(error, ERROR_INPUT, "\"%.40s\" is no score: log-odds, as 3.5 or -1", text);
}

static bool read_symbol(const char *symbol, struct error *error)
{
    return !symbol ||
           (*symbol && !symbol[strspn(symbol, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")]) ||
           error_set(error, ERROR_INPUT,
                     "\"%.40s\" is no symbol, as LINK_FARM or REPUTATION_IP is one", symbol);
}

/* Longer ones are found nowhere, and are long looked for. */
bool held_text_check(const char *text, struct error *error)
{
    return !text || strlen(text) <= HELD_TEXT_MAX ||
           error_set(error, ERROR_INPUT, "\"%.20s...\" is longer than %d bytes", text,
                     HELD_TEXT_MAX);
}

static bool read_filter(const struct held_words *words, int64_t now_s, struct held_filter *filter,
                        struct error *error)
{
    filter->text = words->text;
    filter->sender = words->sender;
    filter->recipient = words->recipient;
    filter->feed = words->feed;
    filter->symbol = words->symbol;
    if (!held_text_check(words->text, error) || !held_text_check(words->sender, error) ||
        !held_text_check(words->recipient, error) || !held_text_check(words->feed, error))
        return false;
    if (!read_states(words->state, &filter->states, error) || !read_symbol(words->symbol, error) ||
        !read_score(words->min_score, &filter->at_least, &filter->least, error) ||
        !read_score(words->max_score, &filter->at_most, &filter->most_log_odds, error) ||
        !period_read(words->since, now_s, &filter->since_s, error) ||
        !period_read(words->until, now_s, &filter->until_s, error))
        return false;
    if (filter->at_least && filter->at_most && filter->least > filter->most_log_odds)
        return error_set(error, ERROR_INPUT, "no score is at least %s and at most %s",
                         words->min_score, words->max_score);
    return !filter->until_s || filter->since_s < filter->until_s ||
           error_set(error, ERROR_INPUT, "nothing is since %.40s and before %.40s", words->since,
                     words->until);
}

bool held_wish_read(const struct held_words *words, int64_t now_s, struct held_wish *wish,
                    struct error *error)
{
    *wish = (struct held_wish){0};
    if (!read_channel(words->channel, wish->fronts, error) ||
        !read_filter(words, now_s, &wish->filter, error))
        return false;
    if (words->feed)
        wish->fronts[FRONT_MAIL] = false;
    return true;
}
