/* check_ramp: how a count becomes a strength. Used by checks only. */
#ifndef WEIR_CHECK_RAMP_H
#define WEIR_CHECK_RAMP_H

/* 0 up to `from`, 1 at `to` and beyond, a straight line between. */
static inline double ramp(double value, double from, double to)
{
    double share = (value - from) / (to - from);
    return share < 0 ? 0 : share > 1 ? 1 : share;
}

#endif
