#include "core/checks.h"

#include <string.h>

#include "core/check_read.h"
#include "core/url.h"

/* Groups and lists write the author's address into the name of an address of their own
 * ("'ann@example.org' via Team" <team@lists.example>), which deceives nobody. */
static bool resent_by_a_list(const struct document *document)
{
    if (document_header(document, "List-Id") || document_header(document, "List-Post"))
        return true;
    struct span name = document->from_name;
    static const char via[] = " via ";
    return name.length > strlen(via) && memmem(name.data, name.length, via, strlen(via)) != NULL;
}

/* Where the author's address is; false: nowhere that has a name. */
static bool author_host(const struct document *document, struct span *host)
{
    struct span rest = document->from_address;
    return check_next_host(&rest, host);
}

double check_from_name_is_address(const struct document *document, struct span *detail)
{
    struct span shown = check_shown_host(document->from_name), real;
    if (!shown.length || !author_host(document, &real))
        return 0;
    shown = check_host(document->arena, shown);
    real = check_host(document->arena, real);
    if (span_equal(url_registrable_domain(shown), url_registrable_domain(real)))
        return 0;
    *detail = arena_printf(document->arena, "the name shows %.*s, the address is at %.*s",
                           SPAN_ARGS(shown), SPAN_ARGS(real));
    return resent_by_a_list(document) ? 0.25 : 1;
}

/* Lists send answers to themselves, on purpose. Of several addresses one is enough: each of them
 * gets the answer. */
double check_reply_to_elsewhere(const struct document *document, struct span *detail)
{
    const struct header *header = document_header(document, "Reply-To");
    struct span real, answers;
    if (!header || resent_by_a_list(document) || !author_host(document, &real))
        return 0;
    real = url_registrable_domain(check_host(document->arena, real));
    struct span rest = header->value;
    while (check_next_host(&rest, &answers)) {
        answers = url_registrable_domain(check_host(document->arena, answers));
        if (span_equal(answers, real))
            continue;
        *detail = arena_printf(document->arena, "From is at %.*s, answers go to %.*s",
                               SPAN_ARGS(real), SPAN_ARGS(answers));
        return 1;
    }
    return 0;
}

double check_recipient_allows(const struct document *document, struct span *detail)
{
    (void)detail;
    return document->envelope.recipients_say == RECIPIENTS_ALLOW;
}

double check_recipient_denies(const struct document *document, struct span *detail)
{
    (void)detail;
    return document->envelope.recipients_say == RECIPIENTS_DENY;
}
