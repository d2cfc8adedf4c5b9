"""A ResNet with BatchNorm."""

from common import digits, train
from mxnet import gluon, init
from mxnet.gluon.model_zoo.vision import BasicBlockV1, ResNetV1

net = ResNetV1(BasicBlockV1, [1, 1, 1], [8, 8, 16, 16], classes=10, thumbnail=True)
net.initialize(init.Xavier())
train(
    net,
    gluon.loss.SoftmaxCrossEntropyLoss(),
    digits(images=True),
    "sgd",
    steps=150,
    learning_rate=0.05,
    momentum=0.9,
)
