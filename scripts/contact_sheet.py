"""Write docs/people.jpg: everyone in the sample clips, as the README shows them.

Run inside the project's .venv:  python scripts/contact_sheet.py
"""

from pathlib import Path

import cv2
import numpy as np
from framewise import consent, samples
from framewise.workbench import places

ROOT = Path(__file__).resolve().parents[1]

COLUMNS, SIZE_WH = 3, (320, 240)
FONT, PLACE = cv2.FONT_HERSHEY_SIMPLEX, (10, 228)


def tile(name: str) -> np.ndarray:
    """Return a talking person with open eyes, and their name, (240, 320, 3)."""
    clip = samples.open_clip(name)
    closed = samples.load_truth(clip).closure.mean(1)
    picture = cv2.resize(clip[int(closed.argmin())], SIZE_WH, interpolation=cv2.INTER_AREA)
    for colour, thick in (((0, 0, 0), 4), ((255, 255, 255), 1)):
        cv2.putText(picture, clip.entry["people"][0], PLACE, FONT, 0.7, colour, thick, cv2.LINE_AA)
    return picture


if __name__ == "__main__":
    tiles = [
        tile(name) for name in consent.catalogue(places.course_clips()) if name.endswith("_talk")
    ]
    rows = [np.hstack(tiles[i : i + COLUMNS]) for i in range(0, len(tiles), COLUMNS)]
    sheet = cv2.cvtColor(np.vstack(rows), cv2.COLOR_RGB2BGR)
    cv2.imwrite(str(ROOT / "docs" / "people.jpg"), sheet, [cv2.IMWRITE_JPEG_QUALITY, 88])
