"""A page read as a browser without scripts reads it: ids, links, and what a form sends."""

from html.parser import HTMLParser

from django.http import QueryDict

Attributes = list[tuple[str, str | None]]


class BrowserPage(HTMLParser):
    """Collects the elements of a page, and the fields of its form with their values."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self._fields: list[tuple[str, str]] = []
        self._textarea: str | None = None
        self._select: str | None = None
        self.feed(html)
        self.close()

    @property
    def ids(self) -> list[str]:
        return [each["id"] for _, each in self.elements if "id" in each]

    def values_of(self, attribute: str) -> list[str]:
        return [each[attribute] for _, each in self.elements if attribute in each]

    def find(self, name: str) -> dict[str, str]:
        return next(each for _, each in self.elements if each.get("name") == name)

    def sent(self, **typed: str) -> QueryDict:
        """Give what the form sends; `typed` replaces the values of single fields."""
        data = QueryDict(mutable=True)
        for name, value in self._fields:
            data.appendlist(name, value)
        for name, value in typed.items():
            data[f"answer-{name}"] = value
        return data

    def handle_starttag(self, tag: str, attrs: Attributes) -> None:
        found = {name: value or "" for name, value in attrs}
        self.elements.append((tag, found))
        match tag:
            case "input":
                self._read_input(found)
            case "textarea":
                self._textarea = found["name"]
                self._fields.append((found["name"], ""))
            case "select":
                self._select = found["name"]
            case "option" if "selected" in found and self._select:
                self._fields.append((self._select, found["value"]))

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self._textarea is not None:
            name, value = self._fields.pop()
            self._fields.append((name, sent_lines(value.removeprefix("\n"))))
            self._textarea = None

    def handle_data(self, data: str) -> None:
        self.text += data
        if self._textarea is not None:
            name, value = self._fields.pop()
            self._fields.append((name, value + data))

    def _read_input(self, found: dict[str, str]) -> None:
        can_be_off = found.get("type") in ("radio", "checkbox")
        if not can_be_off or "checked" in found:
            otherwise = "on" if can_be_off else ""
            self._fields.append((found["name"], found.get("value", otherwise)))


def sent_lines(text: str) -> str:
    """Write line ends the way browsers send them."""
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n")
