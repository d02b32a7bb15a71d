#include "store/lesson.h"
