#include "admin/console_pages.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "store/memory.h"

#define PAGE_MAX ((size_t)1 << 20)

struct console_pages {
    struct console_page *pages;
    size_t count;
};

static const char *type_of(const char *name)
{
    static const char *const types[][2] = {{".html", "text/html; charset=utf-8"},
                                           {".css", "text/css; charset=utf-8"},
                                           {".js", "text/javascript; charset=utf-8"},
                                           {".svg", "image/svg+xml"}};
    const char *dot = strrchr(name, '.');
    for (size_t i = 0; dot && i < sizeof types / sizeof *types; i++) {
        if (strcmp(dot, types[i][0]) == 0)
            return types[i][1];
    }
    return NULL;
}

static bool read_page(struct console_pages *pages, const char *directory, const char *name,
                      struct error *error)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *file = fopen(path, "re");
    if (!file)
        return error_set(error, ERROR_SYSTEM, "%s: %s", path, strerror(errno));
    struct console_page page = {
        .name = memory_text(name), .content = memory_new(PAGE_MAX), .type = type_of(name)};
    page.length = fread(page.content, 1, PAGE_MAX, file);
    bool good = !ferror(file) && page.length < PAGE_MAX;
    fclose(file);
    XXH128_hash_t hash = XXH3_128bits(page.content, page.length);
    snprintf(page.etag, sizeof page.etag, "\"%016" PRIx64 "%016" PRIx64 "\"", (uint64_t)hash.high64,
             (uint64_t)hash.low64);
    page.content = memory_resize(page.content, page.length + 1);
    pages->pages = memory_resize(pages->pages, (pages->count + 1) * sizeof page);
    pages->pages[pages->count++] = page;
    return good || error_set(error, ERROR_SYSTEM, "%s: cannot be read, or is too large", path);
}

struct console_pages *console_pages_read(const char *directory, struct error *error)
{
    DIR *entries = opendir(directory);
    if (!entries) {
        error_set(error, ERROR_SYSTEM, "console.pages: %s: %s", directory, strerror(errno));
        return NULL;
    }
    struct console_pages *pages = memory_new(sizeof *pages);
    bool good = true;
    for (struct dirent *entry; good && (entry = readdir(entries));)
        good = !type_of(entry->d_name) || read_page(pages, directory, entry->d_name, error);
    closedir(entries);
    if (good && !console_pages_find(pages, "/"))
        good = error_set(error, ERROR_SYSTEM, "console.pages: %s has no index.html", directory);
    if (good)
        return pages;
    console_pages_free(pages);
    return NULL;
}

void console_pages_free(struct console_pages *pages)
{
    for (size_t i = 0; pages && i < pages->count; i++) {
        free(pages->pages[i].name);
        free(pages->pages[i].content);
    }
    if (pages)
        free(pages->pages);
    free(pages);
}

const struct console_page *console_pages_find(const struct console_pages *pages, const char *target)
{
    const char *name = strcmp(target, "/") == 0 ? "index.html" : target + (*target == '/');
    for (size_t i = 0; i < pages->count; i++) {
        if (strcmp(pages->pages[i].name, name) == 0)
            return &pages->pages[i];
    }
    return NULL;
}
