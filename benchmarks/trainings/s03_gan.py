"""A GAN: two nets that learn against each other."""

from common import batches, digits, mlp
from mxnet import autograd, gluon, init, nd
from mxnet.gluon import nn

maker = mlp(32, 32, outputs=64, last="sigmoid")
judge = nn.HybridSequential()
judge.add(nn.Dense(32), nn.LeakyReLU(0.2), nn.Dense(1))
maker.initialize(init.Xavier())
judge.initialize(init.Xavier())
loss = gluon.loss.SigmoidBinaryCrossEntropyLoss()
making = gluon.Trainer(maker.collect_params(), "adam", {"learning_rate": 0.001, "beta1": 0.5})
judging = gluon.Trainer(judge.collect_params(), "adam", {"learning_rate": 0.001, "beta1": 0.5})
for _step, (x, _) in zip(range(400), batches(digits(), 32), strict=False):
    noise = nd.random.normal(shape=(32, 16))
    with autograd.record():
        value = loss(judge(x), nd.ones(32)) + loss(judge(maker(noise).detach()), nd.zeros(32))
    value.backward()
    judging.step(32)
    with autograd.record():
        value = loss(judge(maker(noise)), nd.ones(32))
    value.backward()
    making.step(32)
