"""Where the nodes and edges of a graph are drawn, in pixels: a layout, nothing else."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .layers import Edge, Layered, Node, arrange

BESIDE, BELOW = 28, 44
"""Space between two nodes of a layer, and between two layers."""
EDGE_WIDTH = 10.0
"""What an edge takes that passes a layer."""
MARGIN = 14
ROUNDS = 6
LOOP = 22
ASIDE = 14.0
"""How far from the middle an edge leaves that leads back, beside the one that leads on."""


@dataclass(frozen=True, slots=True)
class Size:
    """What a node takes."""

    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Box:
    """Where a node is: its left upper corner, and its size."""

    x: int
    y: int
    width: int
    height: int

    @property
    def half(self) -> float:
        return self.width / 2

    @property
    def middle(self) -> float:
        return self.x + self.half

    @property
    def bottom(self) -> int:
        return self.y + self.height


@dataclass(frozen=True, slots=True)
class Line:
    """An edge as the `d` of an SVG path, with its arrow at the end."""

    source: str
    target: str
    path: str
    is_back: bool


@dataclass(frozen=True, slots=True)
class Layout:
    """The whole drawing."""

    width: int
    height: int
    boxes: dict[str, Box]
    lines: list[Line]


def lay_out(sizes: Mapping[str, Size], edges: Sequence[Edge]) -> Layout:
    """Draw these nodes, the first ones at the top, and the edges between them."""
    layered = arrange(list(sizes), edges)
    widths = {
        node: sizes[node].width if isinstance(node, str) else EDGE_WIDTH
        for layer in layered.layers
        for node in layer
    }
    middles = _place(layered, widths)
    boxes = _boxes(layered, sizes, middles)
    wide = max((middles[n] + widths[n] / 2 for n in middles), default=0.0)
    looped = any(source == target for source, target in edges)
    return Layout(
        width=round(wide + MARGIN + LOOP * looped),
        height=max((box.bottom for box in boxes.values()), default=0) + MARGIN,
        boxes=boxes,
        lines=_lines(layered, list(dict.fromkeys(edges)), boxes, middles),
    )


# Across


def _place(layered: Layered, widths: Mapping[Node, float]) -> dict[Node, float]:
    """The middle of each node: near those of its neighbours, in its layer's order."""
    neighbours: dict[Node, list[Node]] = {node: [] for node in widths}
    for way in layered.ways.values():
        for upper, lower in itertools.pairwise(way):
            neighbours[upper].append(lower)
            neighbours[lower].append(upper)
    middles = dict.fromkeys(widths, 0.0)
    for _ in range(ROUNDS):
        for layer in (*layered.layers, *layered.layers[::-1]):
            wanted = [_mean(node, neighbours, middles) for node in layer]
            offsets = _offsets([widths[node] for node in layer])
            middles.update(zip(layer, _spread(wanted, offsets), strict=True))
    left = min((middles[n] - widths[n] / 2 for n in middles), default=0.0)
    return {node: middle - left + MARGIN for node, middle in middles.items()}


def _mean(
    node: Node, neighbours: Mapping[Node, list[Node]], middles: Mapping[Node, float]
) -> float:
    around = neighbours[node]
    if not around:
        return middles[node]
    return sum(middles[each] for each in around) / len(around)


def _offsets(widths: Sequence[float]) -> list[float]:
    """How far each middle is from the first one at least."""
    offsets = [0.0]
    for before, width in itertools.pairwise(widths):
        offsets.append(offsets[-1] + (before + width) / 2 + BESIDE)
    return offsets


def _spread(wanted: Sequence[float], offsets: Sequence[float]) -> list[float]:
    """The places nearest to the wanted ones (least squares) that keep their distances.

    Those that would be too near become a block, which stands at the mean of what its
    members want.
    """
    blocks: list[tuple[float, int]] = []
    for place, offset in zip(wanted, offsets, strict=True):
        total, count = place - offset, 1
        while blocks and blocks[-1][0] / blocks[-1][1] >= total / count:
            other, members = blocks.pop()
            total, count = total + other, count + members
        blocks.append((total, count))
    means = [total / count for total, count in blocks for _ in range(count)]
    return [mean + offset for mean, offset in zip(means, offsets, strict=True)]


# Down


def _boxes(
    layered: Layered, sizes: Mapping[str, Size], middles: Mapping[Node, float]
) -> dict[str, Box]:
    boxes, top = {}, MARGIN
    for layer in layered.layers:
        named = [node for node in layer if isinstance(node, str)]
        for node in named:
            width, height = sizes[node].width, sizes[node].height
            x = round(middles[node] - width / 2)
            boxes[node] = Box(x, round(top), width, height)
        top += max((sizes[node].height for node in named), default=0) + BELOW
    return boxes


def _lines(
    layered: Layered,
    edges: Sequence[Edge],
    boxes: Mapping[str, Box],
    middles: Mapping[Node, float],
) -> list[Line]:
    lines = []
    for source, target in edges:
        if source == target:
            lines.append(Line(source, target, _loop(boxes[source]), is_back=True))
            continue
        is_back = (source, target) in layered.back
        points = _points(layered, layered.ways[source, target], boxes, middles)
        if is_back:
            points = [(x + ASIDE, y) for x, y in points[::-1]]
        path = _path(points)
        lines.append(Line(source, target, path, is_back))
    return lines


Point = tuple[float, float]


def _points(
    layered: Layered,
    way: Sequence[Node],
    boxes: Mapping[str, Box],
    middles: Mapping[Node, float],
) -> list[Point]:
    """From below the upper node, through the layers between, to above the lower one."""
    upper, *between, lower = way
    assert isinstance(upper, str)
    assert isinstance(lower, str)
    points: list[Point] = [(boxes[upper].middle, boxes[upper].bottom)]
    for dummy in between:
        assert isinstance(dummy, tuple)
        row = [boxes[n] for n in layered.layers[dummy[2]] if isinstance(n, str)]
        points.append((middles[dummy], row[0].y))
        points.append((middles[dummy], max(box.bottom for box in row)))
    points.append((boxes[lower].middle, boxes[lower].y))
    return points


def _path(points: Sequence[Point]) -> str:
    """Curves that leave and arrive upright; straight where nothing is to go around."""
    (x, y), *rest = ((round(x), round(y)) for x, y in points)
    path = f"M{x} {y}"
    for next_x, next_y in rest:
        half = (y + next_y) // 2
        if abs(next_x - x) <= 1:
            path += f"V{next_y}" if next_x == x else f"L{next_x} {next_y}"
        else:
            path += f"C{x} {half} {next_x} {half} {next_x} {next_y}"
        x, y = next_x, next_y
    return path


def _loop(box: Box) -> str:
    """Out of the right side of a node, and back into it."""
    x, upper = round(box.x + box.width), round(box.y + 12)
    return f"M{x} {round(box.bottom - 12)}h14V{upper}h-13"
