#include "core/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void test_memory_is_zeroed_and_aligned(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    arena_text(arena, 3);
    for (size_t size = 1; size < 300000; size = size * 3 + 1) {
        unsigned char *memory = arena_alloc(arena, size);
        assert_int_equal((uintptr_t)memory % 16, 0);
        for (size_t i = 0; i < size; i++)
            assert_int_equal(memory[i], 0);
        memset(memory, 0xff, size);
    }
    arena_free(arena);
}

static void test_reset_gives_zeroed_memory_again(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    memset(arena_alloc(arena, 1000), 0xff, 1000);
    arena_alloc(arena, 1000000);
    arena_reset(arena);
    char *memory = arena_alloc(arena, 1000);
    for (size_t i = 0; i < 1000; i++)
        assert_int_equal(memory[i], 0);
    arena_free(arena);
}

static void test_grown_array_keeps_its_items(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    int *items = NULL;
    for (int i = 0; i < 1000; i++) {
        items = arena_grow(arena, items, (size_t)i, sizeof *items);
        items[i] = i;
    }
    for (int i = 0; i < 1000; i++)
        assert_int_equal(items[i], i);
    arena_free(arena);
}

static void test_printf_gives_the_whole_text(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    struct span span = arena_printf(arena, "%d anchors of %s", 41, "特色");
    assert_true(span_equal(span, SPAN("41 anchors of 特色")));
    assert_int_equal(span.data[span.length], '\0');
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory_is_zeroed_and_aligned),
        cmocka_unit_test(test_reset_gives_zeroed_memory_again),
        cmocka_unit_test(test_grown_array_keeps_its_items),
        cmocka_unit_test(test_printf_gives_the_whole_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
