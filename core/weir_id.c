#include "core/weir_id.h"
