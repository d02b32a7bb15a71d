/* evaluate_corpus: labelled documents on disk: mail by an index, or feed items by lines of JSON.
 * Only paths, labels and places are kept; a document is read when it is its turn. */
#ifndef WEIR_EVALUATE_CORPUS_H
#define WEIR_EVALUATE_CORPUS_H

#include "core/document.h"
#include "store/error.h"
#include "store/lesson.h"

#include <stdint.h>
#include <sys/types.h>

struct corpus_entry {
    char *path; /* mail: as the index has it; items: "file:line" */
    enum label label;
    size_t number;      /* from 0, in the order of the file, whatever the shuffling */
    size_t source;      /* items: which of the corpus's sources */
    off_t offset;       /* items: where the line starts */
    size_t line_length; /* items: bytes of it */
};

struct corpus {
    const char *root; /* mail: what relative paths start from. Lent */
    int items;        /* items: the open file; -1: mail */
    struct corpus_entry *entries;
    size_t count;
    char **sources; /* items: their names, in order of appearance */
    size_t source_count;
};

/* Lines "ham|spam PATH", more words are ignored. ERROR_INPUT names the line that is wrong. On
 * failure the corpus is still to be cleared. */
bool corpus_read_index(struct corpus *corpus, const char *index, const char *root,
                       struct error *error);

/* Lines of JSON objects with label, title, content, and perhaps source, feed_title, link, author.
 */
bool corpus_read_items(struct corpus *corpus, const char *path, struct error *error);

void corpus_clear(struct corpus *corpus);

/* The same order for the same seed (Fisher and Yates). */
void corpus_shuffle(struct corpus *corpus, uint64_t seed);

/* One document as it is on disk; `data` is freed with free(). */
struct corpus_bytes {
    char *data;
    size_t length;
};
bool corpus_load(const struct corpus *corpus, const struct corpus_entry *entry,
                 struct corpus_bytes *bytes, struct error *error);

/* Reads the document as the fronts do; the bytes must outlive it. */
struct document *corpus_parse(const struct corpus *corpus, const struct corpus_bytes *bytes);

#endif
