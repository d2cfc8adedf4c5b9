"""Drawing: stored tiles in, pictures out. NumPy and Pillow only; no framework, no figure library.

colormap   256-entry uint8 tables: signed, signed-dark, perceptual, grey
limits     which values the two ends of a table stand for: per unit, layer or history
paint      values through a table, with marks for what is no number
mark       what must be said on a tile: dead, constant, not finite, missing
channels   inputs of any number of channels as pictures
bars       units without places, one bar each
sheet      tiles into one picture
gallery    a series at one step, drawn as its declaration says
film       a series over the steps
overlay    one picture over another, with opacity
png        a picture as a PNG file
album      galleries and a slider as one HTML file
"""

from vizframe.images.colormap import MAPS, lut

__all__ = ["MAPS", "lut"]
