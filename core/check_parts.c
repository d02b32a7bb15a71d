/* Checks of what a mail is made of: attachments, and pictures instead of text. */
#include "core/checks.h"

#include <ctype.h>
#include <string.h>

#include "core/check_ramp.h"
#include "core/text.h"

/* --- attachments --- */

/* What Windows, macOS or a mail reader runs when it is opened. */
static const char *const executables[] = {
    "ace", "bat", "chm", "cmd", "com", "cpl", "exe",  "hta", "img", "iqy", "iso", "jar",
    "js",  "jse", "lnk", "msc", "msi", "pif", "ps1",  "reg", "scf", "scr", "slk", "vbe",
    "vbs", "vhd", "wsc", "wsf", "wsh", "xll", "appx", "dll", "dmg", "one", "xlam"};

/* What a name pretends to be when another ending follows. */
static const char *const harmless[] = {"doc", "docx", "gif", "htm",  "html", "jpeg", "jpg",
                                       "mp3", "mp4",  "odt", "pdf",  "png",  "ppt",  "rtf",
                                       "txt", "wav",  "xls", "xlsx", "zip"};

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
    for (size_t i = 0; i < document->part_count; i++) {
        struct span name = document->parts[i].file_name;
        if (!IS_LISTED(take_ending(&name), executables))
            continue;
        *detail = arena_printf(document->arena, "a file named \"%.*s\"",
                               SPAN_ARGS(document->parts[i].file_name));
        return 1;
    }
    return 0;
}

double check_attachment_disguised(const struct document *document, struct span *detail)
{
    for (size_t i = 0; i < document->part_count; i++) {
        struct span name = document->parts[i].file_name, rest = name;
        bool runs = IS_LISTED(take_ending(&rest), executables);
        if (!is_turned_round(name) && !(runs && IS_LISTED(take_ending(&rest), harmless)))
            continue;
        *detail = arena_printf(document->arena, "a file named \"%.*s\"", SPAN_ARGS(name));
        return 1;
    }
    return 0;
}

/* --- pictures instead of text --- */

#define PICTURE_TEXT_MAX 60

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

static bool html_shows_pictures(const struct document *document)
{
    for (size_t i = 0; i < document->structure_count; i++) {
        if (document->structures[i].kind == STRUCTURE_TAG &&
            span_equal(document->structures[i].name, SPAN("img")))
            return true;
    }
    return false;
}

double check_image_only(const struct document *document, struct span *detail)
{
    if (!html_shows_pictures(document))
        return 0;
    size_t letters = visible_letters(document, PICTURE_TEXT_MAX);
    if (letters >= PICTURE_TEXT_MAX)
        return 0;
    *detail = arena_printf(document->arena, "pictures, and %zu letters of text", letters);
    return 1 - ramp((double)letters, PICTURE_TEXT_MAX / 2.0, PICTURE_TEXT_MAX);
}
