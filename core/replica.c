#include "core/replica.h"
