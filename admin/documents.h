/* documents: the documents in files. A path is a file, a directory (all files below it, by name;
 * of a Maildir what is in cur and new), or "-", standard input. A file is recognised by what it
 * holds: a message, an mbox of several, or a feed, which gives one document for each item. */
#ifndef WEIR_DOCUMENTS_H
#define WEIR_DOCUMENTS_H

#include "core/document.h"
#include "store/error.h"

#include <stdbool.h>
#include <stddef.h>

struct documents;

/* The largest mbox that is read. */
#define DOCUMENTS_MBOX_LIMIT (1024u * 1024 * 1024)

/* Of a longer message only `mail_limit_bytes` are looked at. */
struct documents *documents_new(size_t mail_limit_bytes);
void documents_free(struct documents *documents);

/* Adds what `path` names; a directory is listed now. On failure nothing was added. */
bool documents_add(struct documents *documents, const char *path, struct error *error);

/* Adds each line of the file `path` ("-": standard input) as a path. A line that cannot be opened
 * is found out by documents_next(). */
bool documents_add_list(struct documents *documents, const char *path, struct error *error);

struct sample {
    struct document *document;
    const char *file;      /* lent by `documents`; "-" for standard input */
    size_t index;          /* within an mbox or feed, from 1; 0: the file is the document */
    size_t size_bytes;     /* of the document in its file */
    struct buffer *buffer; /* the bytes the document points into */
};

enum next_outcome {
    NEXT_DOCUMENT, /* `*sample` is filled; give it back with sample_clear() */
    NEXT_ERROR,    /* a file could not be read or is no document; there may be more */
    NEXT_END
};
enum next_outcome documents_next(struct documents *documents, struct sample *sample,
                                 struct error *error);

/* Frees document and bytes. Samples may outlive the next call, but not `documents`. */
void sample_clear(struct sample *sample);

/* How much of all is done, 0 to 1; by files, and by bytes within one. */
double documents_progress(const struct documents *documents);

#endif
