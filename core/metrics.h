/* metrics: what this process has counted and how it stands, for Prometheus. A table of rows
 * (metrics.c): name, help, type, labels with all the values they may have, so that nothing from
 * outside ever becomes a label. One registry in the process; all calls are thread-safe and, but for
 * metrics_text(), one relaxed atomic operation or two.
 *
 * Names are weir_*, units are base units (seconds, bytes), as Prometheus' conventions want it. */
#ifndef WEIR_METRICS_H
#define WEIR_METRICS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Who shows which rows. */
enum metrics_program {
    METRICS_MILTER = 1,
    METRICS_RELEASE = 2,
    METRICS_FEEDFILTER = 4,
    METRICS_CONSOLE = 8
};

enum metric {
    METRIC_DOCUMENTS, /* counter; cells: metrics_documents_cell() */
    METRIC_JUDGING,   /* histogram */
    METRIC_COUNTS_UP, /* gauges from here to METRIC_HELD */
    METRIC_REPLICA_VERSION,
    METRIC_JOURNAL_WAITING, /* lessons */
    METRIC_JOURNAL_BYTES,
    METRIC_JOURNAL_LIMIT_BYTES,
    METRIC_HELD,               /* cells: enum held_state */
    METRIC_RECORDS_ERRORS,     /* counter */
    METRIC_MESSAGES_UNDER_WAY, /* gauge */
    METRIC_FEEDS,              /* gauge; cells: enum metrics_feed */
    METRIC_FETCHES,            /* counter; cells: enum metrics_fetch */
    METRIC_DUPLICATES,         /* counter */
    METRIC_RESPONSES,          /* counter; cells: metrics_response_cell() */
    METRIC_REQUESTS,           /* counter; cells: metrics_request_cell() */
    METRIC_ANSWERING,          /* histogram; cells: enum metrics_route */
    METRIC_CONNECTIONS,        /* gauge */
    METRIC_DROPPED,            /* counter; cells: enum records_dropped */
    METRIC_VOLUME_DROPPED,     /* counter; identities of documents */
    METRICS
};

/* How a subscription stands. */
enum metrics_feed {
    METRICS_FEED_OK,
    METRICS_FEED_WAITING,  /* for its first version */
    METRICS_FEED_FAILING,  /* to be fetched */
    METRICS_FEED_UNJUDGED, /* what its items are cannot be told: the whole passes */
    METRICS_FEED_GONE,     /* for good, as its site says: asked for no more */
    METRICS_FEED_STATES
};
const char *metrics_feed_name(enum metrics_feed state); /* "ok", "waiting" … */

enum metrics_fetch { METRICS_FETCH_CHANGED, METRICS_FETCH_UNCHANGED, METRICS_FETCH_FAILED };

/* What readers of feeds and others ask weir-feedfilter for. */
enum metrics_route {
    METRICS_ROUTE_FEED,
    METRICS_ROUTE_HELD, /* of a feed: /q/NAME */
    METRICS_ROUTE_OPML,
    METRICS_ROUTE_HUB, /* what WebSub hubs ask and send */
    METRICS_ROUTE_HEALTH,
    METRICS_ROUTE_METRICS,
    METRICS_ROUTE_OTHER,
    METRICS_ROUTES
};

/* Before the others: from now on the uptime runs. `version` (lent) is the program's. */
void metrics_start(enum metrics_program program, const char *version);

/* "mail" or "feed", "accept" and so on (what stands behind a blank is passed over). */
unsigned metrics_documents_cell(const char *channel, const char *action);
unsigned metrics_response_cell(unsigned status);
unsigned metrics_request_cell(enum metrics_route route, unsigned status);

/* Cells of rows without labels are 0. Gauges may go down. */
void metrics_add(enum metric metric, unsigned cell, int64_t amount);
void metrics_set(enum metric metric, unsigned cell, int64_t value);
void metrics_observe(enum metric metric, unsigned cell, double seconds);

/* What `write` writes comes behind the rows, in the same format: families whose labels are the
 * admin's names, escaped. NULL: nothing any more; when this returns, it is not being called. */
void metrics_also(void (*write)(void *context, FILE *file), void *context);

/* All rows of this program in the text format 0.0.4; to be freed with free(). */
char *metrics_text(size_t *length);

#define METRICS_CONTENT_TYPE "text/plain; version=0.0.4; charset=utf-8"

#endif
