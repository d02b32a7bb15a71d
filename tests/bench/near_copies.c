/* near_copies INDEX ROOT: how well `shingle` identities tie copies of a text together, of which 5,
 * 10 and 20 % of the words were changed, and how often they tie ham that is not alike. One JSON
 * object. Two documents are tied when they have a shingle in common; they are alike when they share
 * at least ALIKE of what the features of their bodies are. A word of a script without blanks is two
 * characters here. */
#include "admin/evaluate_corpus.h"
#include "core/features.h"
#include "core/gatherers.h"
#include "core/mail.h"
#include "core/text.h"
#include "store/memory.h"
#include "tests/bench/bench_program.h"

#include <inttypes.h>
#include <stdio.h>

#define ALIKE 0.3
#define SHINGLES_MAX 32
#define POOL_MAX 200000u

static const unsigned shares[] = {5, 10, 20};
#define SHARES (sizeof shares / sizeof *shares)

struct seen {
    enum label label;
    uint64_t shingles[SHINGLES_MAX];
    size_t shingle_count;
    uint64_t *features; /* of the body, ascending */
    size_t feature_count;
};

struct words {
    struct span *words;
    size_t count;
};

static struct config *config;
static uint64_t drawn = 0x9e3779b97f4a7c15u;

/* xorshift64: the same on every machine */
static uint64_t draw(void)
{
    drawn ^= drawn << 13;
    drawn ^= drawn >> 7;
    drawn ^= drawn << 17;
    return drawn;
}

static bool is_blank(char c)
{
    return (unsigned char)c <= ' ';
}

/* Whether the script writes no blanks between its words: kana, Han, hangul and wide forms. */
static bool is_unspaced(const char *at, const char *end)
{
    return text_next(&at, end) >= 0x2e80;
}

/* The next word of `*rest`, and whether blanks are around it; empty at the end. */
static struct span next_word(struct span *rest)
{
    const char *at = rest->data, *end = rest->data + rest->length;
    const char *start = at;
    if (at < end && is_unspaced(at, end)) {
        for (int i = 0; i < 2 && at < end && is_unspaced(at, end); i++)
            text_next(&at, end);
    } else {
        while (at < end && !is_blank(*at) && !is_unspaced(at, end))
            text_next(&at, end);
    }
    *rest = (struct span){at, (size_t)(end - at)};
    return (struct span){start, (size_t)(at - start)};
}

static struct span take_blanks(struct span *rest)
{
    size_t length = 0;
    while (length < rest->length && is_blank(rest->data[length]))
        length++;
    struct span blanks = {rest->data, length};
    *rest = (struct span){rest->data + length, rest->length - length};
    return blanks;
}

/* Words of both kinds, so that one is replaced by one of its own kind. */
static struct words pool[2];

static void add_to_pool(struct span text)
{
    while (text.length) {
        take_blanks(&text);
        struct span word = next_word(&text);
        if (!word.length)
            continue;
        struct words *words = &pool[is_unspaced(word.data, word.data + word.length)];
        if (words->count < POOL_MAX)
            words->words[words->count++] =
                (struct span){memory_copy(word.data, word.length), word.length};
    }
}

static struct span changed(struct arena *arena, struct span text, unsigned share)
{
    size_t room = 4 * text.length + 1000, length = 0;
    char *out = arena_text(arena, room);
    while (text.length) {
        struct span blanks = take_blanks(&text), word = next_word(&text);
        const struct words *words =
            &pool[word.length && is_unspaced(word.data, word.data + word.length)];
        if (word.length && words->count && draw() % 100 < share)
            word = words->words[draw() % words->count];
        if (length + blanks.length + word.length > room)
            break;
        memcpy(out + length, blanks.data, blanks.length);
        memcpy(out + length + blanks.length, word.data, word.length);
        length += blanks.length + word.length;
    }
    return (struct span){out, length};
}

static void complete(struct document *document)
{
    size_t count;
    const struct gatherer *rows = gatherers_all(&count);
    features_extract(document);
    gatherers_run(rows, count, document, config);
}

static size_t shingles_of(const struct document *document, uint64_t shingles[SHINGLES_MAX])
{
    size_t count = 0;
    for (size_t i = 0; i < document->identity_count && count < SHINGLES_MAX; i++)
        if (document->identities[i].type == IDENTITY_SHINGLE)
            shingles[count++] =
                strtoull(arena_copy(document->arena, document->identities[i].value).data, NULL, 16);
    return count;
}

static bool tied(const struct seen *seen, const uint64_t *shingles, size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < seen->shingle_count; j++)
            if (shingles[i] == seen->shingles[j])
                return true;
    return false;
}

static struct seen look(const struct document *document, enum label label)
{
    struct seen seen = {.label = label};
    seen.shingle_count = shingles_of(document, seen.shingles);
    seen.features = memory_new(document->feature_count * sizeof *seen.features);
    for (size_t i = 0; i < document->feature_count; i++)
        if (feature_group(document->features[i]) == FEATURE_GROUP_BODY)
            seen.features[seen.feature_count++] = document->features[i];
    return seen;
}

static bool copy_is_tied(const struct document *document, const struct seen *seen, unsigned share)
{
    uint64_t shingles[SHINGLES_MAX];
    struct document *copy = document_new(CHANNEL_MAIL);
    for (size_t i = 0; i < document->text_count; i++)
        document_add_text(copy, document->texts[i].kind,
                          changed(copy->arena, document->texts[i].content, share),
                          document->texts[i].from_html);
    complete(copy);
    bool found = tied(seen, shingles, shingles_of(copy, shingles));
    document_free(copy);
    return found;
}

static double likeness(const struct seen *a, const struct seen *b)
{
    size_t both = 0, i = 0, j = 0;
    while (i < a->feature_count && j < b->feature_count) {
        both += a->features[i] == b->features[j];
        bool first = a->features[i] <= b->features[j], second = b->features[j] <= a->features[i];
        i += first;
        j += second;
    }
    size_t all = a->feature_count + b->feature_count - both;
    return all ? (double)both / (double)all : 1;
}

struct entry {
    uint64_t shingle;
    size_t document;
};

static int compare(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    return (x->shingle > y->shingle) - (x->shingle < y->shingle);
}

/* Counts the pairs of ham that are tied and not alike, and the documents in one. */
static void count_false(const struct seen *seen, size_t count)
{
    struct entry *entries = memory_new(count * SHINGLES_MAX * sizeof *entries);
    bool *in_pair = memory_new(count);
    size_t n = 0, ham = 0, ties = 0, documents = 0;
    for (size_t i = 0; i < count; i++) {
        if (seen[i].label != LABEL_HAM || !seen[i].shingle_count)
            continue;
        ham++;
        for (size_t j = 0; j < seen[i].shingle_count; j++)
            entries[n++] = (struct entry){seen[i].shingles[j], i};
    }
    qsort(entries, n, sizeof *entries, compare);
    for (size_t i = 0; i < n; i++)
        for (size_t j = i + 1; j < n && entries[j].shingle == entries[i].shingle; j++) {
            const struct seen *a = &seen[entries[i].document], *b = &seen[entries[j].document];
            if (likeness(a, b) >= ALIKE)
                continue;
            ties++;
            documents += !in_pair[entries[i].document] + !in_pair[entries[j].document];
            in_pair[entries[i].document] = in_pair[entries[j].document] = true;
        }
    printf("\"ham\":%zu,\"false_ties_per_million_pairs\":%.2f,\"ham_falsely_tied\":%.3f", ham,
           2e6 * (double)ties / ((double)ham * ((double)ham - 1)),
           100.0 * (double)documents / (double)ham);
    free(entries);
    free(in_pair);
}

static struct document *load(const struct corpus *corpus, size_t i, struct corpus_bytes *bytes)
{
    struct error error = {0};
    if (!corpus_load(corpus, &corpus->entries[i], bytes, &error))
        fail(corpus->entries[i].path, error.message);
    return corpus_parse(corpus, bytes);
}

int main(int argc, char **argv)
{
    struct corpus corpus = {.items = -1};
    struct corpus_bytes bytes;
    struct error error = {0};
    if (argc != 3)
        fail("usage", "near_copies INDEX ROOT");
    config = config_defaults();
    mail_init();
    for (size_t i = 0; i < 2; i++)
        pool[i].words = memory_new(POOL_MAX * sizeof *pool[i].words);
    if (!corpus_read_index(&corpus, argv[1], argv[2], &error))
        fail(argv[1], error.message);
    corpus_shuffle(&corpus, 1);
    struct seen *seen = memory_new(corpus.count * sizeof *seen);
    size_t copies = 0, recalled[SHARES] = {0};
    for (size_t i = 0; i < corpus.count; i++) {
        struct document *document = load(&corpus, i, &bytes);
        for (size_t j = 0; j < document->text_count; j++)
            add_to_pool(document->texts[j].content);
        complete(document);
        seen[i] = look(document, corpus.entries[i].label);
        copies += seen[i].shingle_count > 0;
        for (size_t j = 0; j < SHARES && seen[i].shingle_count; j++)
            recalled[j] += copy_is_tied(document, &seen[i], shares[j]);
        document_free(document);
        free(bytes.data);
    }
    printf("{\"documents\":%zu,\"copied\":%zu,", corpus.count, copies);
    for (size_t j = 0; j < SHARES; j++)
        printf("\"recall_%u\":%.2f,", shares[j], 100.0 * (double)recalled[j] / (double)copies);
    count_false(seen, corpus.count);
    printf("}\n");
    return 0;
}
