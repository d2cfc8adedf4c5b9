"""Several labels at once, a sigmoid each."""

import numpy as np
from common import digits, mlp, train
from mxnet import gluon, init

x, y = digits()
bits = np.stack([(y.astype(int) >> place) & 1 for place in range(4)], 1).astype("float32")
net = mlp(64, 64, outputs=4)
net.initialize(init.Xavier())
train(net, gluon.loss.SigmoidBinaryCrossEntropyLoss(), (x, bits), "adam", learning_rate=0.003)
