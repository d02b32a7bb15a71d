#include "core/learn.h"
