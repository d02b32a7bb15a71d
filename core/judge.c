#include "core/judge.h"
