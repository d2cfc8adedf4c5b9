"""Trainings of nets of every kind, by the usual loop."""

from __future__ import annotations

from tests.recording.training_case import HYBRID, LOOP, PLAIN, Case

NETS = {
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
}
