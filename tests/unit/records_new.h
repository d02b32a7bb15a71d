/* records_new: records for a test, in a file that is not there yet. Each file is a copy of one that
 * the program made at first: valgrind takes long over how it is made. */
#ifndef WEIR_TEST_RECORDS_NEW_H
#define WEIR_TEST_RECORDS_NEW_H

#include "store/records.h"

/* As records_open(). */
struct records *records_new(const char *path, struct error *error);

#endif
