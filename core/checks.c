#include "core/checks.h"

#include <string.h>

#include "core/keyword_list.h"

/* The numbers are what was set by hand, from how often each check fires on spam and on ham of
 * public corpora, the logarithm of that ratio being damped, since checks that fire together are not
 * independent. `make fit` starts from them and writes what ships to check_weights.def. The five
 * that answer to text made for search engines add up to more than what holds an item. Two of them
 * hold alone at full strength: FARM_UNRELATED and TITLE_JOINED, which fire on none of 25,000
 * messages and items that are ham. So does FEED_PROMOTION, which is of a run of items, and fires on
 * none of the 4,184 of 94 feeds. Honest feeds change their subject, sites and language, too: all at
 * once these are not to hold an item. */
static const struct check checks[] = {
    {"ATTACHMENT_DISGUISED", 2.0, CHANNEL_MAIL, check_attachment_disguised,
     "an attachment's name hides that it is a program"},
    {"ATTACHMENT_EXECUTABLE", 1.5, CHANNEL_MAIL, check_attachment_executable,
     "an attachment is a program, opens as one, or may carry one"},
    {"COMMENT_LINKS", 1.0, CHANNEL_FEED, check_comment_links,
     "a comment that was written for its links"},
    {"DATE_MALFORMED", 0.7, CHANNEL_MAIL, check_date_malformed, "Date is no date"},
    {"DATE_MISSING", 0.7, CHANNEL_MAIL, check_date_missing, "there is no Date"},
    {"FARM_UNRELATED", 7.5, CHANNEL_ANY, check_farm_unrelated,
     "a list of keywords under a text that is about something else"},
    {"FEED_FLOOD", 1.2, CHANNEL_FEED, check_feed_flood,
     "far more items than the feed has in a day, built alike and unlike those before"},
    {"FEED_LANGUAGE_CHANGED", 1.8, CHANNEL_FEED, check_feed_language_changed,
     "the feed has gone over to another language"},
    {"FEED_LINKS_CHANGED", 0.8, CHANNEL_FEED, check_feed_links_changed,
     "the feed has gone over to sites that it never linked to"},
    {"FEED_PROMOTION", 3.6, CHANNEL_FEED, check_feed_promotion,
     "the feed has gone over to gambling, pills, loans and the like"},
    {"FEED_TOPIC_CHANGED", 1.6, CHANNEL_FEED, check_feed_topic_changed,
     "the feed is about something else than it was"},
    {"FROM_MALFORMED", 0.7, CHANNEL_MAIL, check_from_malformed, "From holds no address"},
    {"FROM_MISSING", 0.7, CHANNEL_MAIL, check_from_missing, "there is no From"},
    {"FROM_NAME_IS_ADDRESS", 1.0, CHANNEL_MAIL, check_from_name_is_address,
     "the name in From shows another address than the real one"},
    {"HTML_HIDDEN_TEXT", 1.2, CHANNEL_ANY, check_html_hidden_text,
     "text is hidden from the reader"},
    {"IMAGE_ONLY", 0.7, CHANNEL_MAIL, check_image_only, "pictures instead of text"},
    {"LETTERS_DECORATED", 1.0, CHANNEL_ANY, check_letters_decorated,
     "words in letters drawn to be missed by filters"},
    {"LINKS_HIDDEN", 1.8, CHANNEL_ANY, check_links_hidden,
     "links to other sites that no reader sees"},
    {"LINK_ADDRESS", 1.3, CHANNEL_ANY, check_link_address,
     "a link to an IP address instead of a name"},
    {"LINK_FARM", 2.5, CHANNEL_ANY, check_link_farm,
     "a list of keywords or links as link farms have them"},
    {"LINK_FIRST_SEEN", 0.3, CHANNEL_MAIL, check_link_first_seen,
     "all that it links to is new here"},
    {"LINK_TEXT_MISMATCH", 1.3, CHANNEL_ANY, check_link_text_mismatch,
     "a link shows another site than the one it leads to"},
    {"MESSAGE_ID_MALFORMED", 0.7, CHANNEL_MAIL, check_message_id_malformed,
     "Message-ID is not of the form <left@right>"},
    {"MESSAGE_ID_MISSING", 0.7, CHANNEL_MAIL, check_message_id_missing, "there is no Message-ID"},
    {"MIXED_SCRIPTS", 1.5, CHANNEL_ANY, check_mixed_scripts,
     "letters of another alphabet in place of those that they look like"},
    {"PHRASES_REPEATED", 0.5, CHANNEL_ANY, check_phrases_repeated,
     "the same phrases again and again"},
    {"RECIPIENT_ALLOWS", -5.0, CHANNEL_MAIL, check_recipient_allows,
     "the recipient has the sender on the list of those to let through"},
    {"RECIPIENT_DENIES", 5.0, CHANNEL_MAIL, check_recipient_denies,
     "the recipient has the sender on the list of those to hold"},
    {"REPLY_TO_ELSEWHERE", 0.4, CHANNEL_MAIL, check_reply_to_elsewhere, "From and Reply-To differ"},
    {"SPONSORED", 0.2, CHANNEL_FEED, check_sponsored,
     "marks of paid posts and of links that earn a commission"},
    {"SUBJECT_CAPITALS", 0.8, CHANNEL_MAIL, check_subject_capitals, "the subject is in capitals"},
    {"TEXT_SPLICED", 2.5, CHANNEL_ANY, check_text_spliced,
     "pieces of other text, or broken characters, run through the text"},
    {"TITLE_JOINED", 4.0, CHANNEL_ANY, check_title_joined,
     "the subject or title is keywords with nothing but hyphens or low lines between them"},
    {"TITLE_STUFFED", 2.5, CHANNEL_ANY, check_title_stuffed,
     "the subject or title is a string of keywords"},
    {"WORD_SPLIT", 1.0, CHANNEL_ANY, check_word_split, "invisible characters within words"},
};

#define CHECKS (sizeof checks / sizeof *checks)

_Static_assert(CHECKS <= CHECKS_MOST, "CHECKS_MOST is too small");

const struct check *checks_all(size_t *count)
{
    *count = CHECKS;
    return checks;
}

double checks_log_odds(size_t row)
{
#define WEIGHT(symbol, log_odds) {symbol, log_odds},
    static const struct {
        const char *symbol;
        double log_odds;
    } fitted[] = {
#include "core/check_weights.def"
    };
#undef WEIGHT
    for (size_t i = 0; i < sizeof fitted / sizeof *fitted; i++)
        if (strcmp(fitted[i].symbol, checks[row].symbol) == 0)
            return fitted[i].log_odds;
    return checks[row].by_hand;
}

int checks_find(const char *symbol)
{
    for (size_t i = 0; i < CHECKS; i++) {
        if (strcmp(checks[i].symbol, symbol) == 0)
            return (int)i;
    }
    return -1;
}

void checks_run(struct document *document, const struct check_weights *weights,
                struct evidence_list *list)
{
    keyword_list_note(document);
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
