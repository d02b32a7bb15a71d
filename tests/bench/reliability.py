"""The reliability diagram: how often what weir gave a probability of p was spam, as a table and as
a picture."""

import math

BINS = 15  # as weirctl evaluate has them
SIDE, MARGIN = 320, 44
COLOURS = ("#1f6feb", "#bf4b00", "#2e7d32")


def bins(rows):
    """[(documents, mean p, share of spam)] of [(is spam, log-odds, …)], None where no p fell."""
    found = [[] for _ in range(BINS)]
    for spam, log_odds, *_ in rows:
        p = 1 / (1 + math.exp(-log_odds))
        found[min(int(p * BINS), BINS - 1)].append((p, spam))
    return [(len(one), sum(p for p, _ in one) / len(one), sum(spam for _, spam in one) / len(one))
            if one else None for one in found]


def error(rows):
    """The expected calibration error."""
    return sum(one[0] * abs(one[1] - one[2]) for one in bins(rows) if one) / len(rows)


def table(series):
    """A Markdown table of {name: rows}."""
    lines = ["| p | " + " | ".join("%s: documents, mean p, share of spam" % name
                                   for name in series) + " |",
             "| --- |" + " --- |" * len(series)]
    found = [bins(rows) for rows in series.values()]
    for number in range(BINS):
        cells = ["%d, %.3f, %.3f" % one[number] if one[number] else "none" for one in found]
        lines.append("| %.3f to %.3f | %s |" % (number / BINS, (number + 1) / BINS,
                                                " | ".join(cells)))
    return "\n".join(lines)


def _place(p, share):
    return MARGIN + p * SIDE, MARGIN + (1 - share) * SIDE


def _axes():
    yield '<rect x="%d" y="%d" width="%d" height="%d" fill="none" stroke="#888"/>' % (
        MARGIN, MARGIN, SIDE, SIDE)
    yield '<path d="M%g %g L%g %g" stroke="#888" stroke-dasharray="4 4"/>' % (
        *_place(0, 0), *_place(1, 1))
    for tick in (0, 0.25, 0.5, 0.75, 1):
        x, y = _place(tick, 0)
        yield '<text x="%g" y="%g" text-anchor="middle">%g</text>' % (x, y + 16, tick)
        x, y = _place(0, tick)
        yield '<text x="%g" y="%g" text-anchor="end">%g</text>' % (x - 6, y + 4, tick)
    yield '<text x="%g" y="%g" text-anchor="middle">probability given</text>' % (
        MARGIN + SIDE / 2, MARGIN + SIDE + 34)
    yield ('<text transform="translate(12 %g) rotate(-90)" text-anchor="middle">share of spam'
           "</text>") % (MARGIN + SIDE / 2)


def picture(series):
    """An SVG of {name: rows}: a line for each, a dot for each bin with 10 documents or more."""
    size = SIDE + 2 * MARGIN
    parts = ['<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" '
             'font-family="sans-serif" font-size="12">' % (size, size, size, size),
             "<title>Reliability diagram</title>",
             '<rect width="100%" height="100%" fill="white"/>', *_axes()]
    for number, (name, rows) in enumerate(series.items()):
        colour = COLOURS[number % len(COLOURS)]
        dots = [_place(one[1], one[2]) for one in bins(rows) if one and one[0] >= 10]
        parts.append('<polyline points="%s" fill="none" stroke="%s"/>' % (
            " ".join("%.1f,%.1f" % dot for dot in dots), colour))
        parts += ['<circle cx="%.1f" cy="%.1f" r="3" fill="%s"/>' % (*dot, colour) for dot in dots]
        parts.append('<text x="%d" y="%d" fill="%s">%s</text>' % (
            MARGIN + 10, MARGIN + 18 + 16 * number, colour, name))
    return "\n".join([*parts, "</svg>", ""])
