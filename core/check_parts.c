/* Checks of what a mail is made of: attachments, and pictures instead of text. */
#include "core/checks.h"

#include <ctype.h>
#include <string.h>

#include "core/check_ramp.h"
#include "core/text.h"

/* --- attachments --- */

/* What Windows, macOS, Android or a mail reader runs when it is opened, what mounts as a disk with
 * such files on it, and what opens an address or a command without showing it. */
static const char *const executables[] = {
    "ace",  "apk",       "appref-ms", "appx", "bat", "chm",        "cmd", "com", "command",
    "cpl",  "diagcab",   "dll",       "dmg",  "exe", "gadget",     "hta", "img", "iqy",
    "iso",  "jar",       "jnlp",      "js",   "jse", "library-ms", "lnk", "msc", "msi",
    "msix", "msp",       "one",       "pif",  "ps1", "psm1",       "reg", "scf", "scr",
    "sct",  "search-ms", "slk",       "udf",  "vb",  "vbe",        "vbs", "vhd", "vhdx",
    "wsc",  "wsf",       "wsh",       "xll"};

/* Documents that carry programs, which offices send to each other, and shortcuts to a page: malware
 * comes in them, but not only that. */
static const char *const suspects[] = {"url",  "website", "docm", "dotm", "potm", "ppam", "ppsm",
                                       "pptm", "sldm",    "xlam", "xlm",  "xlsm", "xltm"};

#define SUSPECT_STRENGTH 0.5

/* What a name pretends to be when another ending follows. */
static const char *const harmless[] = {"doc",  "docx", "gif", "htm", "html", "jpeg", "jpg",
                                       "mov",  "mp3",  "mp4", "odt", "pdf",  "png",  "ppt",
                                       "pptx", "rtf",  "txt", "wav", "xls",  "xlsx", "zip"};

/* "index.html.js" is how those who write pages name what belongs to one. */
static bool is_of_a_page(struct span inner, struct span outer)
{
    return span_equal_nocase(outer, SPAN("js")) &&
           (span_equal_nocase(inner, SPAN("html")) || span_equal_nocase(inner, SPAN("htm")));
}

static bool is_listed(struct span ending, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (span_equal_nocase(ending, span_of(list[i])))
            return true;
    }
    return false;
}

#define IS_LISTED(ending, list) is_listed(ending, list, sizeof(list) / sizeof *(list))

/* Takes the ending ("exe") off the name; blanks and dots at its end mean nothing to Windows. */
static struct span take_ending(struct span *name)
{
    while (name->length && strchr(". \t", name->data[name->length - 1]))
        name->length--;
    const char *dot = name->length ? memrchr(name->data, '.', name->length) : NULL;
    if (!dot)
        return (struct span){NULL, 0};
    struct span ending = {dot + 1, (size_t)(name->data + name->length - dot - 1)};
    name->length = (size_t)(dot - name->data);
    return ending;
}

/* An override of the writing direction turns "gpj.exe" to "exe.jpg" for the eye. */
static bool is_turned_round(struct span name)
{
    return name.length && memmem(name.data, name.length, "\xe2\x80\xae", 3) != NULL;
}

double check_attachment_executable(const struct document *document, struct span *detail)
{
    double strength = 0;
    for (size_t i = 0; i < document->part_count && strength < 1; i++) {
        struct span name = document->parts[i].file_name;
        struct span ending = take_ending(&name);
        bool runs = IS_LISTED(ending, executables);
        if (!runs && (strength > 0 || !IS_LISTED(ending, suspects)))
            continue;
        strength = runs ? 1 : SUSPECT_STRENGTH;
        *detail =
            arena_printf(document->arena, "\"%.*s\"", SPAN_ARGS(document->parts[i].file_name));
    }
    return strength;
}

/* A program whose name shows another ending before its own. */
static bool is_disguised(struct span name)
{
    struct span outer = take_ending(&name), inner = take_ending(&name);
    return IS_LISTED(outer, executables) && IS_LISTED(inner, harmless) &&
           !is_of_a_page(inner, outer);
}

double check_attachment_disguised(const struct document *document, struct span *detail)
{
    for (size_t i = 0; i < document->part_count; i++) {
        struct span name = document->parts[i].file_name;
        if (!is_turned_round(name) && !is_disguised(name))
            continue;
        *detail = arena_printf(document->arena, "\"%.*s\"", SPAN_ARGS(name));
        return 1;
    }
    return 0;
}

/* --- pictures instead of text --- */

#define PICTURE_TEXT_MAX 60
#define WORDS_BESIDE_LOGO 12 /* code points outside links */

static size_t visible_letters(const struct document *document, size_t enough)
{
    size_t letters = 0;
    for (size_t i = 0; i < document->text_count && letters < enough; i++) {
        if (document->texts[i].kind != TEXT_BODY)
            continue;
        const char *at = document->texts[i].content.data;
        const char *end = at + document->texts[i].content.length;
        while (at < end && letters < enough) {
            uint8_t class = text_character(text_next(&at, end)).class;
            letters += class == CHARACTER_LETTER || class == CHARACTER_DIGIT;
            /* An ideograph says as much as a few letters. */
            letters += class == CHARACTER_IDEOGRAPH ? 3 : 0;
        }
    }
    return letters;
}

/* Parts that are pictures, when there is nothing else. */
static size_t pictures_alone(const struct document *document)
{
    for (size_t i = 0; i < document->part_count; i++) {
        if (!span_starts_nocase(document->parts[i].type, SPAN("image/")))
            return 0;
    }
    return document->part_count;
}

/* One picture beside a few words that are no link is a logo in a short letter. */
static bool is_letter_with_logo(const struct html_shape *html)
{
    return html->pictures == 1 && html->visible - html->inside_links >= WORDS_BESIDE_LOGO;
}

double check_image_only(const struct document *document, struct span *detail)
{
    size_t alone = pictures_alone(document);
    if (alone) {
        *detail = arena_printf(document->arena, "%zu pictures and nothing else", alone);
        return 1;
    }
    if (!document->html.pictures || is_letter_with_logo(&document->html))
        return 0;
    size_t letters = visible_letters(document, PICTURE_TEXT_MAX);
    if (letters >= PICTURE_TEXT_MAX)
        return 0;
    *detail = arena_printf(document->arena, "only %zu letters of text", letters);
    return 1 - ramp((double)letters, PICTURE_TEXT_MAX / 2.0, PICTURE_TEXT_MAX);
}
