/* gateway: what all sessions of weir-milter share. Set up by main.c before the first callback. */
#ifndef WEIR_GATEWAY_H
#define WEIR_GATEWAY_H

#include "core/automatic.h"
#include "core/judge_stores.h"
#include "store/records.h"

#include <stdatomic.h>
#include <stdbool.h>

struct gateway {
    struct judge_stores stores;
    struct records *records, *reading; /* of one file: what reads waits for no writer */
    struct automatic *automatic;
    atomic_bool stopping; /* new messages get milter.when_stopping */
    atomic_bool closed;   /* the program ends: what stands above is not to be touched any more */
    atomic_int messages;  /* under way, between MAIL and their end */
    atomic_int judging;   /* of them, at their end: using what stands above */
};

#endif
