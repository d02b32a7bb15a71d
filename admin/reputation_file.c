#include "admin/reputation_file.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "admin/identity_text.h"
#include "admin/reputation_change.h"

#define CLOCKS_DIFFER_S 86400 /* what was counted on another machine may be so much ahead */

enum column { TYPE, VALUE, HAM, SPAM, TIME, OVERRIDE, LOG_ODDS, UNTIL, SEEN, FIRST_SEEN, COLUMNS };

_Static_assert(COLUMNS == REPUTATION_FILE_COLUMNS, "as many as the header says");

static const char *const names[COLUMNS] = {"type",     "value",    "ham",   "spam", "time",
                                           "override", "log_odds", "until", "seen", "first_seen"};
static const char *const overrides[] = {
    [OVERRIDE_NONE] = "none", [OVERRIDE_SET] = "set", [OVERRIDE_PIN] = "pin"};

/* --- writing --- */

void reputation_file_put_header(FILE *stream)
{
    for (size_t i = 0; i < COLUMNS; i++)
        fprintf(stream, "%s%s", i ? "," : "", names[i]);
    putc('\n', stream);
}

static void put_quoted(FILE *stream, struct span value)
{
    putc('"', stream);
    for (size_t i = 0; i < value.length; i++) {
        if (value.data[i] == '"')
            putc('"', stream);
        putc(value.data[i], stream);
    }
    putc('"', stream);
}

static bool is_plain(struct span value)
{
    for (size_t i = 0; i < value.length; i++)
        if (value.data[i] == '"' || value.data[i] == ',' || (unsigned char)value.data[i] <= ' ')
            return false;
    return true;
}

/* What a clock that was ahead wrote is read again as of now. */
static int64_t no_later_than_now(int64_t time_s)
{
    int64_t now_s = time(NULL);
    return time_s > now_s + CLOCKS_DIFFER_S ? now_s : time_s;
}

void reputation_file_put_csv(FILE *stream, const struct identity *identity,
                             const struct reputation_counts *counts)
{
    fprintf(stream, "%s,", identity_type_name(identity->type));
    if (is_plain(identity->value))
        fwrite(identity->value.data, 1, identity->value.length, stream);
    else
        put_quoted(stream, identity->value);
    fprintf(stream, ",%.10g,%.10g,%" PRId64 ",%s,", counts->ham_milli / 1000.0,
            counts->spam_milli / 1000.0, no_later_than_now(counts->time_s),
            overrides[counts->override]);
    if (counts->override != OVERRIDE_NONE)
        fprintf(stream, "%g", counts->override_centi / 100.0);
    putc(',', stream);
    if (counts->override == OVERRIDE_SET)
        fprintf(stream, "%" PRId64, counts->override_until_s);
    fprintf(stream, ",%.10g,%" PRId64 "\n", counts->seen_milli / 1000.0,
            no_later_than_now(counts->first_s));
}

void reputation_file_put_json(struct json_writer *json, const struct identity *identity,
                              const struct reputation_counts *counts)
{
    char number[40];
    json_put_open(json, NULL, '{');
    json_put_string(json, names[TYPE], span_of(identity_type_name(identity->type)));
    json_put_string(json, names[VALUE], identity->value);
    /* A count may be above what json_put_number() writes. */
    snprintf(number, sizeof number, "%.10g", counts->ham_milli / 1000.0);
    json_put_raw(json, names[HAM], span_of(number));
    snprintf(number, sizeof number, "%.10g", counts->spam_milli / 1000.0);
    json_put_raw(json, names[SPAM], span_of(number));
    json_put_integer(json, names[TIME], no_later_than_now(counts->time_s));
    json_put_string(json, names[OVERRIDE], span_of(overrides[counts->override]));
    if (counts->override != OVERRIDE_NONE)
        json_put_number(json, names[LOG_ODDS], counts->override_centi / 100.0, 2);
    if (counts->override == OVERRIDE_SET)
        json_put_integer(json, names[UNTIL], counts->override_until_s);
    snprintf(number, sizeof number, "%.10g", counts->seen_milli / 1000.0);
    json_put_raw(json, names[SEEN], span_of(number));
    json_put_integer(json, names[FIRST_SEEN], no_later_than_now(counts->first_s));
    json_put_close(json, '}');
    json_put_newline(json);
}

/* --- what the words of a row mean --- */

/* `text` in steps of 1 / `parts`, none between two of them. */
static bool read_steps(const char *text, double parts, double least, double most, double *steps)
{
    char *end;
    if (!*text || strspn(text, "-0123456789.") != strlen(text))
        return false;
    double number = strtod(text, &end) * parts;
    *steps = round(number);
    return !*end && fabs(number - *steps) < 1e-4 && *steps >= least && *steps <= most;
}

static bool read_override(char *const fields[COLUMNS], struct reputation_counts *counts,
                          struct error *error)
{
    const char *word = fields[OVERRIDE], *log_odds = fields[LOG_ODDS], *until = fields[UNTIL];
    double steps = 0;
    size_t kind = OVERRIDE_NONE;
    while (kind <= OVERRIDE_PIN && *word && strcmp(word, overrides[kind]) != 0)
        kind++;
    if (kind > OVERRIDE_PIN)
        return error_set(error, ERROR_INPUT, "override \"%.40s\" is not none, set or pin", word);
    counts->override = (enum override_kind)kind;
    if (kind == OVERRIDE_NONE)
        return (!*log_odds && !*until) ||
               error_set(error, ERROR_INPUT, "without an override there is no log_odds or until");
    if (!read_steps(log_odds, 100, -100 * REPUTATION_LOG_ODDS_MAX, 100 * REPUTATION_LOG_ODDS_MAX,
                    &steps))
        return error_set(error, ERROR_INPUT,
                         "log_odds \"%.40s\" is not a number from %g to %g, to a hundredth",
                         log_odds, -REPUTATION_LOG_ODDS_MAX, REPUTATION_LOG_ODDS_MAX);
    counts->override_centi = (int32_t)steps;
    if (kind == OVERRIDE_PIN)
        return !*until || error_set(error, ERROR_INPUT, "a pin has no until");
    if (!read_steps(until, 1, 1, UINT32_MAX, &steps))
        return error_set(error, ERROR_INPUT, "until \"%.40s\" is no time in seconds since 1970",
                         until);
    counts->override_until_s = (int64_t)steps;
    return counts->override_until_s > (int64_t)time(NULL) ||
           error_set(error, ERROR_INPUT,
                     "until %.40s is past; leave out what was set: override, log_odds and until",
                     until);
}

static bool read_counts(char *const fields[COLUMNS], struct reputation_counts *counts,
                        struct error *error)
{
    uint32_t *const milli[] = {&counts->ham_milli, &counts->spam_milli};
    double steps;
    for (size_t i = 0; i < 2; i++) {
        if (!read_steps(fields[HAM + i], 1000, 0, UINT32_MAX, &steps))
            return error_set(error, ERROR_INPUT,
                             "%s \"%.40s\" is not a number of lessons from 0 to 4294967.295, to a "
                             "thousandth",
                             names[HAM + i], fields[HAM + i]);
        *milli[i] = (uint32_t)steps;
    }
    if (!read_steps(fields[TIME], 1, 0, UINT32_MAX, &steps))
        return error_set(error, ERROR_INPUT, "time \"%.40s\" is no time in seconds since 1970",
                         fields[TIME]);
    counts->time_s = (int64_t)steps;
    return counts->time_s <= (int64_t)time(NULL) + CLOCKS_DIFFER_S ||
           error_set(error, ERROR_INPUT, "time %.40s is in the future", fields[TIME]);
}

static bool read_seen(char *const fields[COLUMNS], struct reputation_counts *counts,
                      struct error *error)
{
    double steps = 0;
    if (*fields[SEEN] && !read_steps(fields[SEEN], 1000, 0, UINT32_MAX, &steps))
        return error_set(error, ERROR_INPUT,
                         "seen \"%.40s\" is not a number of documents from 0 to 4294967.295, to a "
                         "thousandth",
                         fields[SEEN]);
    counts->seen_milli = (uint32_t)steps;
    steps = 0;
    if (*fields[FIRST_SEEN] && !read_steps(fields[FIRST_SEEN], 1, 0, UINT32_MAX, &steps))
        return error_set(error, ERROR_INPUT,
                         "first_seen \"%.40s\" is no time in seconds since 1970",
                         fields[FIRST_SEEN]);
    counts->first_s = (int64_t)steps;
    return counts->first_s <= (int64_t)time(NULL) + CLOCKS_DIFFER_S ||
           error_set(error, ERROR_INPUT, "first_seen %.40s is in the future", fields[FIRST_SEEN]);
}

static bool read_row(const struct config *config, char *const fields[COLUMNS],
                     struct document *scratch, struct identity *identity,
                     struct reputation_counts *counts, struct error *error)
{
    *counts = (struct reputation_counts){0};
    if (!*fields[TYPE])
        return error_set(error, ERROR_INPUT, "no type");
    if (!identity_text_read(config, IDENTITY_KNOWN, fields[TYPE], fields[VALUE], scratch, identity,
                            error) ||
        !read_counts(fields, counts, error) || !read_seen(fields, counts, error) ||
        !read_override(fields, counts, error))
        return false;
    return !reputation_counts_are_none(counts) ||
           error_set(error, ERROR_INPUT, "there are no counts and no override");
}

/* --- lines --- */

enum { FIELD_END = -2, ROW_END = -3, NO_MORE = EOF };

static int next_character(struct reputation_file *file)
{
    int c = getc(file->stream);
    file->next_line += c == '\n';
    return c;
}

static int peek(struct reputation_file *file)
{
    return ungetc(getc(file->stream), file->stream);
}

static int next_of_json(struct reputation_file *file)
{
    int c = next_character(file);
    return c == '\n' ? ROW_END : c;
}

/* Two quotation marks within quotes are one that stands for itself. */
static int next_of_csv(struct reputation_file *file, bool *quoted)
{
    int c;
    while ((c = next_character(file)) == '"') {
        if (*quoted && peek(file) == '"')
            return next_character(file);
        *quoted = !*quoted;
    }
    if (*quoted)
        return c;
    return c == ',' ? FIELD_END : c == '\n' ? ROW_END : c;
}

/* The rest of the line is passed over. */
static bool refuse_row(struct reputation_file *file, const char *why, struct error *error)
{
    int c;
    while ((c = next_of_json(file)) != ROW_END && c != NO_MORE)
        continue;
    return error_set(error, ERROR_INPUT, "%s", why);
}

/* One row into text: that of JSON as it stands, of CSV `*fields` fields with a NUL behind each.
 * False: it cannot be. */
static bool read_text(struct reputation_file *file, size_t *fields, struct error *error)
{
    bool quoted = false;
    int c;
    file->length = 0;
    file->line = file->next_line + 1;
    *fields = 1;
    for (;;) {
        c = file->json ? next_of_json(file) : next_of_csv(file, &quoted);
        if (c == ROW_END || c == NO_MORE)
            break;
        if (c == '\0')
            return refuse_row(file, "a NUL stands in it", error);
        if (file->length == sizeof file->text - 1)
            return refuse_row(file, "it is longer than 4095 bytes", error);
        *fields += c == FIELD_END;
        file->text[file->length++] = c == FIELD_END ? '\0' : (char)c;
    }
    if (file->length && file->text[file->length - 1] == '\r')
        file->length--;
    file->text[file->length] = '\0';
    return !quoted || error_set(error, ERROR_INPUT, "a quotation mark is not closed");
}

static size_t column_of(const char *name)
{
    size_t column = 0;
    while (column < COLUMNS && strcmp(names[column], name) != 0)
        column++;
    return column;
}

static bool read_header(struct reputation_file *file, struct error *error)
{
    bool there[COLUMNS] = {false};
    size_t fields;
    if (!read_text(file, &fields, error))
        return false;
    const char *field = file->text;
    for (size_t i = 0; i < fields; i++, field += strlen(field) + 1) {
        size_t column = column_of(field);
        if (column == COLUMNS || there[column])
            return error_set(error, ERROR_INPUT, "column \"%.40s\" %s", field,
                             column == COLUMNS ? "is none of type, value, ham, spam, time, "
                                                 "override, log_odds, until, seen and first_seen"
                                               : "comes twice");
        there[column] = true;
        file->meaning[i] = column;
    }
    file->columns = fields;
    for (size_t i = TYPE; i <= TIME; i++)
        if (!there[i])
            return error_set(error, ERROR_INPUT, "the header line has no column \"%s\"", names[i]);
    return true;
}

/* --- the fields of a row --- */

static bool split(struct reputation_file *file, size_t count, char *fields[COLUMNS],
                  struct error *error)
{
    if (count != file->columns)
        return error_set(error, ERROR_INPUT, "%zu fields where the header has %zu", count,
                         file->columns);
    char *field = file->text;
    for (size_t i = 0; i < count; i++, field += strlen(field) + 1)
        fields[file->meaning[i]] = field;
    return true;
}

/* A member as text, in `arena`; NULL: it is neither text nor number. */
static char *text_of(const json_t *member, struct arena *arena)
{
    if (json_is_string(member))
        return (char *)arena_copy(arena, span_of(json_string_value(member))).data;
    return json_is_number(member)
               ? (char *)arena_printf(arena, "%.15g", json_number_value(member)).data
               : NULL;
}

static bool take_members(const json_t *row, struct arena *arena, char *fields[COLUMNS],
                         struct error *error)
{
    const char *name;
    json_t *member;
    if (!json_is_object(row))
        return error_set(error, ERROR_INPUT, "this is no object of JSON");
    json_object_foreach((json_t *)(uintptr_t)row, name, member)
    {
        size_t column = column_of(name);
        char *text = column < COLUMNS ? text_of(member, arena) : NULL;
        if (!text)
            return error_set(error, ERROR_INPUT, "\"%.40s\" %s", name,
                             column < COLUMNS ? "is no text or number" : "is no member of it");
        fields[column] = text;
    }
    return true;
}

static bool parse(struct reputation_file *file, struct arena *arena, char *fields[COLUMNS],
                  struct error *error)
{
    json_error_t why;
    json_t *row = json_loadb(file->text, file->length, JSON_REJECT_DUPLICATES, &why);
    bool good = row ? take_members(row, arena, fields, error)
                    : error_set(error, ERROR_INPUT, "this is no JSON: %s", why.text);
    json_decref(row);
    return good;
}

/* Which of the two it is, and the header; false: that cannot be. */
static bool begin(struct reputation_file *file, struct error *error)
{
    static const unsigned char mark[] = {0xef, 0xbb, 0xbf}; /* of UTF-8, as spreadsheets write it */
    file->begun = true;
    for (size_t i = 0; i < sizeof mark && peek(file) == mark[i]; i++)
        next_character(file);
    file->json = peek(file) == '{';
    return file->json || peek(file) == EOF || read_header(file, error);
}

enum reputation_file_outcome reputation_file_next(struct reputation_file *file,
                                                  struct document *scratch,
                                                  struct identity *identity,
                                                  struct reputation_counts *counts,
                                                  struct error *error)
{
    static char empty[] = "";
    char *fields[COLUMNS];
    size_t count;
    if (!file->begun && !begin(file, error)) {
        file->ended = true;
        return REPUTATION_FILE_BROKEN;
    }
    for (size_t i = 0; i < COLUMNS; i++)
        fields[i] = empty;
    do {
        if (file->ended || peek(file) == EOF)
            return REPUTATION_FILE_END;
        if (!read_text(file, &count, error))
            return REPUTATION_FILE_BROKEN;
    } while (!file->length);
    bool good =
        file->json ? parse(file, scratch->arena, fields, error) : split(file, count, fields, error);
    return good && read_row(file->config, fields, scratch, identity, counts, error)
               ? REPUTATION_FILE_ROW
               : REPUTATION_FILE_BROKEN;
}
