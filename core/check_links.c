#include "core/checks.h"
