"""The frame inspector: step through a clip, see what was measured, and mark what you found.

Notebook: 00_start_here.ipynb

The browser holds the frames near the cursor and paints them by itself; Python hands them over in
chunks of JPEG when asked. Look at them here, but measure on `clip[i]`: JPEG leaves traces too.
"""

from framewise.workbench.inspector.layers import LAYERS, Layer
from framewise.workbench.inspector.page import Pictures, check_page
from framewise.workbench.inspector.widget import REASONS, FrameInspector

__all__ = ["LAYERS", "REASONS", "FrameInspector", "Layer", "Pictures", "check_page"]
