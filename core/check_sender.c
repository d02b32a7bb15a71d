#include "core/checks.h"

#include <ctype.h>

#include "core/url.h"

/* The host of an address, or of what stands in a display name. Lower case, in `arena`. */
static struct span lower_copy(struct arena *arena, struct span span)
{
    char *copy = arena_text(arena, span.length);
    for (size_t i = 0; i < span.length; i++)
        copy[i] = (char)tolower((unsigned char)span.data[i]);
    return (struct span){copy, span.length};
}

static bool is_host_byte(char c)
{
    return isalnum((unsigned char)c) || c == '-' || c == '.' || (unsigned char)c >= 0x80;
}

/* The host after the first '@' in `text` that has a local part before it and a dot behind it. */
static struct span host_in_text(struct span text)
{
    for (size_t i = 1; i + 1 < text.length; i++) {
        if (text.data[i] != '@' || !is_host_byte(text.data[i - 1]))
            continue;
        size_t end = i + 1;
        while (end < text.length && is_host_byte(text.data[end]))
            end++;
        while (end > i + 1 && text.data[end - 1] == '.')
            end--;
        struct span host = {text.data + i + 1, end - i - 1};
        const char *dot = host.length ? memchr(host.data, '.', host.length) : NULL;
        if (dot && dot > host.data)
            return host;
    }
    return (struct span){NULL, 0};
}

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

double check_from_name_is_address(const struct document *document, struct span *detail)
{
    struct span shown = host_in_text(document->from_name);
    struct span real = host_in_text(document->from_address);
    if (!shown.length || !real.length)
        return 0;
    shown = lower_copy(document->arena, shown);
    real = lower_copy(document->arena, real);
    if (span_equal(url_registrable_domain(shown), url_registrable_domain(real)))
        return 0;
    *detail = arena_printf(document->arena, "the name shows %.*s, the address is at %.*s",
                           SPAN_ARGS(shown), SPAN_ARGS(real));
    return resent_by_a_list(document) ? 0.25 : 1;
}

/* Lists send answers to themselves, on purpose. */
double check_reply_to_elsewhere(const struct document *document, struct span *detail)
{
    const struct header *header = document_header(document, "Reply-To");
    if (!header || resent_by_a_list(document))
        return 0;
    struct span answers = host_in_text(header->value);
    struct span real = host_in_text(document->from_address);
    if (!answers.length || !real.length)
        return 0;
    answers = url_registrable_domain(lower_copy(document->arena, answers));
    real = url_registrable_domain(lower_copy(document->arena, real));
    if (span_equal(answers, real))
        return 0;
    *detail = arena_printf(document->arena, "From is at %.*s, answers go to %.*s", SPAN_ARGS(real),
                           SPAN_ARGS(answers));
    return 1;
}
