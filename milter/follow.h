/* follow: what weir-release does with the records of held mail: carries out requests, and notices
 * what became of messages in the hold queue. */
#ifndef WEIR_FOLLOW_H
#define WEIR_FOLLOW_H

#include "core/config.h"
#include "store/records.h"

#include <stdbool.h>
#include <stdint.h>

struct follower {
    const struct config *config;
    struct records *records;
    int hold;              /* descriptor of weir-hold */
    int64_t next_look_s;   /* when messages without a request are looked at again */
    int64_t pause_until_s; /* after a command of Postfix failed */
};

/* One pass over the records. Each request is carried out once, however often it was asked and
 * wherever the last pass was interrupted. False when there is no point in going on: weir-hold is
 * gone. Trouble with the records is logged, and the next pass tries again. Tells the service
 * manager after each record that it works: Postfix may take some seconds for one. */
bool follow(struct follower *follower, struct error *error);

#endif
