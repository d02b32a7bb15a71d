/* fetch_hosts: politeness. How many fetches are under way to each host, and when its next may
 * begin. A host is what stands in the URL that is asked for first, in lower case and without its
 * port; redirects to others are not counted. For the fetcher's thread only. */
#ifndef WEIR_FETCH_HOSTS_H
#define WEIR_FETCH_HOSTS_H

#include <stdint.h>

struct fetch_hosts;
struct fetch_host;

/* At most `at_once` fetches to a host (0: no such limit), which begin `spacing_ms` apart, as far as
 * the caller comes in time: 50 ms that it is late are made up for by the next ones. */
struct fetch_hosts *fetch_hosts_new(unsigned at_once, unsigned spacing_ms);
void fetch_hosts_free(struct fetch_hosts *hosts); /* NULL is fine */

/* The same one for the same name; it lives as long as `hosts`, which keeps about a hundred bytes
 * for each that it ever met. */
struct fetch_host *fetch_hosts_find(struct fetch_hosts *hosts, const char *name);

/* Milliseconds until a fetch may begin at `now_ms` (of a clock that only goes forward); 0: now;
 * INT64_MAX: once another one has ended. */
int64_t fetch_hosts_wait_ms(const struct fetch_hosts *hosts, const struct fetch_host *host,
                            int64_t now_ms);
void fetch_hosts_begin(const struct fetch_hosts *hosts, struct fetch_host *host, int64_t now_ms);
void fetch_hosts_end(struct fetch_host *host);

#endif
