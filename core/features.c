#include "core/features.h"
