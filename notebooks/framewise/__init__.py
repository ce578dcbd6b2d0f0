"""framewise: the helper package of Frame by Frame, one module per topic.

Data flows one way: clips -> detection -> landmarks -> tracking -> alignment, and from there to
swap, autoencoder and adversary, which make fakes, and to blinks, artifacts, spectra, compression
and motion, which look for traces. The module cues measures all these traces, and scoring says what
they are worth. The module plots, a module such as blink_plots for each topic, and inspector show
the results. The module fakes writes the fakes. The folder workbench holds the machinery, for
example marks (what a learner marked in a clip) and own_clips (which adds a learner's own clip).
Images are (H, W, 3) uint8 RGB. Points are (x, y) pixels, x to the right and y down.
"""

from pathlib import Path

__version__ = "0.1.0"

DATA = Path(__file__).resolve().parents[2] / "data"
"""The data folder: sample clips, networks and the cache of measured tracks."""
