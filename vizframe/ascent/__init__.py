"""Gradient ascent: small parts that add and multiply into every published recipe.

pixels            what the papers' 0 … 255 are to a network of any input range
noise             the start: from the seed and the unit alone
objective         which way is up; Simonyan's penalty
parameterisations pixels, or frequencies with decorrelated colours; moved or not
transforms        jitter, scale, rotate as one resampling
optimisers        fixed rate, Yosinski's progress rule, Adam
regularisers      Yosinski's four, and the clip
recipe, presets   parts and numbers, by name
climb             the loop
rescue            units that give no gradient
curve             the objective in short; converged or not
gallery           all units of a layer, in batches
choice            the shorthand ``layer:unit``
"""
