#include "core/reputation.h"
