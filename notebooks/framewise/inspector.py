"""The frame inspector: step through a clip, see what was measured, and mark what you found.

Notebook: 00_start_here.ipynb

The browser keeps the frames near the cursor and draws them itself. When it needs more frames,
Python sends them as JPEG. Look at the frames here, but measure on `clip[i]`, because JPEG leaves
traces of its own.
"""

from framewise.workbench.inspector.layers import LAYERS, Layer
from framewise.workbench.inspector.page import Pictures, check_page
from framewise.workbench.inspector.widget import REASONS, FrameInspector

__all__ = ["LAYERS", "REASONS", "FrameInspector", "Layer", "Pictures", "check_page"]
