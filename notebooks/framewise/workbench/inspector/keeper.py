"""Keeper: the marks on one clip, kept on disk between two runs of a cell, and merged from files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from framewise.workbench import marks
from framewise.workbench.files import private_folder
from framewise.workbench.inspector.reel import words_of

if TYPE_CHECKING:
    from framewise.clips import Clip

__all__ = ["MarkKeeper"]

KEPT = "Kept on this computer."


class MarkKeeper:
    """Keep the marks on a clip in `data/my_marks`, beside those that others make at the same time.

    A file that cannot be read is left as it is, and nothing is kept.
    """

    def __init__(self, clip: Clip) -> None:
        self.clip = clip
        self.path: Path | None = marks.marks_file(clip.sha256)

    def read(self) -> tuple[list[marks.Mark], bool, str]:
        """Return the marks, whether they are committed, and what to say about it."""
        try:
            kept = marks.load_marks(self.path)
            made = self._checked(kept)
        except (OSError, ValueError) as error:
            self.path = None
            return [], False, f"Not kept: {words_of(error)}"
        return made, kept["committed"], KEPT if made else ""

    def keep(self, made: list[marks.Mark], committed: bool, change: dict[str, Any]) -> str:
        """Write what changed to disk, and return what to say about it."""
        if self.path is None:
            return (
                f"Not kept: the file {marks.marks_file(self.clip.sha256).name} could not be read. "
                "Move it out of data/my_marks, then run the cell again."
            )
        try:
            if self.path.exists() and change["name"] == "marks":
                kept = marks.load_marks(self.path)
                made = marks.merge_marks(self._checked(kept), change["old"], change["new"])
                committed = kept["committed"]
            private_folder(self.path.parent)
            marks.save_marks(self.path, made, committed=committed, clip=self.clip.sha256)
        except (OSError, ValueError) as error:
            return f"Not kept: {words_of(error)}"
        return KEPT

    def merge(self, made: Sequence[marks.Mark], paths: Iterable[str | Path]) -> list[marks.Mark]:
        """Return these marks and those of files that were saved in a notebook or on a page.

        A file holds {"clip": sha256, "committed": bool, "marks": list}. `workbench.marks` says what
        a mark is. If a mark with the same id is here already, the mark of the file replaces it.

        Raises
        ------
        FileNotFoundError, ValueError
            There is no such file; it holds no marks, or those of another clip.
        """
        merged = list(made)
        for path in paths:
            if not Path(path).exists():
                raise FileNotFoundError(
                    f"{path}: there is no such file. Check the name and the folder."
                )
            kept = marks.load_marks(path)
            if kept["clip"] not in ("", self.clip.sha256):
                name = Path(self.clip.path).name
                raise ValueError(
                    f"{path} holds marks made on another clip, not on {name}. Load them in an "
                    "inspector of that clip."
                )
            merged = marks.merge_marks(merged, [], self._checked(kept))
        return merged

    def _checked(self, kept: dict[str, Any]) -> list[marks.Mark]:
        return marks.check_marks(kept["marks"], len(self.clip))
