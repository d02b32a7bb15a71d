#include "core/checks.h"

#include <string.h>

/* Weights follow from how often each check fires on spam and on ham of public corpora, the
 * logarithm of that ratio being damped, since checks that fire together are not independent.
 * The three that answer to text made for search engines add up to more than what holds an item. */
static const struct check checks[] = {
    {"FROM_NAME_IS_ADDRESS", 1.0, CHANNEL_MAIL, check_from_name_is_address,
     "the display name of From shows an address of another domain than the real one"},
    {"HTML_HIDDEN_TEXT", 1.2, CHANNEL_ANY, check_html_hidden_text,
     "a good part of the HTML's text is hidden from the reader"},
    {"LINK_FARM", 2.0, CHANNEL_ANY, check_link_farm,
     "a long list of short keyword phrases or anchors stands instead of text"},
    {"LINK_TEXT_MISMATCH", 1.3, CHANNEL_ANY, check_link_text_mismatch,
     "a link's text shows the address of another site than its target"},
    {"TEXT_SPLICED", 1.8, CHANNEL_ANY, check_text_spliced,
     "pieces of other text, leftover pinyin, mixed orthographies or broken characters run through "
     "the text"},
    {"TITLE_STUFFED", 1.2, CHANNEL_ANY, check_title_stuffed,
     "the subject or title is a string of keywords"},
};

#define CHECKS (sizeof checks / sizeof *checks)

const struct check *checks_all(size_t *count)
{
    *count = CHECKS;
    return checks;
}

int checks_find(const char *symbol)
{
    for (size_t i = 0; i < CHECKS; i++) {
        if (strcmp(checks[i].symbol, symbol) == 0)
            return (int)i;
    }
    return -1;
}

void checks_run(const struct document *document, const struct check_weights *weights,
                struct evidence_list *list)
{
    for (size_t i = 0; i < CHECKS && i < weights->count; i++) {
        const struct check *check = &checks[i];
        if (!(check->channels & document->channel) || weights->weights[i] == 0)
            continue;
        struct span detail = {NULL, 0};
        double strength = check->run(document, &detail);
        if (strength > 0)
            evidence_add(list, check->symbol, strength * weights->weights[i], detail);
    }
}
