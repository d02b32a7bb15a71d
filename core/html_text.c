#include "core/html_text.h"

#include "core/text.h"

/* Breaks in the order in which one hides the other. */
static int width(char with)
{
    return with == '\n' ? 3 : with == '\t' ? 2 : with == ' ' ? 1 : 0;
}

void html_text_break(struct html_text *text, char with)
{
    if (width(with) > width(text->pending))
        text->pending = with;
}

/* Length of the blank at `at`: of ASCII, or U+00A0; 0 when it is none. */
static inline size_t blank_length(const char *at, const char *end)
{
    if (*at == ' ' || (*at >= '\t' && *at <= '\r'))
        return 1;
    return *at == '\xC2' && end - at > 1 && at[1] == '\xA0' ? 2 : 0;
}

/* Where the word ends that starts at `at`. */
static const char *word_end(const char *at, const char *end)
{
    static const bool stops[256] = {[' '] = true, ['\t' ... '\r'] = true, [0xC2] = true};
    while ((at = text_find_byte(at, end, stops)) < end && !blank_length(at, end))
        at++;
    return at;
}

static size_t count_characters(const char *at, const char *end)
{
    size_t count = text_ascii_length(at, end);
    for (at += count; at < end; at++)
        count += ((unsigned char)*at & 0xC0) != 0x80;
    return count;
}

static void keep_longest(struct html_text *text)
{
    if (text->stretch > text->longest) {
        text->longest = text->stretch;
        text->sample_length = text->stretch_sample_length;
        memcpy(text->sample, text->stretch_sample, text->stretch_sample_length);
    }
    text->stretch = text->stretch_sample_length = 0;
}

void html_text_add(struct html_text *text, const char *data, size_t length, bool inside_link)
{
    const char *at = data, *end = data + length;
    size_t count = 0;
    while (at < end) {
        size_t blank = blank_length(at, end);
        if (blank) {
            html_text_break(text, ' ');
            at += blank;
            continue;
        }
        const char *word = at;
        at = word_end(at, end);
        count += count_characters(word, at);
        size_t bytes = (size_t)(at - word);
        if (text->room - text->length < bytes + 1)
            break;
        if (text->pending && text->length)
            text->data[text->length++] = text->pending;
        text->pending = 0;
        memcpy(text->data + text->length, word, bytes);
        text->length += bytes;
    }
    text->visible += count;
    text->inside_links += inside_link ? count : 0;
    if (count && text->stretch)
        keep_longest(text);
}

void html_text_hide(struct html_text *text, const char *data, size_t length)
{
    const char *at = data, *end = data + length;
    bool blank = text->stretch > 0;
    while (at < end) {
        const char *start = at;
        uint32_t code_point = text_next(&at, end);
        enum character_class class = text_character(code_point).class;
        /* Newsletters pad their preheaders with hundreds of these. */
        if (class == CHARACTER_INVISIBLE)
            continue;
        if (code_point <= ' ' || code_point == 0xA0) {
            blank = text->stretch > 0;
            continue;
        }
        text->stretch++;
        text->hidden++;
        size_t bytes = (size_t)(at - start);
        if (text->stretch_sample_length + bytes + blank > HIDDEN_SAMPLE_BYTES)
            continue;
        if (blank)
            text->stretch_sample[text->stretch_sample_length++] = ' ';
        blank = false;
        memcpy(text->stretch_sample + text->stretch_sample_length, start, bytes);
        text->stretch_sample_length += bytes;
    }
}

void html_text_finish(struct html_text *text)
{
    keep_longest(text);
}
