#include "core/gatherers.h"
