/* The recipe: which features a document has.
 *
 * Text becomes tokens (tokens.h). Each place has a prefix, so that the same word in a subject and
 * in a Received header are two features:
 *   body text, and subject words a second time   no prefix
 *   ways a word is written to be missed          disguised:  wide:  marked:  split:  mixed:
 *                                                spaced:  digits:  numbered:, and but for the
 *                                                last two evasion:, whichever of them it is
 *   subject or title                             subject:
 *   a header's words                             its name in lower case, "from:"
 *   header after the one before it               ho:
 *   Received: host, last two labels, TLD,        r:  r2:  rt:
 *     protocol words                             rp:
 *   Message-ID: domain words, shape of the rest  mid:  midshape:
 *   Date: the zone only                          zone:
 *   parts: type, charset, encoding, file name,   type:  charset:  encoding:  file:
 *     extension, log2 of the size                extension:  size:
 *   HTML: that there is any, short attributes    markup:  attribute:
 *   categories of a feed item                    category:
 *   links: scheme, host, each suffix of it, TLD, scheme:  host:  tld:
 *     path words, what is odd about them         path:  link:
 * All of these are others in remarks, which are comments and feed items without a title; they also
 * have each four letters in a row of longer words (within:) and each ideograph alone, since they
 * are short, and each of their words is rare.
 * A text that was taken from elsewhere to carry a list of keywords (keyword_list.h) gives none; the
 * list does.
 * Headers that filters, mail stores and weir itself write are never a feature: they would teach
 * the model its own verdicts. */
#include "core/features.h"

#include "core/keyword_list.h"
#include "core/text.h"
#include "core/tokens.h"

#include <string.h>
#include <xxhash.h>

/* A header line longer than this says nothing new; To: lists of thousands do not flood the set. */
#define HEADER_CODE_POINTS 1000u
#define LINKS_LOOKED_AT 200u
#define HEADERS_LOOKED_AT 200u
#define CATEGORIES_LOOKED_AT 50u

/* Hashes of a document that need no memory of its arena while they are gathered and sorted. */
#define FEW 4096u

/* Hashes of remarks differ from those of everything else in these bits. Of 5,008 articles 73 were
 * held after comments on videos had been taught, when words were the same in both: who asks viewers
 * to subscribe is a spammer among comments, and the owner in the text under a video. */
#define REMARKS 0xc96b83d15e0f27a8u

/* Of FEATURES_MAX, what is left to those that are not of the body. */
#define FEATURES_OTHER_LEAST 600u

static const char *const ignored_headers[] = {
    "content-length", "lines",           "status",         "x-status",    "x-uid",
    "x-uidl",         "x-imap",          "x-imapbase",     "x-keywords",  "x-folder",
    "x-bogosity",     "x-dspam",         "x-gmail-labels", "x-evolution", "x-evolution-source",
    "x-ham-report",   "x-rspamd-server", "x-label",        "x-lines",     "x-original-date",
    "x-pyzor"};
static const char *const ignored_starts[] = {"x-spam",    "x-virus", "x-weir",
                                             "x-mozilla", "x-kmail", "x-amavis",
                                             "x-crm114",  "x-dspam", "x-rspamd"};

static bool header_is_ignored(struct span name)
{
    if (name.length && (name.data[0] | 0x20) != 'x' && (name.data[0] | 0x20) != 'c' &&
        (name.data[0] | 0x20) != 'l' && (name.data[0] | 0x20) != 's')
        return false;
    if (span_is_among_nocase(name, ignored_headers,
                             sizeof ignored_headers / sizeof *ignored_headers))
        return true;
    for (size_t i = 0; i < sizeof ignored_starts / sizeof *ignored_starts; i++)
        if (span_starts_nocase(name, span_of(ignored_starts[i])))
            return true;
    return false;
}

/* "example.org" of "mail.example.org": by dots only, so that it is the same on every machine
 * whatever public suffix list that has. */
static struct span last_labels(struct span host, int labels)
{
    size_t at = host.length;
    while (at > 0) {
        if (host.data[at - 1] == '.' && --labels == 0)
            break;
        at--;
    }
    return (struct span){host.data + at, host.length - at};
}

/* What a Received header has of host characters: dots count 1, digits DIGIT, others OTHER, and what
 * is none 0. */
#define DIGIT (1u << 10)
#define OTHER (1u << 20)
static const uint32_t host_characters[256] = {
    ['.'] = 1,     ['0' ... '9'] = DIGIT, ['a' ... 'z'] = OTHER, ['A' ... 'Z'] = OTHER,
    ['-'] = OTHER, ['_'] = OTHER};

_Static_assert(HEADER_CODE_POINTS < DIGIT, "none of the sums runs over into the next");

/* One run of host characters in a Received header: a host, a word of protocol, or an address, which
 * is a matter of reputation. */
static void emit_received_word(struct token_set *set, struct span word, uint32_t sum)
{
    size_t dots = sum % DIGIT, digits = sum % OTHER / DIGIT;
    if (dots == 3 && digits + dots == word.length)
        return;
    if (dots) {
        emit_literal(set, SPAN("r:"), word);
        emit_literal(set, SPAN("r2:"), last_labels(word, 2));
        emit_literal(set, SPAN("rt:"), last_labels(word, 1));
    } else if (digits == 0) {
        emit_literal(set, SPAN("rp:"), word);
    }
}

static void add_received(struct token_set *set, struct span value)
{
    /* What follows the last ';' is the time. */
    const char *semicolon = memrchr(value.data, ';', value.length);
    const char *end = semicolon ? semicolon : value.data + value.length;
    if (end - value.data > (long)HEADER_CODE_POINTS)
        end = value.data + HEADER_CODE_POINTS;
    for (const char *at = value.data; at < end; at++) {
        const char *start = at;
        uint32_t sum = 0;
        for (uint32_t one; at < end && (one = host_characters[(unsigned char)*at]); at++)
            sum += one;
        struct span word = {start, (size_t)(at - start)};
        for (; word.length && word.data[word.length - 1] == '.'; word.length--)
            sum--;
        if (word.length && word.data[0] != '.')
            emit_received_word(set, word, sum);
    }
}

/* The local part's shape: runs of digits, of lower and of upper case become one sign each. */
static void add_message_id(struct token_set *set, struct span value)
{
    const char *at_sign = memchr(value.data, '@', value.length);
    char shape[40];
    size_t length = 0;
    const char *end = at_sign ? at_sign : value.data + value.length;
    for (const char *at = value.data; at < end && length < sizeof shape; at++) {
        char c = *at;
        char sign = c >= '0' && c <= '9'   ? '9'
                    : c >= 'a' && c <= 'z' ? 'a'
                    : c >= 'A' && c <= 'Z' ? 'A'
                                           : c;
        if (length == 0 || shape[length - 1] != sign)
            shape[length++] = sign;
    }
    emit_literal(set, SPAN("midshape:"), (struct span){shape, length});
    if (at_sign) {
        size_t budget = HEADER_CODE_POINTS;
        struct place place = place_of(SPAN("mid:"));
        tokens_read(set, &place,
                    (struct span){at_sign + 1, (size_t)(value.data + value.length - at_sign - 1)},
                    &budget);
    }
}

static void add_date(struct token_set *set, struct span value)
{
    const char *colon = memrchr(value.data, ':', value.length);
    const char *at = colon ? colon : value.data;
    const char *end = value.data + value.length;
    while (at < end && *at != ' ')
        at++;
    emit_literal(set, SPAN("zone:"), span_trim((struct span){at, (size_t)(end - at)}));
}

static struct span lower(char *buffer, size_t room, struct span name)
{
    size_t length = name.length < room ? name.length : room;
    for (size_t i = 0; i < length; i++) {
        char c = name.data[i];
        buffer[i] = c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
    }
    return (struct span){buffer, length};
}

static void add_headers(struct token_set *set, const struct document *document)
{
    struct span before = SPAN("");
    char names[2][64];
    size_t seen = 0;
    for (size_t i = 0; i < document->header_count && seen < HEADERS_LOOKED_AT; i++) {
        const struct header *header = &document->headers[i];
        if (header_is_ignored(header->name))
            continue;
        struct span name = lower(names[seen % 2], sizeof names[0] - 1, header->name);
        seen++;
        emit_literal_pair(set, SPAN("ho:"), before, name);
        before = name;
        if (span_equal(name, SPAN("received"))) {
            add_received(set, header->value);
        } else if (span_equal(name, SPAN("message-id"))) {
            add_message_id(set, header->value);
        } else if (span_equal(name, SPAN("date"))) {
            add_date(set, header->value);
        } else if (!span_equal(name, SPAN("subject"))) {
            size_t budget = HEADER_CODE_POINTS;
            struct place place = place_of(name);
            tokens_read(set, &place, header->value, &budget);
        }
    }
}

static void add_parts(struct token_set *set, const struct document *document)
{
    struct place file = place_of(SPAN("file:"));
    for (size_t i = 0; i < document->part_count; i++) {
        const struct part *part = &document->parts[i];
        emit_literal(set, SPAN("type:"), part->type);
        emit_literal(set, SPAN("charset:"), part->charset);
        emit_literal(set, SPAN("encoding:"), part->encoding);
        if (part->file_name.length) {
            size_t budget = HEADER_CODE_POINTS;
            tokens_read(set, &file, part->file_name, &budget);
            emit_literal(set, SPAN("extension:"), last_labels(part->file_name, 1));
        }
        if (!part->is_text) {
            char size = 'a';
            for (size_t bytes = part->size_bytes; bytes; bytes >>= 1)
                size++;
            emit_literal(set, SPAN("size:"), (struct span){&size, 1});
        }
    }
}

static void add_structures(struct token_set *set, const struct document *document)
{
    bool markup = false;
    for (size_t i = 0; i < document->structure_count; i++) {
        if (document->structures[i].kind == STRUCTURE_ATTRIBUTE)
            emit_literal(set, SPAN("attribute:"), document->structures[i].name);
        else
            markup = true;
    }
    /* Which tags there are teaches more of mail programs than of what is said. */
    if (markup)
        emit_literal(set, SPAN("markup:"), SPAN("html"));
}

static void add_categories(struct token_set *set, const struct document *document)
{
    struct place category = place_of(SPAN("category:"));
    for (size_t i = 0; i < document->category_count && i < CATEGORIES_LOOKED_AT; i++) {
        size_t budget = HEADER_CODE_POINTS;
        tokens_read(set, &category, document->categories[i], &budget);
    }
}

static void add_link(struct token_set *set, const struct place *path, const struct link *link)
{
    emit_literal(set, SPAN("scheme:"), link->scheme);
    if (link->host_is_address)
        emit_literal(set, SPAN("link:"), SPAN("address"));
    if (link->has_port)
        emit_literal(set, SPAN("link:"), SPAN("port"));
    if (link->has_user)
        emit_literal(set, SPAN("link:"), SPAN("user"));
    if (link->host.length) {
        struct span host = link->host;
        emit_literal(set, SPAN("host:"), host);
        const char *end = host.data + host.length;
        for (const char *dot;
             !link->host_is_address && (dot = memchr(host.data, '.', host.length)) != NULL;) {
            host = (struct span){dot + 1, (size_t)(end - dot - 1)};
            bool more = memchr(host.data, '.', host.length) != NULL;
            emit_literal(set, more ? SPAN("host:") : SPAN("tld:"), host);
        }
    }
    size_t budget = HEADER_CODE_POINTS;
    tokens_read(set, path, link->path, &budget);
}

/* What of a text of the body is the document's own. */
static struct span own_text(const struct document *document, size_t text)
{
    if (!keyword_list_borrows_text(document))
        return document->texts[text].content;
    return text == document->keyword_list->text ? document->keyword_list->lines : SPAN("");
}

static void add_texts(struct token_set *set, const struct document *document)
{
    struct place body = place_of(SPAN(""));
    body.is_text = body.is_body = true;
    struct place subject = place_of(SPAN("subject:"));
    subject.is_text = true;
    subject.also = &body;
    size_t budget = FEATURE_BODY_CODE_POINTS;
    for (size_t i = 0; i < document->text_count; i++) {
        size_t subject_budget = HEADER_CODE_POINTS;
        if (document->texts[i].kind == TEXT_SUBJECT)
            tokens_read(set, &subject, document->texts[i].content, &subject_budget);
        else
            tokens_read(set, &body, own_text(document, i), &budget);
    }
}

/* Somebody's comment, or a post without a title, which is as short. */
static bool is_remark(const struct document *document)
{
    return document->channel == CHANNEL_FEED &&
           (document->is_comment || !span_trim(document->subject).length);
}

/* Headers last: they alone can be many enough for the set to have no more room. */
static void walk(struct token_set *set, const struct document *document)
{
    struct place path = place_of(SPAN("path:"));
    set->family = is_remark(document) ? REMARKS : 0;
    size_t links = document->link_count < LINKS_LOOKED_AT ? document->link_count : LINKS_LOOKED_AT;
    add_texts(set, document);
    for (size_t i = 0; i < links; i++)
        add_link(set, &path, &document->links[i]);
    add_parts(set, document);
    add_structures(set, document);
    add_categories(set, document);
    add_headers(set, document);
}

/* Puts the hash where it belongs among those that are there, unless it is; how many there are then.
 */
static size_t insert_hash(uint64_t *hashes, size_t count, uint64_t hash)
{
    size_t at = count;
    while (at > 0 && hashes[at - 1] > hash)
        at--;
    if (at > 0 && hashes[at - 1] == hash)
        return count;
    memmove(hashes + at + 1, hashes + at, (count - at) * sizeof *hashes);
    hashes[at] = hash;
    return count + 1;
}

/* Sorts hashes, which are spread evenly, by one pass into buckets and insertion within them, into
 * `sorted`; removes doubles. Returns how many there are. */
static size_t sort_unique(const uint64_t *hashes, size_t n, uint32_t *starts, unsigned bits,
                          uint64_t *sorted)
{
    memset(starts, 0, (((size_t)1 << bits) + 1) * sizeof *starts);
    for (size_t i = 0; i < n; i++)
        starts[(hashes[i] >> (64 - bits)) + 1]++;
    for (size_t i = 1; i <= (size_t)1 << bits; i++)
        starts[i] += starts[i - 1];
    for (size_t i = 0; i < n; i++)
        sorted[starts[hashes[i] >> (64 - bits)]++] = hashes[i];
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        if (!kept || sorted[kept - 1] < sorted[i])
            sorted[kept++] = sorted[i];
        else
            kept = insert_hash(sorted, kept, sorted[i]);
    }
    return kept;
}

/* How many features of each group are kept of `count`: neither crowds out the other. */
static void share_room(const size_t count[FEATURE_GROUPS], size_t room[FEATURE_GROUPS])
{
    room[FEATURE_GROUP_OTHER] = FEATURES_OTHER_LEAST;
    if (count[FEATURE_GROUP_BODY] < FEATURES_MAX - FEATURES_OTHER_LEAST)
        room[FEATURE_GROUP_OTHER] = FEATURES_MAX - count[FEATURE_GROUP_BODY];
    room[FEATURE_GROUP_BODY] = FEATURES_MAX - FEATURES_OTHER_LEAST;
    if (count[FEATURE_GROUP_OTHER] < FEATURES_OTHER_LEAST)
        room[FEATURE_GROUP_BODY] = FEATURES_MAX - count[FEATURE_GROUP_OTHER];
}

/* The smallest of the set's hashes, in order, become the document's features. */
static void keep_features(struct document *document, const struct token_set *set)
{
    uint32_t few_starts[4 * FEW + 1], *starts = few_starts;
    uint64_t few[FEW], *sorted = few;
    size_t n = set->count;
    unsigned bits = 1;
    while (((size_t)1 << bits) < 2 * n) /* a bucket holds a half to one */
        bits++;
    if (n > FEW) {
        starts = arena_room(document->arena, (((size_t)1 << bits) + 1) * sizeof *starts);
        sorted = arena_room(document->arena, n * sizeof *sorted);
    }
    size_t kept = sort_unique(set->hashes, n, starts, bits, sorted);
    if (kept <= FEATURES_MAX) {
        document->features = arena_room(document->arena, kept * sizeof *document->features);
        memcpy(document->features, sorted, kept * sizeof *document->features);
        document->feature_count = kept;
        return;
    }
    size_t count[FEATURE_GROUPS] = {0}, room[FEATURE_GROUPS];
    for (size_t i = 0; i < kept; i++)
        count[feature_group(sorted[i])]++;
    share_room(count, room);
    document->feature_count = 0;
    document->features = arena_room(document->arena, FEATURES_MAX * sizeof *document->features);
    for (size_t i = 0; i < kept; i++) {
        size_t *left = &room[feature_group(sorted[i])];
        if (*left) {
            document->features[document->feature_count++] = sorted[i];
            --*left;
        }
    }
}

void features_extract(struct document *document)
{
    keyword_list_note(document);
    /* Most documents have no more, and a stack is warm. */
    uint64_t few[FEW];
    struct token_set set = {
        .arena = document->arena, .shingles = document->shingles, .hashes = few, .room = FEW};
    memset(document->shingles, 0xff, sizeof document->shingles);
    walk(&set, document);
    keep_features(document, &set);
    document->shingle_pairs = set.shingle_pairs;
    size_t most = 0;
    for (size_t i = SCRIPT_NONE + 1; i < SCRIPTS; i++) {
        if (set.letters[i] > most) {
            most = set.letters[i];
            document->script = (uint8_t)i;
        }
    }
}

void features_name(struct document *document, struct feature_name *names, size_t count)
{
    uint64_t unused[SHINGLE_BINS];
    memset(unused, 0xff, sizeof unused);
    struct token_set set = {
        .arena = document->arena, .shingles = unused, .names = names, .name_count = count};
    walk(&set, document);
}
