/* monotonic: the clock that no administrator sets, and conditions that wait by it. */
#ifndef WEIR_MONOTONIC_H
#define WEIR_MONOTONIC_H

#include <pthread.h>
#include <stdint.h>
#include <time.h>

/* Since some moment before the program began. */
int64_t monotonic_ms(void);
double monotonic_s(void);

/* `ms` from now, for pthread_cond_timedwait() with such a condition. */
struct timespec monotonic_after_ms(unsigned ms);

void monotonic_condition_init(pthread_cond_t *condition);

#endif
