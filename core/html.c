#include "core/html.h"
