#include "core/mail.h"
