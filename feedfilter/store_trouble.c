#include "feedfilter/store_trouble.h"

#include <stdio.h>
#include <string.h>

const char *store_trouble_reason(const char *message)
{
    for (const char *colon; (colon = strstr(message, ": "));)
        message = colon + 2;
    return message;
}

void store_trouble_set(struct store_trouble *trouble, const char *message)
{
    pthread_mutex_lock(&trouble->lock);
    snprintf(trouble->text, sizeof trouble->text, "%s",
             message ? store_trouble_reason(message) : "");
    pthread_mutex_unlock(&trouble->lock);
}

void store_trouble_get(struct store_trouble *trouble, char text[STORE_TROUBLE_SIZE])
{
    pthread_mutex_lock(&trouble->lock);
    memcpy(text, trouble->text, STORE_TROUBLE_SIZE);
    pthread_mutex_unlock(&trouble->lock);
}
