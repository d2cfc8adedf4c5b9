"""Trainings as people write them, each of a few updates: what a recording must leave as it is.

Each prints its weights' digest and what the generators draw next. ``runs`` is how many runs it
leaves when it is recorded; where that is none, ``says`` is what its user is told instead.
"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

HEAD = """
import hashlib, random, sys
import numpy as np, mxnet as mx
from mxnet import autograd, gluon, nd
from mxnet.gluon import nn, rnn
mx.random.seed(5); np.random.seed(5); random.seed(5)
draw = np.random.RandomState(1)
L = gluon.loss.SoftmaxCrossEntropyLoss()
def X(n=6, c=1, s=8): return nd.array(draw.rand(n, c, s, s))
def Y(n=6, k=3): return nd.array(draw.randint(0, k, n))
def conv_net(**given):
    net = nn.HybridSequential(**given)
    net.add(nn.Conv2D(4, 3), nn.BatchNorm(), nn.Activation("relu"), nn.MaxPool2D(), nn.Dropout(.3), nn.Dense(3))
    net.initialize(); return net
def trainer(net, **given): return gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": .1, **given})
def leave(*arrays):
    digest = hashlib.sha256()
    for each in arrays:
        named = sorted(each.collect_params().items()) if isinstance(each, gluon.Block) else each
        for name, p in named:
            data = p.list_data() if isinstance(p, gluon.Parameter) else [p]
            digest.update(name.encode()); [digest.update(d.asnumpy().tobytes()) for d in data]
    print(digest.hexdigest(), mx.nd.random.uniform(shape=3).asnumpy(), np.random.rand(2), random.random())
"""

LOOP = """
for _ in range(5):
    x, y = X(), Y()
    with autograd.record(): l = L(net(x), y)
    l.backward(); t.step(6)
"""

BLOCK = """
class Net(gluon.{kind}):
    def __init__(s):
        super().__init__()
        with s.name_scope(): s.c, s.d = nn.Conv2D(4, 3, activation="relu"), nn.Dense(3)
"""
HYBRID, PLAIN = BLOCK.format(kind="HybridBlock"), BLOCK.format(kind="Block")


@dataclass(frozen=True)
class Case:
    """One training.

    Attributes:
        body: of the script, behind `HEAD`.
        runs: how many nets it is recorded as.
        says: part of the sentence that its user is told; empty: nothing is said.
        code: it exits with.
    """

    body: str
    runs: int = 1
    says: str = ""
    code: int = 0

    @property
    def script(self) -> str:
        return HEAD + textwrap.dedent(self.body).strip("\n") + "\n"


CASES = {
    "gluon": Case("net = conv_net(); t = trainer(net)" + LOOP + "leave(net)"),
    "hybridized": Case(
        "net = conv_net(); net.hybridize(static_alloc=True); t = trainer(net, momentum=.9)"
        + LOOP
        + "leave(net)"
    ),
    "deferred": Case(
        "net = conv_net(); net.hybridize(); t = trainer(net); net(nd.zeros((1, 1, 8, 8)))"
        + LOOP
        + "leave(net)"
    ),
    "folds": Case(
        """
        for fold in range(3):
            net = nn.Sequential(); net.add(nn.Dense(8, activation="relu"), nn.Dense(1)); net.initialize()
            t = gluon.Trainer(net.collect_params(), "adam")
            for _ in range(3):
                x, y = nd.array(draw.rand(6, 5)), nd.array(draw.rand(6))
                with autograd.record(): l = gluon.loss.L2Loss()(net(x), y)
                l.backward(); t.step(6)
            leave(net)
        """,
        runs=3,
    ),
    "adversaries": Case(
        """
        G, D = nn.HybridSequential(prefix="gen_"), nn.HybridSequential(prefix="disc_")
        G.add(nn.Conv2DTranspose(4, 4), nn.BatchNorm(), nn.Activation("relu"), nn.Conv2DTranspose(1, 4, 2, 1))
        D.add(nn.Conv2D(4, 4, 2, 1), nn.LeakyReLU(.2), nn.Dense(1)); G.initialize(); D.initialize()
        tg, td = trainer(G), trainer(D); B = gluon.loss.SigmoidBinaryCrossEntropyLoss()
        for i in range(4):
            z = nd.random.normal(shape=(4, 5, 1, 1))
            with autograd.record(): l = B(D(X(4)), nd.ones(4)) + B(D(G(z).detach()), nd.zeros(4))
            l.backward(); td.step(4)
            with autograd.record(): l = B(D(G(z)), nd.ones(4))
            l.backward(); tg.step(4)
        leave(G, D)
        """,
        runs=2,
    ),
    "loss in a block": Case(
        HYBRID
        + """
    def hybrid_forward(s, F, x): return s.d(s.c(x))
class Train(gluon.HybridBlock):
    def __init__(s, net): super().__init__(); s.net, s.l = net, gluon.loss.SoftmaxCELoss()
    def hybrid_forward(s, F, x, y): return s.l(s.net(x), y)
net = Net(); net.initialize(); both = Train(net); both.hybridize(); t = trainer(net)
for _ in range(5):
    with autograd.record(): l = both(X(), Y())
    l.backward(); t.step(6)
leave(net)
"""
    ),
    "loss as a method": Case(
        PLAIN
        + """
    def forward(s, x): return s.d(s.c(x))
    def cost(s, x, y): return L(s.features(x), y)
    def features(s, x): return s.d(s.c(x))
net = Net(); net.initialize(); t = trainer(net)
for _ in range(5):
    with autograd.record(): l = net.cost(X(), Y())
    l.backward(); t.step(6)
leave(net)
"""
    ),
    "loss in the net": Case(
        HYBRID
        + """
    def hybrid_forward(s, F, x, y): return -F.pick(F.log_softmax(s.d(s.c(x))), y)
net = Net(); net.initialize(); net.hybridize(); t = trainer(net)
for _ in range(5):
    with autograd.record(): l = net(X(), Y())
    l.backward(); t.step(6)
leave(net)
"""
    ),
    "two inputs": Case(
        HYBRID
        + """
    def hybrid_forward(s, F, x, k): return s.d(F.concat(F.flatten(s.c(x)), k, dim=1))
net = Net(); net.initialize(); t = trainer(net)
for _ in range(5):
    with autograd.record(): l = L(net(X(), nd.array(draw.rand(6, 2))), Y())
    l.backward(); t.step(6)
leave(net)
"""
    ),
    "tokens and a state": Case(
        """
        class LM(gluon.HybridBlock):
            def __init__(s):
                super().__init__()
                with s.name_scope(): s.e, s.r, s.d = nn.Embedding(9, 4), rnn.LSTM(4, input_size=4), nn.Dense(9, in_units=4)
            def hybrid_forward(s, F, x, h):
                y, h = s.r(s.e(x), h); return s.d(y.reshape((-1, 4))), h
        net = LM(); net.initialize(); t = trainer(net); h = net.r.begin_state(batch_size=3)
        for _ in range(4):
            x = nd.array(draw.randint(0, 9, (5, 3))); h = [each.detach() for each in h]
            with autograd.record(): o, h = net(x, h); l = L(o, x.reshape((-1,)))
            l.backward(); t.step(15)
        leave(net)
        """
    ),
    "a block with a state": Case(
        """
        class RNN(nn.Block):
            def __init__(s):
                super().__init__()
                with s.name_scope(): s.r, s.d = rnn.RNN(4, input_size=9), nn.Dense(9)
            def forward(s, x, h):
                y, h = s.r(nd.one_hot(x.T, 9), h); return s.d(y.reshape((-1, 4))), h
        net = RNN(); net.initialize(); t = trainer(net); h = net.r.begin_state(batch_size=3)
        for _ in range(4):
            x = nd.array(draw.randint(0, 9, (3, 5))); h = [each.detach() for each in h]
            with autograd.record(): o, h = net(x, h); l = L(o, x.T.reshape((-1,)))
            l.backward(); t.step(15)
        leave(net)
        """
    ),
    "outputs in a dict": Case(
        HYBRID
        + """
    def hybrid_forward(s, F, x): f = s.c(x); return {"maps": f, "scores": s.d(f)}
net = Net(); net.initialize(); t = trainer(net)
for _ in range(5):
    with autograd.record(): l = L(net(X())["scores"], Y())
    l.backward(); t.step(6)
leave(net)
"""
    ),
    "inputs in a list": Case(
        PLAIN
        + """
    def forward(s, xs): return s.d(s.c(xs[0] + xs[1]))
net = Net(); net.initialize(); t = trainer(net)
for _ in range(5):
    with autograd.record(): l = L(net([X(), X()]), Y())
    l.backward(); t.step(6)
leave(net)
"""
    ),
    "inputs in a dict": Case(
        PLAIN
        + """
    def forward(s, batch): return s.d(s.c(batch["image"])) if batch["mask"] is None else None
net = Net(); net.initialize(); t = trainer(net)
for _ in range(5):
    with autograd.record(): l = L(net({"image": X(), "mask": None}), Y())
    l.backward(); t.step(6)
leave(net)
"""
    ),
    "a number beside the images": Case(
        PLAIN
        + """
    def forward(s, x, times):
        for _ in range(times): x = x * 0.9
        return s.d(s.c(x))
net = Net(); net.initialize(); t = trainer(net)
for _ in range(5):
    with autograd.record(): l = L(net(X(), 3), Y())
    l.backward(); t.step(6)
leave(net)
"""
    ),
    "its own random numbers": Case(
        PLAIN
        + """
    def forward(s, x): return s.d(s.c(x + .1 * nd.random.normal(shape=x.shape)) + nd.random.uniform(shape=(1,)))
net = Net(); net.initialize(); t = trainer(net)"""
        + LOOP
        + "leave(net)"
    ),
    "a count of its calls": Case(
        PLAIN
        + """
        s.calls, s.sizes = 0, []
    def forward(s, x):
        s.calls += 1; s.last = x
        return s.d(s.c(x * (1 + s.calls)))
net = Net(); net.initialize(); t = trainer(net)"""
        + LOOP
        + "leave(net); print(net.calls, net.last.shape)"
    ),
    "a net that prints": Case(
        PLAIN
        + """
    def forward(s, x):
        f = s.c(x); print("features", f.shape); return s.d(f)
net = Net(); net.initialize(); t = trainer(net)"""
        + LOOP
        + "leave(net)"
    ),
    "module fit": Case(
        """
        d = mx.sym.var("data"); c = mx.sym.Activation(mx.sym.Convolution(d, kernel=(3, 3), num_filter=4), act_type="relu")
        mod = mx.mod.Module(mx.sym.SoftmaxOutput(mx.sym.FullyConnected(c, num_hidden=3), name="softmax"))
        mod.fit(mx.io.NDArrayIter(X(24).asnumpy(), Y(24).asnumpy(), 6), num_epoch=2)
        leave(*[sorted(each.items()) for each in mod.get_params()])
        """
    ),
    "module by steps": Case(
        """
        d = mx.sym.var("data"); c = mx.sym.Activation(mx.sym.FullyConnected(d, num_hidden=4), act_type="tanh")
        mod = mx.mod.Module(mx.sym.SoftmaxOutput(mx.sym.FullyConnected(c, num_hidden=3), name="softmax"))
        mod.bind([("data", (6, 1, 8, 8))], [("softmax_label", (6,))]); mod.init_params(); mod.init_optimizer()
        for _ in range(5):
            mod.forward(mx.io.DataBatch([X()], [Y()]), is_train=True); mod.backward(); mod.update()
        leave(*[sorted(each.items()) for each in mod.get_params()])
        """
    ),
    "buckets": Case(
        """
        def symbol(length):
            d = mx.sym.var("data"); e = mx.sym.Embedding(d, input_dim=9, output_dim=4, name="e")
            f = mx.sym.FullyConnected(mx.sym.mean(e, axis=1), num_hidden=3, name="f")
            return mx.sym.SoftmaxOutput(f, name="softmax"), ("data",), ("softmax_label",)
        mod = mx.mod.BucketingModule(symbol, default_bucket_key=7)
        def batch(n):
            x = nd.array(draw.randint(0, 9, (6, n)))
            return mx.io.DataBatch([x], [Y()], bucket_key=n, provide_data=[("data", (6, n))], provide_label=[("softmax_label", (6,))])
        first = batch(7); mod.bind(first.provide_data, first.provide_label); mod.init_params(); mod.init_optimizer()
        for n in (7, 5, 7, 5, 6):
            mod.forward(batch(n)); mod.backward(); mod.update()
        leave(*[sorted(each.items()) for each in mod.get_params()])
        """
    ),
    "updates by hand": Case(
        """
        net = conv_net()
        for _ in range(5):
            with autograd.record(): l = L(net(X()), Y())
            l.backward()
            for p in net.collect_params().values():
                if p.grad_req != "null": p.data()[:] -= .1 * p.grad()
        leave(net)
        """
    ),
    "an optimizer operator": Case(
        """
        net = conv_net(); net.hybridize()
        for _ in range(5):
            with autograd.record(): l = L(net(X()), Y())
            l.backward()
            for p in net.collect_params().values():
                if p.grad_req != "null": nd.sgd_update(p.data(), p.grad(), lr=.1, out=p.data())
        leave(net)
        """
    ),
    "an updater": Case(
        """
        net = conv_net(); update = mx.optimizer.get_updater(mx.optimizer.Adam())
        for _ in range(5):
            with autograd.record(): l = L(net(X()), Y())
            l.backward()
            for i, p in enumerate(net.collect_params().values()):
                if p.grad_req != "null": update(i, p.grad(), p.data())
        leave(net)
        """
    ),
    "from scratch": Case(
        """
        w, b = nd.random.normal(shape=(3, 2)), nd.zeros(2); w.attach_grad(); b.attach_grad()
        for _ in range(5):
            with autograd.record(): l = ((nd.dot(nd.array(draw.rand(6, 3)), w) + b) ** 2).sum()
            l.backward(); w[:] = w - .1 * w.grad; b -= .1 * b.grad
        leave([("w", w), ("b", b)])
        """,
        runs=0,
        says="what is trained is no gluon.Block and no Module",
    ),
    "the head alone": Case(
        """
        net = conv_net(); net[:4].collect_params().setattr("grad_req", "null")
        t = gluon.Trainer(net[5].collect_params(), "sgd")"""
        + textwrap.indent(LOOP, " " * 8)
        + "        leave(net)"
    ),
    "two contexts": Case(
        """
        both = [mx.cpu(0), mx.cpu(1)]; net = conv_net(); net.initialize(ctx=both, force_reinit=True); t = trainer(net)
        for _ in range(4):
            xs, ys = (gluon.utils.split_and_load(each, both) for each in (X(), Y()))
            with autograd.record(): ls = [L(net(x), y) for x, y in zip(xs, ys)]
            autograd.backward(ls); t.step(6)
        leave(net)
        """
    ),
    "two trainers": Case(
        """
        net = conv_net(); a = gluon.Trainer(net[:5].collect_params(), "sgd"); b = gluon.Trainer(net[5].collect_params(), "adam")
        for _ in range(4):
            with autograd.record(): l = L(net(X()), Y())
            l.backward(); a.step(6); b.step(6)
        leave(net)
        """
    ),
    "a thread for the net": Case(
        """
        import concurrent.futures as cf
        net = conv_net(); net(X()); t = trainer(net); pool = cf.ThreadPoolExecutor(1)
        def both(x, y):
            with autograd.record(): l = L(net(x), y)
            l.backward()
        for _ in range(4): pool.submit(both, X(), Y()).result(); t.step(6)
        leave(net)
        """
    ),
    "encoder and decoder": Case(
        """
        enc, dec = conv_net(prefix="enc_"), nn.Dense(3, prefix="dec_"); dec.initialize()
        params = enc.collect_params(); params.update(dec.collect_params()); t = gluon.Trainer(params, "sgd")
        for _ in range(4):
            with autograd.record(): l = L(dec(enc(X())), Y())
            l.backward(); t.step(6)
        leave(enc, dec)
        """,
        runs=2,
    ),
    "gradients that add up": Case(
        """
        net = conv_net(); net.collect_params().setattr("grad_req", "add"); t = trainer(net)
        for _ in range(3):
            for _ in range(2):
                with autograd.record(): l = L(net(X()), Y())
                l.backward()
            t.step(12)
            for p in net.collect_params().values():
                if p.grad_req != "null": p.zero_grad()
        leave(net)
        """
    ),
    "an estimator": Case(
        """
        from mxnet.gluon.contrib.estimator import Estimator
        import logging
        net = conv_net(); net(X()); data = gluon.data.DataLoader(gluon.data.ArrayDataset(X(12), Y(12)), 4)
        e = Estimator(net, L, train_metrics=mx.metric.Accuracy(), trainer=trainer(net)); e.logger.setLevel(logging.ERROR)
        e.fit(data, epochs=2); leave(net)
        """
    ),
    "loaders and metrics": Case(
        """
        net = conv_net(); t = trainer(net, lr_scheduler=mx.lr_scheduler.FactorScheduler(2)); m = mx.metric.Accuracy()
        data = gluon.data.DataLoader(gluon.data.ArrayDataset(X(12), Y(12)), 4, shuffle=True)
        for epoch in range(2):
            m.reset()
            for x, y in data:
                with autograd.record(): o = net(x); l = L(o, y)
                l.backward(); t.step(4); m.update([y], [o])
            for x, y in data: net(x)
            print(epoch, m.get(), t.learning_rate)
        leave(net)
        """
    ),
    "numpy's interface": Case(
        """
        from mxnet import npx; npx.set_np()
        net = nn.HybridSequential(); net.add(nn.Conv2D(4, 3, activation="relu"), nn.Dense(3)); net.initialize(); t = trainer(net)
        for _ in range(4):
            x, y = X().as_np_ndarray(), Y().as_np_ndarray()
            with autograd.record(): l = L(net(x), y)
            l.backward(); t.step(6)
        npx.reset_np(); print([float(p.data().asnumpy().sum()).hex() for p in net.collect_params().values()])
        """
    ),
    "an operator of its own": Case(
        """
        class Op(mx.operator.CustomOp):
            def forward(self, is_train, req, in_data, out_data, aux):
                if is_train: aux[0][:] = aux[0] + 1
                self.assign(out_data[0], req[0], in_data[0] * 2)
            def backward(self, req, out_grad, in_data, out_data, in_grad, aux):
                self.assign(in_grad[0], req[0], out_grad[0] * 2)
        @mx.operator.register("counting")
        class Prop(mx.operator.CustomOpProp):
            def list_auxiliary_states(self): return ["count"]
            def infer_shape(self, shapes): return shapes, [shapes[0]], [(1,)]
            def create_operator(self, *_): return Op()
        class Count(gluon.HybridBlock):
            def __init__(s):
                super().__init__(); s.count = s.params.get("count", grad_req="null", shape=(1,), init="zeros", differentiable=False)
            def hybrid_forward(s, F, x, count): return F.Custom(x, count, op_type="counting")
        net = nn.HybridSequential(); net.add(nn.Conv2D(4, 3), Count(), nn.Dense(3)); net.initialize(); t = trainer(net)"""
        + textwrap.indent(LOOP, " " * 8)
        + "        leave(net)"
    ),
    "a fixed batch": Case(
        """
        class VAE(gluon.HybridBlock):
            def __init__(s, n=6):
                super().__init__(); s.n = n
                with s.name_scope(): s.e, s.d = nn.Dense(4), nn.Dense(16)
            def hybrid_forward(s, F, x):
                m, v = F.split(s.e(x), axis=1, num_outputs=2)
                return F.sum((x - s.d(m + F.exp(v) * F.random.normal(shape=(s.n, 2)))) ** 2, axis=1)
        net = VAE(); net.initialize(); net.hybridize(); t = trainer(net, learning_rate=.01)
        for _ in range(4):
            with autograd.record(): l = net(nd.array(draw.rand(6, 16)))
            l.backward(); t.step(6)
        leave(net)
        """
    ),
    "nothing but nan": Case(
        "net = conv_net(); t = trainer(net, learning_rate=1e30)" + LOOP + "leave(net)"
    ),
    "numpy that raises": Case(
        "np.seterr(all='raise'); net = conv_net(); t = trainer(net)"
        + LOOP
        + "leave(net); print(np.geterr())"
    ),
    "its own log": Case(
        """
        import logging; logging.basicConfig(filename="log.txt", level=logging.DEBUG)
        net = conv_net(); t = trainer(net)"""
        + textwrap.indent(LOOP, " " * 8)
        + "        logging.info('done'); leave(net); print(open('log.txt').read())"
    ),
    "arguments": Case(
        """
        import argparse
        p = argparse.ArgumentParser(); p.add_argument("--lr", type=float, default=.05); a = p.parse_args([])
        net = conv_net(); t = trainer(net, learning_rate=a.lr)"""
        + textwrap.indent(LOOP, " " * 8)
        + "        leave(net)"
    ),
    "an exit": Case(
        "net = conv_net(); t = trainer(net)" + LOOP + "leave(net); sys.exit(3)", code=3
    ),
    "a failure": Case("net = conv_net(); t = trainer(net)" + LOOP + "leave(net); 1 / 0", code=1),
    "a net called twice": Case(
        """
        net = conv_net(); t = trainer(net)
        for _ in range(4):
            with autograd.record(): l = L(net(X()), Y()) + L(net(X()), Y()) + .1 * gluon.loss.L2Loss()(net(X()), nd.zeros((6, 3)))
            l.backward(); t.step(6)
        leave(net)
        """
    ),
    "style": Case(
        """
        net = conv_net(); net(X()); image = X(1); image.attach_grad()
        for _ in range(4):
            with autograd.record(): l = (net[0](image) ** 2).sum()
            l.backward(); image -= .1 * image.grad
        leave(net, [("image", image)])
        """,
        runs=0,
        says="nothing was recorded",
    ),
}
