"""`ctx.state` as one attempt sees it, and what it stages (R51, R52, R60)."""

from datetime import UTC, datetime
from typing import Any

import pytest

from workflows_app.engine import values
from workflows_app.engine.errors import SerializationError
from workflows_app.engine.run_state import RunStateView, Stored, changed


def view(**stored: Any) -> RunStateView:
    """A view of committed values, each of version 7."""
    return RunStateView({k: Stored(values.dump(v), 7) for k, v in stored.items()})


def staged(state: RunStateView) -> list[tuple[str, str, int | None]]:
    return [(c.kind, c.text, c.read) for c in state.changes]


def result(state: RunStateView, key: str, committed: Any = None) -> Any:
    """What the key will be when the changes meet this committed value."""
    text = None if committed is None else values.dump(committed)
    for change in state.changes:
        if change.key == key:
            text = changed(text, change)
    return None if text is None else values.load(text)


def test_none_is_a_value() -> None:
    state = view(there=None)

    assert "there" in state
    assert state["there"] is None
    assert state.get("there", 5) is None


def test_a_missing_key_has_no_value() -> None:
    state = view()

    assert "missing" not in state
    assert state.get("missing") is None
    assert state.get("missing", 5) == 5
    with pytest.raises(KeyError):
        state["missing"]


def test_own_writes_are_read_back_as_they_will_be_stored() -> None:
    state = view(a=1)
    when = datetime(2026, 1, 2, tzinfo=UTC)

    state.set("pair", (1, when))
    state.update(b=2, c=None)
    state["d"] = [3]
    state.delete("a")

    assert state["pair"] == [1, when]
    assert (state["b"], state["c"], state["d"]) == (2, None, [3])
    assert "a" not in state
    assert state.keys() == ["b", "c", "d", "pair"]


def test_what_is_read_can_be_changed_without_changing_the_state() -> None:
    state = view(items=[1])

    state["items"].append(2)

    assert state["items"] == [1]


def test_own_increments_and_appends_are_seen() -> None:
    state = view(count=3, names=["ada"])

    state.increment("count")
    state.increment("count", 4)
    state.increment("new", 2.5)
    state.append("names", "bob", "eve")
    state.append("others", "dana")

    assert (state["count"], state["new"]) == (8, 2.5)
    assert state["names"] == ["ada", "bob", "eve"]
    assert state["others"] == ["dana"]


def test_increments_and_appends_say_nothing_of_what_was_read() -> None:
    state = view(count=3)

    state.get("count")
    state.increment("count")
    state.append("names", 1)

    assert [read for _, _, read in staged(state)] == [None, None]


def test_a_blind_write_does_not_depend_on_what_was_there() -> None:
    state = view(a=1)

    state.set("a", 2)
    state.get("a")
    state.set("a", 3)

    assert staged(state) == [("set", "2", None), ("set", "3", None)]


@pytest.mark.parametrize("read", ["get", "[]", "in", "keys", "iter"])
def test_a_write_after_a_read_depends_on_the_version_that_was_read(read: str) -> None:
    state = view(a=1)
    reads: dict[str, Any] = {
        "get": lambda: state.get("a"),
        "[]": lambda: state["a"],
        "in": lambda: "a" in state,
        "keys": state.keys,
        "iter": lambda: list(state),
    }

    reads[read]()
    state.set("a", 2)
    state.delete("a")

    assert staged(state) == [("set", "2", 7), ("delete", "null", 7)]


def test_a_write_after_a_look_in_vain_depends_on_the_key_being_absent() -> None:
    state = view()

    state.get("a")
    state.set("a", 2)

    assert staged(state) == [("set", "2", 0)]


def test_mutate_gives_the_new_value() -> None:
    state = view(count=3)

    assert state.mutate("count", lambda count: count * 2) == 6
    assert state.mutate("names", lambda names: (*names, "ada"), default=[]) == ["ada"]
    assert state["count"] == 6
    assert staged(state) == [("mutate", "6", 7), ("mutate", '["ada"]', 0)]


def test_mutations_are_made_again_on_fresh_values() -> None:
    state = view(count=3, other=1)
    calls: list[int] = []

    def double(count: int) -> int:
        calls.append(count)
        return count * 2

    state.mutate("count", double)
    state.mutate("count", double)
    state.set("other", 5)
    changes = state.redo({"count": Stored("10", 9)})

    assert calls == [3, 6, 10, 20]
    assert [(c.key, c.kind, c.text, c.read) for c in changes] == [
        ("count", "mutate", "20", 9),
        ("count", "mutate", "40", 9),
        ("other", "set", "5", None),
    ]
    assert state["count"] == 40


def test_a_mutation_is_made_again_with_its_default_when_the_key_is_gone() -> None:
    state = view(count=3)

    state.mutate("count", lambda count: count + 1, default=100)
    changes = state.redo({"count": Stored("null", 0)})

    assert [(c.text, c.read) for c in changes] == [("101", 0)]


def test_increments_beside_a_mutation_count_once_when_it_is_made_again() -> None:
    state = view(count=3, sum=1)

    state.increment("count", 10)
    state.mutate("count", lambda count: count * 2)
    state.increment("count", 1)
    state.increment("sum")
    state.redo({"count": Stored("5", 8)})

    assert state["count"] == 31
    assert state["sum"] == 2
    assert result(state, "count", 5) == 31


def test_a_mutation_of_an_own_value_is_a_plain_write() -> None:
    state = view(count=3)

    state.set("count", 1)
    state.mutate("count", lambda count: count + 1)

    assert staged(state) == [("set", "1", None), ("set", "2", None)]


def test_a_write_after_a_mutation_depends_on_what_the_mutation_read() -> None:
    state = view(count=3)

    state.set("count", state.mutate("count", lambda count: count + 1) + 1)

    assert staged(state) == [("mutate", "4", 7), ("set", "5", 7)]


def test_what_is_no_number_and_no_list_is_told_at_once() -> None:
    state = view(name="ada")

    with pytest.raises(TypeError, match="'name'"):
        state.increment("name")
    with pytest.raises(TypeError, match="'name'"):
        state.append("name", 1)
    with pytest.raises(TypeError, match="number"):
        state.increment("other", "x")  # type: ignore[arg-type]
    assert state.changes == ()


def test_keys_are_text_and_values_are_exact_json() -> None:
    state = view()

    with pytest.raises(TypeError, match="key"):
        state.set(1, "x")  # type: ignore[arg-type]
    with pytest.raises(SerializationError, match=r"\$\.odd"):
        state.set("odd", object())


def test_deleting_what_is_not_there_is_an_error_only_in_brackets() -> None:
    state = view()

    state.delete("missing")

    with pytest.raises(KeyError):
        del state["missing"]
