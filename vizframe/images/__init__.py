"""Drawing: stored tiles in, pictures out. NumPy and Pillow only; no framework, no figure library.

colormap   256-entry uint8 tables: signed, signed-dark, perceptual, grey
limits     which values the two ends of a table stand for: per unit, layer or history
paint      values through a table, with marks for what is no number
sheet      tiles into one picture
overlay    one picture over another, with opacity
png        a picture as a PNG file
"""

from vizframe.images.colormap import MAPS, lut

__all__ = ["MAPS", "lut"]
