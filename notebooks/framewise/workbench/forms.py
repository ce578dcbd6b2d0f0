"""Forms: answer an exercise with sliders and menus instead of Python."""

from __future__ import annotations

import html
from collections.abc import Mapping
from typing import Any

import ipywidgets as widgets

from framewise.workbench import exercises

__all__ = ["Form", "ask"]

Field = tuple[float, float] | list[str]


class Form(widgets.VBox):
    """Sliders or menus for the parts of an answer, and a button that checks it."""

    def __init__(self, name: str, fields: Mapping[str, Field]) -> None:
        self._name = name
        self._fields = {label: _field(label, field) for label, field in fields.items()}
        self._said = widgets.HTML()
        button = widgets.Button(description="Check my answer", button_style="primary")
        button.on_click(lambda _: self.check())
        super().__init__([*self._fields.values(), button, self._said])

    @property
    def answer(self) -> Any:
        """What is set now: a value, or a dict of values by label if there are several."""
        values = {label: field.value for label, field in self._fields.items()}
        return values if len(values) > 1 else next(iter(values.values()))

    def check(self) -> exercises.Result:
        """Check what is set now, and show what the check says."""
        result = exercises.check(self._name, self.answer)
        self._said.value = f'<p role="status"><b>{html.escape(repr(result))}</b></p>'
        return result


def ask(name: str, fields: Mapping[str, Field]) -> Form:
    """Return the form of an exercise; as the last line of a cell, it is shown.

    Parameters
    ----------
    name : str
        The exercise's id, such as "00.1".
    fields : mapping
        For each part of the answer, its label and a range (least, greatest), or a list of choices.
        A range of whole numbers gives whole numbers.

    Returns
    -------
    Form
    """
    return Form(name, fields)


def _field(label: str, field: Field) -> widgets.Widget:
    options = {"description": label, "style": {"description_width": "initial"}}
    if isinstance(field, list):
        return widgets.Dropdown(options=field, **options)
    least, greatest = field
    if isinstance(least, int) and isinstance(greatest, int):
        return widgets.IntSlider(least, least, greatest, **options)
    return widgets.FloatSlider(least, min=least, max=greatest, step=0.05, **options)
