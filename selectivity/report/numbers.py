"""How many digits does a number deserve? Printed digits end where the error begins."""

from __future__ import annotations

from math import floor, isfinite, log10

UNDEFINED = "-"
"""What stands in a text table where JSON has null."""


def error_decimals(error: float) -> int:
    """Decimal places at which an error of this size begins (negative: tens, hundreds).

    Errors keep two significant digits when they start with 1 or 2 (rounding 0.14 to 0.1 would move it by a third), else one:
    the usual rule of the Particle Data Group in short form.

    >>> error_decimals(0.14), error_decimals(0.6), error_decimals(2.1), error_decimals(34.0)
    (2, 1, 1, -1)
    """
    exponent = floor(log10(abs(error)))
    leading = abs(error) / 10.0**exponent
    return -exponent + (1 if leading < 3.0 else 0)


def with_error(value: float | None, error: float | None) -> str:
    """A value and its standard error, cut where the error begins.

    >>> with_error(21.3456, 0.62), with_error(21.3456, 1.24), with_error(None, 1.0)
    ('21.3 ± 0.6', '21.3 ± 1.2', '-')
    >>> with_error(21.3456, None)
    '21 (error unknown)'
    """
    if value is None:
        return UNDEFINED
    if error is None or not isfinite(error):
        return f"{significant(value, 2)} (error unknown)"
    if error == 0.0:
        return f"{value:.1f} ± 0"
    decimals = error_decimals(error)
    shown = max(decimals, 0)
    return f"{round(value, decimals) + 0.0:.{shown}f} ± {round(error, decimals):.{shown}f}"


def significant(value: float | None, digits: int = 3) -> str:
    """A value with this many significant digits; powers of ten only from 100000 up and below 0.001.

    >>> significant(126.6049, 4), significant(0.00001234), significant(1234567.0, 2), significant(0.0)
    ('126.6', '1.23e-5', '1.2e6', '0')
    """
    if value is None:
        return UNDEFINED
    if value == 0.0:
        return "0"
    mantissa, _, exponent = f"{value:.{digits - 1}e}".partition("e")
    if not 1e-3 <= abs(value) < 1e5:
        return f"{mantissa}e{int(exponent)}"
    decimals = max(digits - 1 - int(exponent), 0)
    return f"{float(f'{mantissa}e{exponent}'):.{decimals}f}"


def interval(value: float | None, bounds: tuple[float, float] | None, level: float = 0.95) -> str:
    """A ratio with its asymmetric interval; without a value the interval alone.

    The ends keep two significant digits, the value one where the interval spans more than a factor of ten, else two.

    >>> interval(412.3, (31.2, 5450.0)), interval(412.3, (300.0, 560.0)), interval(None, (0.2, 900.0)), interval(None, None)
    ('400 (95 %: 31 to 5400)', '410 (95 %: 300 to 560)', 'between 0.20 and 900 (95 %)', '-')
    """
    if bounds is None:
        return UNDEFINED
    low, high = (significant(bound, 2) for bound in bounds)
    if value is None:
        return f"between {low} and {high} ({100 * level:.0f} %)"
    digits = 1 if bounds[1] > 10.0 * bounds[0] else 2
    return f"{significant(value, digits)} ({100 * level:.0f} %: {low} to {high})"


def fixed(value: float | None, decimals: int) -> str:
    """A value with a fixed number of decimals, for quantities whose uncertainty the column is known to have.

    >>> fixed(2.7712, 2), fixed(None, 2), fixed(-0.001, 1)
    ('2.77', '-', '0.0')
    """
    if value is None:
        return UNDEFINED
    return f"{round(value, decimals) + 0.0:.{decimals}f}"


def voltage(value: float | None, bounds: tuple[float, float] | None, level: float = 0.95) -> str:
    """A voltage in mV with its interval; decimals end where the interval's half width begins, at most two.

    >>> voltage(-81.234, (-88.9, -70.1)), voltage(-88.9876, (-89.0581, -88.12)), voltage(None, (-89.0, -12.0))
    ('-81 (95 %: -89 to -70)', '-89.0 (95 %: -89.1 to -88.1)', 'between -89 and -12 (95 %)')
    >>> voltage(-81.2, None)
    '-'
    """
    if bounds is None:
        return UNDEFINED
    half_width = 0.5 * (bounds[1] - bounds[0])
    decimals = 2 if half_width == 0.0 else min(max(error_decimals(half_width), 0), 2)
    low, high = (fixed(bound, decimals) for bound in bounds)
    if value is None:
        return f"between {low} and {high} ({100 * level:.0f} %)"
    return f"{fixed(value, decimals)} ({100 * level:.0f} %: {low} to {high})"


def as_given(value: float | None) -> str:
    """A number that the user or a preset gave, as short as it can be written.

    >>> as_given(145.0), as_given(0.01), as_given(122.873), as_given(None)
    ('145', '0.01', '122.873', '-')
    """
    return UNDEFINED if value is None else f"{value:.6g}"
