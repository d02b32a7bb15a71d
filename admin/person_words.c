#include "admin/person_words.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/printable.h"
#include "core/reasons.h"
#include "core/reputation.h"

#define SHOWN_BYTES 200

static const char *const words[WORD_COUNT][LANGUAGES] = {
    [WORD_LANGUAGE] = {"en", "zh-Hans"},
    [WORD_INTRODUCTION] =
        {"These messages to you look like spam and are held. Each waits until the date beside it, "
         "and is deleted then unless you have it delivered.",
         "以下发给您的邮件疑似垃圾邮件，已被扣留。每封邮件保留到所示日期，届时若您未要求投递，将被"
         "删除。"},
    [WORD_EXPIRING] = {"These are deleted soon:", "以下邮件即将被删除："},
    [WORD_FROM] = {"From", "发件人"},
    [WORD_HELD_SINCE] = {"Held since", "扣留时间"},
    [WORD_UNTIL] = {"Until", "保留至"},
    [WORD_WHY] = {"Why", "原因"},
    [WORD_REASON_RULE] = {"the rule", "规则"},
    [WORD_REASON_TEXT] = {"the text is much like that of earlier spam",
                          "正文与以往的垃圾邮件高度相似"},
    [WORD_REASON_ATTACHMENT] = {"an attachment came with earlier spam", "附件曾随垃圾邮件出现"},
    [WORD_NO_SUBJECT] = {"(no subject)", "（无主题）"},
    [WORD_RELEASE] = {"Deliver it, it is not spam", "投递，这不是垃圾邮件"},
    [WORD_ALLOW] = {"Always allow the sender", "始终允许此发件人"},
    [WORD_DENY] = {"Block the sender", "屏蔽此发件人"},
    [WORD_SEVERAL] = {"It went to several recipients; a reviewer has to deliver it. Ask your "
                      "postmaster.",
                      "此邮件发给了多位收件人，须由管理员审核后投递。请联系您的邮件管理员。"},
    [WORD_MORE] =
        {"Held for you besides these: %s. The next message tells of them, and the page "
         "that the next link opens shows them all.",
         "除以上邮件外，另有 %s 封被扣留；下一封通知会列出它们，下面链接打开的页面可查看全部"
         "。"},
    [WORD_SEE_ALL] = {"All that is held for you, and your lists",
                      "查看为您扣留的全部邮件和您的名单"},
    [WORD_FOOT] =
        {"Nothing happens before you confirm it on the page that a link opens. Do not "
         "pass this message on: its links act in your name.",
         "打开链接后，须在页面上确认才会生效。请勿转发本邮件：其中的链接以您的名义操作。"},
    [WORD_TITLE] = {"Held mail", "被扣留的邮件"},
    [WORD_ASK_RELEASE] = {"Have this message delivered to you?", "要将这封邮件投递给您吗？"},
    [WORD_ASK_ALLOW] = {"Let mail of this sender through to you from now on?",
                        "今后放行此发件人发给您的邮件吗？"},
    [WORD_ASK_DENY] = {"Hold mail of this sender to you from now on?",
                       "今后扣留此发件人发给您的邮件吗？"},
    [WORD_DONE_RELEASE] = {"It will be delivered to you within a minute.",
                           "邮件将在一分钟内投递给您。"},
    [WORD_DONE_ALLOW] = {"Your list of allowed senders has it now.", "已加入您的允许名单。"},
    [WORD_DONE_DENY] = {"Your list of blocked senders has it now.", "已加入您的屏蔽名单。"},
    [WORD_DONE_REMOVE] = {"It is no longer on your list.", "已从您的名单中移除。"},
    [WORD_NOT_LISTED] = {"It is not on your list.", "您的名单中没有此项。"},
    [WORD_DONE_BEFORE] = {"That was done before, on %s.", "此操作已于 %s 完成。"},
    [WORD_ALLOWED_BEFORE] = {"It is on your list of allowed senders already, since %s.",
                             "它自 %s 起已在您的允许名单中。"},
    [WORD_DENIED_BEFORE] = {"It is on your list of blocked senders already, since %s.",
                            "它自 %s 起已在您的屏蔽名单中。"},
    [WORD_IS_RELEASED] = {"It was delivered to you.", "此邮件已投递给您。"},
    [WORD_IS_CONFIRMED] = {"A reviewer confirmed that it is spam. Ask your postmaster if that is "
                           "wrong.",
                           "审核员已确认这是垃圾邮件。如有异议，请联系您的邮件管理员。"},
    [WORD_IS_BEING_DELETED] =
        {"A reviewer had it deleted; it goes soon. Ask your postmaster if "
         "you need it.",
         "审核员已要求删除此邮件，即将删除。如仍需要，请联系您的邮件管理员。"},
    [WORD_IS_DELETED] = {"It was deleted.", "此邮件已删除。"},
    [WORD_IS_GONE] = {"It is no longer here: an administrator took it away.",
                      "此邮件已不在：管理员已将其移走。"},
    [WORD_NOTHING_HELD] = {"Nothing is held for you.", "没有为您扣留的邮件。"},
    [WORD_OLDER] = {"Older ones (%s)", "更早的邮件（%s）"},
    [WORD_OLDER_MANY] = {"Older ones (more than %s)", "更早的邮件（超过 %s 封）"},
    [WORD_OLDER_LOOK] = {"Look among older ones", "在更早的邮件中查找"},
    [WORD_NEWEST] = {"Newest ones", "最新的邮件"},
    [WORD_LISTS] = {"Your lists", "您的名单"},
    [WORD_LISTS_EXPLAINED] =
        {"An address, or a domain, which stands for all addresses in it. What you allow counts "
         "much, but not more than everything else together.",
         "可填写地址或域名；域名代表其下所有地址。允许名单权重很高，但不会压倒其他所有依据。"},
    [WORD_ALLOWED] = {"allowed", "允许"},
    [WORD_DENIED] = {"blocked", "屏蔽"},
    [WORD_REMOVE] = {"Remove", "移除"},
    [WORD_ADD_ALLOW] = {"Allow", "允许"},
    [WORD_ADD_DENY] = {"Block", "屏蔽"},
    [WORD_ENTRY] = {"Address or domain", "地址或域名"},
    [WORD_BAD_ENTRY] = {"That is neither an address nor a domain, or your list is full.",
                        "这不是有效的地址或域名，或者您的名单已满。"},
    [WORD_FORGED] =
        {"This link is not valid, or it is incomplete: some programs cut long links off. "
         "Open it where it stands, or copy all of it.",
         "此链接无效或不完整：有些程序会截断长链接。请在原处打开，或复制完整链接。"},
    [WORD_EXPIRED] = {"This link has expired.", "此链接已过期。"},
    [WORD_GONE] = {"There is nothing to be done here any more.", "这里已没有可执行的操作。"},
    [WORD_TOO_MANY] = {"Too many attempts; try again later.", "尝试次数过多，请稍后再试。"},
    [WORD_FAILED] = {"That cannot be done now; try again later.", "暂时无法完成，请稍后再试。"},
    [WORD_ITEM_TITLE] = {"An item of a feed", "订阅条目"},
    [WORD_ITEM_FEED] = {"Feed", "订阅源"},
    [WORD_ITEM_NO_TITLE] = {"(no title)", "（无标题）"},
    [WORD_ASK_SPAM] = {"Is this spam? It is taken out of the feed, and weir learns from it.",
                       "这是垃圾内容吗？确认后将从订阅源中移除，weir 会从中学习。"},
    [WORD_ASK_NOT_SPAM] = {"Is this no spam? weir learns from it.",
                           "这不是垃圾内容吗？确认后 weir 会从中学习。"},
    [WORD_ASK_ITEM_RELEASE] = {"Have this item in the feed? weir learns that it is no spam.",
                               "要让此条目回到订阅源吗？weir 会学习它不是垃圾内容。"},
    [WORD_ASK_CONFIRM] = {"Is this spam? It stays out of the feed, and weir learns from it.",
                          "这是垃圾内容吗？确认后不会再回到订阅源，weir 会从中学习。"},
    [WORD_SPAM] = {"It is spam", "这是垃圾内容"},
    [WORD_NOT_SPAM] = {"It is not spam", "这不是垃圾内容"},
    [WORD_ITEM_RELEASE] = {"Release it, it is not spam", "放行，这不是垃圾内容"},
    [WORD_CONFIRM] = {"Confirm that it is spam", "确认是垃圾内容"},
    [WORD_DONE_SPAM] = {"Thank you. It is held, and weir has learned that it is spam.",
                        "谢谢。已扣留此条目，weir 已学习它是垃圾内容。"},
    [WORD_DONE_NOT_SPAM] = {"Thank you. weir has learned that it is not spam.",
                            "谢谢。weir 已学习它不是垃圾内容。"},
    [WORD_DONE_ITEM_RELEASE] = {"Thank you. It is in the feed again when your reader looks next.",
                                "谢谢。您的阅读器下次更新时，此条目将回到订阅源。"},
    [WORD_DONE_IN_TWIN] =
        {"Thank you. It is not held any more. The feed %s shows the same story already, so it is "
         "there, and not in this feed again.",
         "谢谢。此条目不再被扣留。订阅源 %s "
         "已显示同一内容，请在那里查看；它不会在此订阅源中重复出现。"},
    [WORD_DONE_CONFIRM] = {"Thank you. It stays out of the feed.",
                           "谢谢。此条目不会再回到订阅源。"},
    [WORD_SAID_BEFORE] = {"That was said before; nothing more was done.",
                          "此前已确认过，未再执行任何操作。"},
    [WORD_SAID_TOO_OFTEN] =
        {"Minds were changed about this item too often, so nothing was done. Ask "
         "the administrator to decide.",
         "对此条目的意见更改次数过多，未执行任何操作。请联系管理员决定。"},
    [WORD_REVIEWED] = {"A reviewer has decided about this item, so nothing was done. Ask the "
                       "administrator if that is wrong.",
                       "审核员已对此条目作出决定，未执行任何操作。如有异议，请联系管理员。"},
    [WORD_NO_FOOTER] = {"This feed takes no word from its readers any more, so nothing was done.",
                        "此订阅源不再接受读者的意见，未执行任何操作。"},
};

const char *person_word(enum language language, enum person_word word)
{
    return words[word][language];
}

void person_words_with(struct span_buffer *out, enum language language, enum person_word word,
                       const char *value)
{
    const char *text = person_word(language, word), *mark = strstr(text, "%s");
    if (mark) {
        span_buffer_add(out, (struct span){text, (size_t)(mark - text)});
        span_buffer_text(out, value);
        text = mark + 2;
    }
    span_buffer_text(out, text);
}

void person_html(struct span_buffer *out, struct arena *arena, struct span text)
{
    struct span line = printable_text(arena, text);
    for (size_t i = 0; i < line.length; i++) {
        char c = line.data[i];
        const char *entity = c == '<'    ? "&lt;"
                             : c == '>'  ? "&gt;"
                             : c == '&'  ? "&amp;"
                             : c == '"'  ? "&quot;"
                             : c == '\'' ? "&#39;"
                                         : NULL;
        if (entity)
            span_buffer_text(out, entity);
        else
            span_buffer_add(out, (struct span){&c, 1});
    }
}

struct span person_start(struct arena *arena, struct span text)
{
    return printable_start(arena, text, SHOWN_BYTES);
}

const char *person_time(int64_t time_s, char text[32])
{
    time_t when = (time_t)time_s;
    struct tm local;
    strftime(text, 32, "%Y-%m-%d %H:%M", localtime_r(&when, &local));
    return text;
}

/* The heaviest reason for spam that is not among the `taken`; NULL: there is none. */
static const struct reason *heaviest_after(const struct reasons *reasons,
                                           const struct reason *const *taken, size_t count)
{
    const struct reason *best = NULL;
    for (size_t i = 0; i < reasons->count; i++) {
        for (size_t j = 0; j < reasons->groups[i].count; j++) {
            const struct reason *reason = &reasons->groups[i].reasons[j];
            bool seen = span_equal(reason->words, SPAN(REASONS_OTHERS)); /* says nothing */
            for (size_t k = 0; k < count; k++)
                seen |= taken[k] == reason;
            if (!seen && reason->log_odds > 0 && (!best || reason->log_odds > best->log_odds))
                best = reason;
        }
    }
    return best;
}

/* What is known of texts and files by their hashes is told without these; the others are the words
 * of the checks, which are English in every language. */
static struct span words_of(const struct reason *reason, enum language language)
{
    if (span_equal(reason->symbol, span_of(reputation_symbol(IDENTITY_SHINGLE))))
        return span_of(person_word(language, WORD_REASON_TEXT));
    if (span_equal(reason->symbol, span_of(reputation_symbol(IDENTITY_ATTACHMENT))))
        return span_of(person_word(language, WORD_REASON_ATTACHMENT));
    return reason->words;
}

struct span person_why(struct arena *arena, enum language language, struct span evidence,
                       size_t most)
{
    const struct reason *taken[8];
    struct reasons reasons = {0};
    struct span why = SPAN("");
    if (!reasons_read(arena, evidence, &reasons))
        return why;
    if (reasons.rule.length)
        return arena_printf(arena, "%s \"%.*s\"", person_word(language, WORD_REASON_RULE),
                            SPAN_ARGS(reasons.rule));
    for (size_t count = 0; count < most && count < 8; count++) {
        taken[count] = heaviest_after(&reasons, taken, count);
        if (!taken[count])
            break;
        struct span reason = person_start(arena, words_of(taken[count], language));
        why =
            arena_printf(arena, "%.*s%s%.*s", SPAN_ARGS(why), count ? "; " : "", SPAN_ARGS(reason));
    }
    return why;
}
