#include "core/punycode.h"

#include "core/text.h"

/* RFC 3492, section 5 */
#define BASE 36u
#define T_MIN 1u
#define T_MAX 26u
#define SKEW 38u
#define DAMP 700u
#define INITIAL_BIAS 72u
#define INITIAL_N 128u

struct output {
    char *data;
    size_t length;
};

static bool put(struct output *output, char c)
{
    if (output->length == PUNYCODE_LABEL_MAX)
        return false;
    output->data[output->length++] = c;
    return true;
}

/* RFC 3492, 6.1 */
static uint32_t adapt(uint32_t delta, uint32_t points, bool first)
{
    uint32_t k = 0;
    delta = first ? delta / DAMP : delta / 2;
    for (delta += delta / points; delta > (BASE - T_MIN) * T_MAX / 2; k += BASE)
        delta /= BASE - T_MIN;
    return k + (BASE - T_MIN + 1) * delta / (delta + SKEW);
}

/* One delta as a number of variable length. */
static bool put_delta(struct output *output, uint32_t delta, uint32_t bias)
{
    for (uint32_t k = BASE;; k += BASE) {
        uint32_t t = k <= bias ? T_MIN : k >= bias + T_MAX ? T_MAX : k - bias;
        uint32_t digit = delta < t ? delta : t + (delta - t) % (BASE - t);
        if (!put(output, (char)(digit < 26 ? 'a' + digit : '0' + digit - 26)))
            return false;
        if (delta < t)
            return true;
        delta = (delta - t) / (BASE - t);
    }
}

/* RFC 3492, 6.3; `points` are few enough that nothing overflows. */
static bool put_points(struct output *output, const uint32_t *points, size_t count, size_t basic)
{
    uint32_t n = INITIAL_N, delta = 0, bias = INITIAL_BIAS;
    for (size_t done = basic; done < count; delta++, n++) {
        uint32_t next = UINT32_MAX;
        for (size_t i = 0; i < count; i++)
            if (points[i] >= n && points[i] < next)
                next = points[i];
        delta += (next - n) * (uint32_t)(done + 1);
        n = next;
        for (size_t i = 0; i < count; i++) {
            delta += points[i] < n;
            if (points[i] != n)
                continue;
            if (!put_delta(output, delta, bias))
                return false;
            bias = adapt(delta, (uint32_t)done + 1, done == basic);
            delta = 0;
            done++;
        }
    }
    return true;
}

bool punycode_label(struct span label, char out[PUNYCODE_LABEL_MAX], size_t *length)
{
    struct output output = {out, 0};
    uint32_t points[PUNYCODE_LABEL_MAX];
    size_t count = 0, basic = 0;
    const char *at = label.data, *end = at + label.length;
    while (at < end) {
        if (count == PUNYCODE_LABEL_MAX)
            return false;
        points[count] = text_next(&at, end);
        basic += points[count++] < INITIAL_N;
    }
    bool ascii = basic == count, fits = true;
    for (const char *c = ascii ? "" : "xn--"; *c; c++)
        fits &= put(&output, *c);
    for (size_t i = 0; i < count; i++)
        if (points[i] < INITIAL_N)
            fits &= put(&output, (char)points[i]);
    if (basic && !ascii)
        fits &= put(&output, '-');
    fits = fits && put_points(&output, points, count, basic);
    *length = output.length;
    return fits;
}
