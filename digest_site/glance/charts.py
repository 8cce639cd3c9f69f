"""Geometry of the charts, as strings that go into SVG attributes. Pure; colours and words are the templates'.

Numbers are written here, since templates would write a decimal comma where a reader's language has one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 600, 160
_GAP = 0.24  # between two columns, of a column's share


@dataclass(frozen=True)
class Line:
    """A line through values, and the area under it. `top` is the highest tick."""

    points: str
    area: str
    top: int


@dataclass(frozen=True)
class Block:
    """One part of a column. `kind` is a class for its colour."""

    kind: str
    value: int
    y: str
    height: str


@dataclass(frozen=True)
class Column:
    label: str
    x: str
    width: str
    middle: str
    blocks: list[Block]
    total: int


@dataclass(frozen=True)
class Stacks:
    columns: list[Column]
    top: int


@dataclass(frozen=True)
class Gauge:
    """A share on a scale from 0 to `end`, both in percent of the bar's length; `limits` are marks on it."""

    filled: str
    limits: list[str]


def line(values: Sequence[int]) -> Line:
    """Draw values from left to right, the scale beginning at zero."""
    top = ceiling(max(values, default=0))
    step = WIDTH / max(len(values) - 1, 1)
    places = [f"{_number(at * step)},{_number(HEIGHT - HEIGHT * value / top)}" for at, value in enumerate(values)]
    points = " ".join(places)
    return Line(points, f"0,{HEIGHT} {points} {WIDTH},{HEIGHT}", top)


def stacks(columns: Sequence[tuple[str, Sequence[tuple[str, int]]]]) -> Stacks:
    """Draw columns, each a label and its parts (kind and number) from the bottom up."""
    top = ceiling(max((sum(number for _, number in parts) for _, parts in columns), default=0))
    share = WIDTH / max(len(columns), 1)
    drawn = []
    for at, (label, parts) in enumerate(columns):
        x, width = at * share + share * _GAP / 2, share * (1 - _GAP)
        middle = _number(x + width / 2)
        total = sum(number for _, number in parts)
        drawn.append(Column(label, _number(x), _number(width), middle, _blocks(parts, top), total))
    return Stacks(drawn, top)


def gauge(share: float, end: float, limits: Sequence[float]) -> Gauge:
    """Draw a share (0 to 1) on a scale that ends at `end`; what is beyond fills the scale."""
    return Gauge(_number(100 * min(share / end, 1)), [_number(100 * limit / end) for limit in limits])


def ceiling(value: int) -> int:
    """The next number of one round digit: 1 to 6 or 8 times a power of ten; at least 1."""
    power = int(10 ** (len(str(value)) - 1))
    return next(factor * power for factor in (1, 2, 3, 4, 5, 6, 8, 10) if value <= factor * power)


def _blocks(parts: Sequence[tuple[str, int]], top: int) -> list[Block]:
    found, below = [], 0
    for kind, number in parts:
        if number:
            height = HEIGHT * number / top
            y = HEIGHT - HEIGHT * (below + number) / top
            found.append(Block(kind, number, _number(y), _number(height)))
            below += number
    return found


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
