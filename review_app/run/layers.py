"""A directed graph in layers: which node comes how far down, and in which order.

1. Edges that lead back are turned around, so that nothing goes in circles.
2. A node lies below all that lead to it: its layer is the longest path from the top.
3. An edge across several layers gets a dummy in each layer between.
4. Sweeps down and up order each layer by where its neighbours are, while that helps.
"""

import itertools
from bisect import bisect_right, insort
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

Node: TypeAlias = "str | tuple[str, str, int]"
"""A node by its name, or the dummy of an edge in a layer."""

Edge = tuple[str, str]

SWEEPS = 8


@dataclass(frozen=True, slots=True)
class Layered:
    """The layers from top to bottom, and the nodes that each edge passes, downwards.

    `back` are the edges that lead upwards; loops have no way.
    """

    layers: list[list[Node]]
    ways: dict[Edge, list[Node]]
    back: frozenset[Edge]


def arrange(nodes: Sequence[str], edges: Iterable[Edge]) -> Layered:
    """Nodes and edges may be in any order; their order decides between equals."""
    edges = list(dict.fromkeys(edges))
    back = find_back_edges(nodes, edges)
    down = {
        edge: (edge[1], edge[0]) if edge in back else edge
        for edge in edges
        if edge[0] != edge[1]
    }
    depth = find_depths(nodes, down.values())
    ways = {edge: _way(depth, *turned) for edge, turned in down.items()}
    layers = _fill(nodes, depth, ways.values())
    _order(layers, ways.values())
    return Layered(layers, ways, back)


def find_back_edges(nodes: Sequence[str], edges: Iterable[Edge]) -> frozenset[Edge]:
    """The edges that lead to where a walk in the order of the nodes came from."""
    following = _neighbours(nodes, edges)
    back, done, path = set(), set[str](), dict[str, None]()
    for start in nodes:
        stack = [(start, iter(following[start]))] if start not in done else []
        while stack:
            node, rest = stack[-1]
            path[node] = None
            child = next((n for n in rest if n not in done), None)
            if child is None:
                done.add(node)
                del path[node]
                stack.pop()
            elif child in path:
                back.add((node, child))
            else:
                stack.append((child, iter(following[child])))
    return frozenset(back)


def find_depths(nodes: Sequence[str], edges: Iterable[Edge]) -> dict[str, int]:
    """How many edges the longest path to each node has. There must be no circles."""
    edges = list(edges)
    following = _neighbours(nodes, edges)
    left = dict.fromkeys(nodes, 0)
    for _, target in edges:
        left[target] += 1
    depth = dict.fromkeys(nodes, 0)
    ready = [node for node in nodes if not left[node]]
    for node in ready:
        for target in following[node]:
            depth[target] = max(depth[target], depth[node] + 1)
            left[target] -= 1
            if not left[target]:
                ready.append(target)
    return depth


def _neighbours(nodes: Sequence[str], edges: Iterable[Edge]) -> dict[str, list[str]]:
    following: dict[str, list[str]] = {node: [] for node in nodes}
    for source, target in edges:
        following[source].append(target)
    return following


def _way(depth: Mapping[str, int], source: str, target: str) -> list[Node]:
    between = range(depth[source] + 1, depth[target])
    return [source, *((source, target, layer) for layer in between), target]


def _fill(
    nodes: Sequence[str], depth: Mapping[str, int], ways: Iterable[list[Node]]
) -> list[list[Node]]:
    """Each layer with its nodes in the given order, then the dummies."""
    count = max(depth.values(), default=-1) + 1
    layers: list[list[Node]] = [[] for _ in range(count)]
    for node in nodes:
        layers[depth[node]].append(node)
    for way in ways:
        for dummy in way[1:-1]:
            assert isinstance(dummy, tuple)
            if dummy not in layers[dummy[2]]:
                layers[dummy[2]].append(dummy)
    return layers


# The order within the layers


def _order(layers: list[list[Node]], ways: Iterable[list[Node]]) -> None:
    """Sweep down and up in turns, and keep the order with the fewest crossings."""
    above: dict[Node, list[Node]] = {}
    below: dict[Node, list[Node]] = {}
    for way in ways:
        for upper, lower in itertools.pairwise(way):
            below.setdefault(upper, []).append(lower)
            above.setdefault(lower, []).append(upper)
    best, fewest = [list(layer) for layer in layers], count_crossings(layers, below)
    for sweep in range(SWEEPS):
        if not fewest:
            break
        _sweep(layers, above) if sweep % 2 == 0 else _sweep(layers[::-1], below)
        crossings = count_crossings(layers, below)
        if crossings < fewest:
            best, fewest = [list(layer) for layer in layers], crossings
    layers[:] = best


def _sweep(layers: list[list[Node]], neighbours: Mapping[Node, list[Node]]) -> None:
    """Sort each layer by the middle of its neighbours in the layer before it."""
    for before, layer in itertools.pairwise(layers):
        place = {node: index for index, node in enumerate(before)}
        centres = {
            node: _centre(place, neighbours.get(node, []), index)
            for index, node in enumerate(layer)
        }
        layer.sort(key=centres.__getitem__)


def _centre(place: Mapping[Node, int], neighbours: list[Node], own: int) -> float:
    """Where a node wants to be; without neighbours, where it is."""
    places = [place[node] for node in neighbours if node in place]
    return sum(places) / len(places) if places else float(own)


def count_crossings(
    layers: Sequence[Sequence[Node]], below: Mapping[Node, list[Node]]
) -> int:
    """How many pairs of edges between neighbouring layers cross."""
    crossings = 0
    for upper, lower in itertools.pairwise(layers):
        place = {node: index for index, node in enumerate(lower)}
        seen: list[int] = []
        for node in upper:
            targets = sorted(place[n] for n in below.get(node, []))
            crossings += sum(len(seen) - bisect_right(seen, t) for t in targets)
            for target in targets:
                insort(seen, target)
    return crossings
