/* fetching: one fetch at a time, waited for. */
#ifndef WEIR_TESTS_FETCHING_H
#define WEIR_TESTS_FETCHING_H

#include "feedfilter/fetch.h"

/* Loopback is allowed, but for 127.0.0.9; 1 MiB, 60 s, 5 redirects, 8 at once. */
struct fetch_limits fetching_limits(void);

/* With a fetcher of its own under `limits`. Free with fetch_answer_clear(). */
struct fetch_answer fetching_once(const struct fetch_limits *limits,
                                  const struct fetch_request *request);

/* A subscription to `url` and nothing else, under fetching_limits(). */
struct fetch_answer fetching_url(const char *url);

#endif
