"""Refilling: a page's form shown with what was typed into it before, whatever form it is.

Our own templates made the page, so it is well-formed: the tags of its controls are written anew where they stand.
Hidden fields, files and passwords stay as the page has them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html import escape
from html.parser import HTMLParser

_NEVER = frozenset(("hidden", "file", "password", "submit", "button", "reset", "image"))
_PICKED = frozenset(("checkbox", "radio"))
_Attributes = dict[str, str | None]
_Fields = Sequence[tuple[str, str]]


@dataclass
class _Tag:
    """A start tag where it stands; of an option and a text its control's name, and where what it holds ends."""

    name: str
    attributes: _Attributes
    begin: int
    end: int
    of: str = ""
    until: int = 0


@dataclass
class _Form:
    """A form: where it may be sent to, its controls, and what folds it away."""

    actions: set[str]
    folded: list[_Tag]
    hidden: set[tuple[str, str]] = field(default_factory=set)
    controls: list[_Tag] = field(default_factory=list)


def refill(html: str, path: str, typed: _Fields) -> str | None:
    """The page with the form that was sent to `path` filled in; None where it has no such form. Of several the one
    whose hidden fields say most of the same."""
    reader = _Reader(html)
    forms = [form for form in reader.forms if path in form.actions]
    if not forms:
        return None
    form = max(forms, key=lambda one: len(one.hidden & set(typed)))
    edits = sorted([*_filled(html, form, typed), *_unfolded(form)], reverse=True)
    for begin, end, text in edits:
        html = html[:begin] + text + html[end:]
    return html


_Edit = tuple[int, int, str]  # from, to, what stands there then


def _filled(html: str, form: _Form, typed: _Fields) -> Iterator[_Edit]:
    values: defaultdict[str, list[str]] = defaultdict(list)
    for name, value in typed:
        values[name].append(value)
    offered = {(tag.of, _value(html, tag)) for tag in form.controls if tag.name == "option"}
    for tag in form.controls:
        said = values.get(tag.of, [])
        if tag.name == "textarea":
            if said:
                yield tag.end, tag.until, "\n" + escape(said.pop(0), quote=False)
        elif tag.name == "option":
            if any((tag.of, one) in offered for one in said):
                yield _written(tag, "selected", _value(html, tag) in said)
        elif tag.attributes.get("type") in _PICKED:
            yield _written(tag, "checked", (tag.attributes.get("value") or "on") in said)
        elif said:
            yield _written(tag, "value", said.pop(0))


def _unfolded(form: _Form) -> Iterator[_Edit]:
    for tag in form.folded:
        yield _written(tag, "open", True)


def _written(tag: _Tag, name: str, value: str | bool) -> _Edit:
    """A tag with one attribute set: a text, or there or not."""
    attributes = {key: said for key, said in tag.attributes.items() if key != name}
    if value is not False:
        attributes[name] = None if value is True else value
    parts = [key if said is None else f'{key}="{escape(said)}"' for key, said in attributes.items()]
    return tag.begin, tag.end, f"<{' '.join((tag.name, *parts))}>"


def _value(html: str, option: _Tag) -> str:
    said = option.attributes.get("value")
    return html[option.end : option.until].strip() if said is None else said


class _Reader(HTMLParser):
    """Finds the forms of a page and their controls."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.forms: list[_Form] = []
        self._form: _Form | None = None
        self._folds: list[_Tag] = []
        self._select = ""
        self._open: _Tag | None = None  # an option or a text
        self._lines = [0]
        for line in html.split("\n"):
            self._lines.append(self._lines[-1] + len(line) + 1)
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A control of the form that is open, or what stands around forms."""
        begin, said = self._at(), dict(attrs)
        found = _Tag(tag, said, begin, begin + len(self.get_starttag_text() or ""))
        found.of = said.get("name") or ""
        if tag == "details":
            self._folds.append(found)
        elif tag == "form":
            folded = [fold for fold in self._folds if "open" not in fold.attributes]
            self._form = _Form({said.get("action") or ""}, folded)
            self.forms.append(self._form)
        elif self._form is not None:
            self._control(self._form, found)

    def handle_endtag(self, tag: str) -> None:
        """What was open ends."""
        if tag in ("option", "textarea") and self._open is not None:
            self._open.until, self._open = self._at(), None
        elif tag == "select":
            self._select = ""
        elif tag == "form":
            self._form = None
        elif tag == "details" and self._folds:
            self._folds.pop()

    def _control(self, form: _Form, tag: _Tag) -> None:
        form.actions.update(one for one in [tag.attributes.get("formaction")] if one)
        if tag.name == "select":
            self._select = tag.of
        elif tag.name in ("option", "textarea"):
            tag.of = self._select if tag.name == "option" else tag.of
            self._open = tag
            form.controls.append(tag)
        elif tag.name == "input" and tag.attributes.get("type") == "hidden":
            form.hidden.add((tag.of, tag.attributes.get("value") or ""))
        elif tag.name == "input" and tag.attributes.get("type") not in _NEVER:
            form.controls.append(tag)
        elif tag.name == "details":
            form.folded.append(tag)

    def _at(self) -> int:
        line, column = self.getpos()
        return self._lines[line - 1] + column
