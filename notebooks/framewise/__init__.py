"""framewise: the helper package of Frame by Frame, one module per topic.

Data flows one way: clips -> detection -> landmarks -> tracking -> alignment, blinks; plots and
inspector show what these return, fakes writes what was made, marks keeps what the reader found,
own_clips takes in a clip of the reader's own. Images are (H, W, 3) uint8 RGB; points are (x, y)
pixels, x right and y down.
"""

from pathlib import Path

__version__ = "0.1.0"

DATA = Path(__file__).resolve().parents[2] / "data"
"""The data folder: sample clips, networks and the cache of measured tracks."""
