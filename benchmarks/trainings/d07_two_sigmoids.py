"""A sigmoid behind a sigmoid."""

from common import digits, mlp, train
from mxnet import gluon, init

x, y = digits()
net = mlp(64, outputs=1, last="sigmoid")
net.initialize(init.Xavier())
train(
    net,
    gluon.loss.SigmoidBinaryCrossEntropyLoss(),
    (x, (y > 4).astype("float32")),
    "adam",
    learning_rate=0.001,
)
