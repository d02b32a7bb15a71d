#include "core/token_words.h"

#include <ctype.h>

enum form {
    FORM_QUOTED, /* words somebody wrote */
    FORM_PLAIN,  /* names */
    FORM_HEADERS,
    FORM_SIZE
};

/* The places of features.c; what is not here is a header. */
static const struct {
    const char *place, *words;
    enum form form;
} places[] = {
    {"subject:", "subject", FORM_QUOTED},
    {"disguised:", "letters in disguise", FORM_QUOTED},
    {"marked:", "letters under marks", FORM_QUOTED},
    {"wide:", "letters in full width", FORM_QUOTED},
    {"split:", "word split by invisible characters", FORM_QUOTED},
    {"mixed:", "several alphabets in one word", FORM_QUOTED},
    {"spaced:", "letters spaced out", FORM_QUOTED},
    {"digits:", "digits among letters", FORM_QUOTED},
    {"numbered:", "number behind a word", FORM_QUOTED},
    {"evasion:", "written to be missed", FORM_QUOTED},
    {"within:", "letters of a word", FORM_QUOTED},
    {"ho:", "order of headers", FORM_HEADERS},
    {"r:", "host in Received", FORM_PLAIN},
    {"r2:", "domain in Received", FORM_PLAIN},
    {"rt:", "top-level domain in Received", FORM_PLAIN},
    {"rp:", "word in Received", FORM_QUOTED},
    {"mid:", "domain of the Message-ID", FORM_QUOTED},
    {"midshape:", "shape of the Message-ID", FORM_PLAIN},
    {"zone:", "time zone of Date", FORM_PLAIN},
    {"type:", "type of a part", FORM_PLAIN},
    {"charset:", "charset of a part", FORM_PLAIN},
    {"encoding:", "encoding of a part", FORM_PLAIN},
    {"file:", "file name", FORM_QUOTED},
    {"extension:", "ending of a file name", FORM_PLAIN},
    {"size:", "size of a part", FORM_SIZE},
    {"markup:", "markup", FORM_PLAIN},
    {"attribute:", "attribute in the HTML", FORM_PLAIN},
    {"category:", "category", FORM_QUOTED},
    {"scheme:", "link scheme", FORM_PLAIN},
    {"host:", "link host", FORM_PLAIN},
    {"tld:", "top-level domain of a link", FORM_PLAIN},
    {"path:", "link path", FORM_QUOTED},
    {"link:", "oddity of a link", FORM_PLAIN},
};

/* Line ends and other runs of blanks between two words as one blank. */
static struct span on_one_line(struct arena *arena, struct span text)
{
    char *out = arena_text(arena, text.length);
    size_t length = 0;
    for (size_t i = 0; i < text.length; i++) {
        bool blank = isspace((unsigned char)text.data[i]);
        if (!blank || (length && out[length - 1] != ' '))
            out[length++] = blank ? ' ' : text.data[i];
    }
    return (struct span){out, length};
}

/* "x-mailer" as it is mostly written: "X-Mailer". */
static struct span header_name(struct arena *arena, struct span name)
{
    char *out = arena_text(arena, name.length);
    for (size_t i = 0; i < name.length; i++) {
        bool starts = !i || name.data[i - 1] == '-' || name.data[i - 1] == ' ';
        unsigned char c = (unsigned char)name.data[i];
        out[i] = (char)(starts ? toupper(c) : c);
    }
    return (struct span){out, name.length};
}

/* features.c writes the number of the size's bits as a letter, 'a' for none. */
static struct span size_words(struct arena *arena, char letter)
{
    static const char *const units[] = {"bytes", "kB", "MB", "GB"};
    unsigned bits = (unsigned)(letter - 'a') % 40;
    return arena_printf(arena, "less than %u %s", 1u << bits % 10, units[bits / 10]);
}

struct span token_words(struct arena *arena, const struct feature_name *name)
{
    struct span text = on_one_line(arena, name->text);
    if (!name->place.length)
        return arena_printf(arena, "\"%.*s\"", SPAN_ARGS(text));
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        if (!span_equal(name->place, span_of(places[i].place)))
            continue;
        if (places[i].form == FORM_HEADERS)
            text = header_name(arena, text);
        else if (places[i].form == FORM_SIZE)
            text = size_words(arena, *name->text.data);
        const char *quote = places[i].form == FORM_QUOTED ? "\"" : "";
        return arena_printf(arena, "%s: %s%.*s%s", places[i].words, quote, SPAN_ARGS(text), quote);
    }
    struct span header = header_name(arena, name->place);
    return arena_printf(arena, "header %.*s: \"%.*s\"", SPAN_ARGS(header), SPAN_ARGS(text));
}
