"""Attribution: which input pixels a score of the network rests on.

batches      gradients of any number of questions, in batches of one size
target       the class score of each probe image that is to be explained
gradient     the gradient, gradient × input, guided backpropagation, SmoothGrad
integrated   integrated gradients, refined until they are complete
cam          Grad-CAM and guided Grad-CAM
occlusion    what the score loses when a square is covered
strongest    where each unit of a layer responds most over the probe
"""
