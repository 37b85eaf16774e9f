"""The layout of graphs: pure, so any graph can be tried."""

import random
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from review_app.run.graph import MARGIN, Size, lay_out
from review_app.run.layers import (
    arrange,
    count_crossings,
    find_back_edges,
    find_depths,
)

SIZE = Size(100, 40)
busy = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def _names(count: int) -> list[str]:
    return [f"s{number}" for number in range(count)]


@st.composite
def graphs(draw: st.DrawFn) -> tuple[list[str], list[tuple[str, str]]]:
    """Any steps with any edges between them: circles, loops, islands."""
    names = _names(draw(st.integers(1, 12)))
    edge = st.tuples(st.sampled_from(names), st.sampled_from(names))
    return names, draw(st.lists(edge, max_size=30))


def test_a_chain_goes_down_one_layer_a_step() -> None:
    layered = arrange(_names(3), [("s0", "s1"), ("s1", "s2")])
    assert layered.layers == [["s0"], ["s1"], ["s2"]]
    assert not layered.back


def test_a_node_lies_below_the_longest_path_to_it() -> None:
    edges = [("s0", "s3"), ("s0", "s1"), ("s1", "s2"), ("s2", "s3")]
    assert find_depths(_names(4), edges)["s3"] == 3


def test_an_edge_across_layers_passes_a_dummy_in_each() -> None:
    edges = [("s0", "s3"), ("s0", "s1"), ("s1", "s2"), ("s2", "s3")]
    layered = arrange(_names(4), edges)
    dummies = [("s0", "s3", 1), ("s0", "s3", 2)]
    assert layered.ways["s0", "s3"] == ["s0", *dummies, "s3"]
    assert dummies[0] in layered.layers[1]


def test_an_edge_that_leads_back_is_told_and_turned_around() -> None:
    edges = [("s0", "s1"), ("s1", "s2"), ("s2", "s1"), ("s1", "s1")]
    assert find_back_edges(_names(3), edges) == {("s2", "s1"), ("s1", "s1")}
    layout = lay_out(dict.fromkeys(_names(3), SIZE), edges)
    lines = {(line.source, line.target): line for line in layout.lines}
    assert lines["s2", "s1"].is_back
    assert not lines["s1", "s2"].is_back
    assert lines["s1", "s1"].is_back
    assert len({line.path for line in layout.lines}) == 4


def test_a_long_chain_is_no_problem() -> None:
    names = _names(3000)
    assert len(arrange(names, list(pairwise(names))).layers) == 3000


def test_crossings_are_counted_and_untangled() -> None:
    edges = [("s0", "s3"), ("s1", "s2")]
    below: dict[object, list[object]] = {"s0": ["s3"], "s1": ["s2"]}
    assert count_crossings([["s0", "s1"], ["s2", "s3"]], below) == 1  # type: ignore[arg-type]
    assert count_crossings(arrange(_names(4), edges).layers, below) == 0  # type: ignore[arg-type]


def test_a_single_step_and_none_at_all_are_graphs() -> None:
    assert lay_out({"only": SIZE}, []).boxes["only"].x == MARGIN
    assert lay_out({}, []).boxes == {}


@busy
@given(graphs())
def test_boxes_never_overlap_and_lines_lead_from_box_to_box(
    graph: tuple[list[str], list[tuple[str, str]]],
) -> None:
    names, edges = graph
    layout = lay_out(dict.fromkeys(names, SIZE), edges)
    boxes = list(layout.boxes.values())
    assert set(layout.boxes) == set(names)
    assert {(li.source, li.target) for li in layout.lines} == set(edges)
    for index, one in enumerate(boxes):
        assert one.x >= 0
        assert one.x + one.width <= layout.width
        assert one.bottom <= layout.height
        for other in boxes[index + 1 :]:
            beside = one.x + one.width <= other.x or other.x + other.width <= one.x
            assert beside or one.bottom <= other.y or other.bottom <= one.y


@busy
@given(graphs())
def test_without_its_back_edges_everything_leads_down(
    graph: tuple[list[str], list[tuple[str, str]]],
) -> None:
    names, edges = graph
    layered = arrange(names, edges)
    place = {node: i for i, layer in enumerate(layered.layers) for node in layer}
    for way in layered.ways.values():
        assert [place[node] for node in way] == list(
            range(place[way[0]], place[way[-1]] + 1)
        )


@pytest.mark.parametrize("seed", range(3))
def test_the_order_has_fewer_crossings_than_chance(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - any graph will do
    names = _names(40)
    edges = [pair for pair in pairwise(names) if chance.random() < 0.8]
    for _ in range(20):
        first, second = sorted(chance.sample(range(40), 2))
        edges.append((names[first], names[second]))
    layered = arrange(names, edges)
    below: dict[object, list[object]] = {}
    for way in layered.ways.values():
        for upper, lower in pairwise(way):
            below.setdefault(upper, []).append(lower)
    shuffled = [chance.sample(layer, len(layer)) for layer in layered.layers]
    found = count_crossings(layered.layers, below)  # type: ignore[arg-type]
    assert found < count_crossings(shuffled, below)  # type: ignore[arg-type]
