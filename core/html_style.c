#include "core/html_style.h"

#include <stdlib.h>

/* Farther than this to the left or above, in pixels or points, is off any page. */
#define FAR_AWAY (-500000)
#define FAR_AWAY_EMS (-50000)

static const struct {
    struct span name;
    int32_t rgb;
} colour_names[] = {
    {{"white", 5}, 0xFFFFFF},   {{"black", 5}, 0x000000},       {{"red", 3}, 0xFF0000},
    {{"blue", 4}, 0x0000FF},    {{"green", 5}, 0x008000},       {{"yellow", 6}, 0xFFFF00},
    {{"gray", 4}, 0x808080},    {{"grey", 4}, 0x808080},        {{"silver", 6}, 0xC0C0C0},
    {{"navy", 4}, 0x000080},    {{"maroon", 6}, 0x800000},      {{"purple", 6}, 0x800080},
    {{"teal", 4}, 0x008080},    {{"aqua", 4}, 0x00FFFF},        {{"cyan", 4}, 0x00FFFF},
    {{"lime", 4}, 0x00FF00},    {{"olive", 5}, 0x808000},       {{"fuchsia", 7}, 0xFF00FF},
    {{"magenta", 7}, 0xFF00FF}, {{"orange", 6}, 0xFFA500},      {{"snow", 4}, 0xFFFAFA},
    {{"ivory", 5}, 0xFFFFF0},   {{"whitesmoke", 10}, 0xF5F5F5}, {{"ghostwhite", 10}, 0xF8F8FF},
};

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* "fff" or "ffffff" */
static int32_t hex_colour(struct span digits)
{
    if (digits.length != 3 && digits.length != 6)
        return COLOUR_UNKNOWN;
    int32_t rgb = 0;
    for (size_t i = 0; i < digits.length; i++) {
        int digit = hex_digit(digits.data[i]);
        if (digit < 0)
            return COLOUR_UNKNOWN;
        rgb = rgb << 4 | digit;
        if (digits.length == 3)
            rgb = rgb << 4 | digit;
    }
    return rgb;
}

/* A number in thousandths; `value` moves behind it to the unit. */
static bool read_number(struct span *value, long *milli)
{
    size_t i = 0;
    bool negative = value->length && value->data[0] == '-', any = false;
    if (i < value->length && (value->data[i] == '-' || value->data[i] == '+'))
        i++;
    long number = 0, unit = 1000;
    for (; i < value->length && value->data[i] >= '0' && value->data[i] <= '9'; i++, any = true)
        number = number < 1000000 ? number * 10 + (value->data[i] - '0') : number;
    number *= 1000;
    if (i < value->length && value->data[i] == '.')
        for (i++; i < value->length && value->data[i] >= '0' && value->data[i] <= '9';
             i++, any = true) {
            unit /= 10;
            number += unit * (value->data[i] - '0');
        }
    *milli = negative ? -number : number;
    *value = span_trim((struct span){value->data + i, value->length - i});
    return any;
}

/* "rgb(1, 2, 3)"; with an alpha below 1 it is what lies behind that decides. */
static int32_t rgb_colour(struct span value)
{
    const char *open = memchr(value.data, '(', value.length);
    if (!open)
        return COLOUR_UNKNOWN;
    struct span rest = {open + 1, value.length - (size_t)(open + 1 - value.data)};
    int32_t rgb = 0;
    for (int i = 0; i < 4; i++) {
        long milli;
        rest = span_trim(rest);
        if (!read_number(&rest, &milli))
            return COLOUR_UNKNOWN;
        if (i == 3 && milli < 1000)
            return milli == 0 ? COLOUR_UNSET : COLOUR_UNKNOWN;
        if (i < 3 && (milli < 0 || milli > 255000 || (rest.length && rest.data[0] == '%')))
            return COLOUR_UNKNOWN;
        rgb = i < 3 ? rgb << 8 | (int32_t)(milli / 1000) : rgb;
        if (!rest.length || (rest.data[0] != ',' && rest.data[0] != '/'))
            return i < 2 ? COLOUR_UNKNOWN : rgb;
        rest = (struct span){rest.data + 1, rest.length - 1};
    }
    return rgb;
}

int32_t html_colour(struct span value)
{
    value = span_trim(value);
    if (value.length && value.data[0] == '#')
        return hex_colour((struct span){value.data + 1, value.length - 1});
    if (span_starts_nocase(value, SPAN("rgb")))
        return rgb_colour(value);
    for (size_t i = 0; i < sizeof colour_names / sizeof *colour_names; i++)
        if (span_equal_nocase(value, colour_names[i].name))
            return colour_names[i].rgb;
    if (span_equal_nocase(value, SPAN("transparent")) || span_equal_nocase(value, SPAN("none")) ||
        span_equal_nocase(value, SPAN("inherit")))
        return COLOUR_UNSET;
    return hex_colour(value);
}

bool html_colours_alike(int32_t a, int32_t b)
{
    if (a < 0 || b < 0)
        return false;
    for (int shift = 0; shift <= 16; shift += 8)
        if (abs((a >> shift & 0xFF) - (b >> shift & 0xFF)) > 6)
            return false;
    return true;
}

/* What only together with other declarations means anything. */
struct box {
    bool positioned, away, clipped, no_size;
};

static bool is_em(struct span unit)
{
    return span_equal_nocase(unit, SPAN("em")) || span_equal_nocase(unit, SPAN("rem")) ||
           span_equal_nocase(unit, SPAN("ex"));
}

static bool is_far_away(struct span value)
{
    long milli;
    return read_number(&value, &milli) && milli <= (is_em(value) ? FAR_AWAY_EMS : FAR_AWAY);
}

static bool is_nothing(struct span value)
{
    long milli;
    return read_number(&value, &milli) && milli == 0;
}

static void read_display(struct span value, struct html_style *style, struct box *box)
{
    (void)box;
    style->gone |= span_starts_nocase(value, SPAN("none"));
}

static void read_visibility(struct span value, struct html_style *style, struct box *box)
{
    (void)box;
    if (span_starts_nocase(value, SPAN("hidden")) || span_starts_nocase(value, SPAN("collapse")))
        style->visibility = SAID_HIDDEN;
    else if (span_starts_nocase(value, SPAN("visible")))
        style->visibility = SAID_VISIBLE;
}

/* Sizes relative to one of nothing stay nothing, so they take nothing back. */
static void read_font_size(struct span value, struct html_style *style, struct box *box)
{
    (void)box;
    long milli;
    if (!read_number(&value, &milli)) {
        style->font_size = SAID_VISIBLE;
        return;
    }
    bool relative = is_em(value) || (value.length && value.data[0] == '%');
    if (milli <= (relative ? 50 : 1000))
        style->font_size = SAID_HIDDEN;
    else if (!relative)
        style->font_size = SAID_VISIBLE;
}

static void read_opacity(struct span value, struct html_style *style, struct box *box)
{
    (void)box;
    long milli;
    style->gone |= read_number(&value, &milli) && milli <= 50;
}

static void read_indent(struct span value, struct html_style *style, struct box *box)
{
    (void)box;
    style->indent = is_far_away(value) ? SAID_HIDDEN : SAID_VISIBLE;
}

static void read_position(struct span value, struct html_style *style, struct box *box)
{
    (void)style;
    box->positioned =
        span_starts_nocase(value, SPAN("absolute")) || span_starts_nocase(value, SPAN("fixed"));
}

static void read_offset(struct span value, struct html_style *style, struct box *box)
{
    (void)style;
    box->away |= is_far_away(value);
}

static void read_margin(struct span value, struct html_style *style, struct box *box)
{
    (void)box;
    style->gone |= is_far_away(value);
}

static void read_overflow(struct span value, struct html_style *style, struct box *box)
{
    (void)style;
    box->clipped = span_starts_nocase(value, SPAN("hidden"));
}

static void read_size(struct span value, struct html_style *style, struct box *box)
{
    (void)style;
    box->no_size |= is_nothing(value);
}

static void read_colour(struct span value, struct html_style *style, struct box *box)
{
    (void)box;
    style->colour = html_colour(value);
}

static void read_background(struct span value, struct html_style *style, struct box *box)
{
    (void)box;
    style->background = html_colour(value);
}

static const struct property {
    struct span name;
    void (*read)(struct span value, struct html_style *style, struct box *box);
} properties[] = {
    {{"display", 7}, read_display},
    {{"visibility", 10}, read_visibility},
    {{"font-size", 9}, read_font_size},
    {{"opacity", 7}, read_opacity},
    {{"text-indent", 11}, read_indent},
    {{"position", 8}, read_position},
    {{"left", 4}, read_offset},
    {{"top", 3}, read_offset},
    {{"margin-left", 11}, read_margin},
    {{"margin-top", 10}, read_margin},
    {{"overflow", 8}, read_overflow},
    {{"height", 6}, read_size},
    {{"max-height", 10}, read_size},
    {{"width", 5}, read_size},
    {{"max-width", 9}, read_size},
    {{"color", 5}, read_colour},
    {{"background", 10}, read_background},
    {{"background-color", 16}, read_background},
    {{"background-image", 16}, read_background},
};

/* Without "!important", blanks and a comment in front. */
static struct span bare(struct span text)
{
    const char *mark = memchr(text.data, '!', text.length);
    if (mark)
        text.length = (size_t)(mark - text.data);
    text = span_trim(text);
    while (text.length >= 4 && text.data[0] == '/' && text.data[1] == '*') {
        const char *end = memmem(text.data + 2, text.length - 2, "*/", 2);
        if (!end)
            return (struct span){text.data, 0};
        text.length -= (size_t)(end + 2 - text.data);
        text.data = end + 2;
        text = span_trim(text);
    }
    return text;
}

void html_style_read(struct span declarations, struct html_style *style)
{
    struct box box = {false, false, false, false};
    const char *at = declarations.data, *end = at + declarations.length;
    while (at < end) {
        const char *stop = memchr(at, ';', (size_t)(end - at));
        stop = stop ? stop : end;
        const char *colon = memchr(at, ':', (size_t)(stop - at));
        if (colon) {
            struct span name = bare((struct span){at, (size_t)(colon - at)});
            for (size_t i = 0; i < sizeof properties / sizeof *properties; i++)
                if (span_equal_nocase(name, properties[i].name))
                    properties[i].read(bare((struct span){colon + 1, (size_t)(stop - colon - 1)}),
                                       style, &box);
        }
        at = stop + 1;
    }
    style->gone |= (box.positioned && box.away) || (box.clipped && box.no_size);
}
