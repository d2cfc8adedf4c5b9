"""Trainings by loops of every kind: modules, updates by hand, threads, estimators."""

from __future__ import annotations

import textwrap

from tests.recording.training_case import LOOP, Case

LOOPS = {
    "module fit": Case(
        """
        d = mx.sym.var("data"); c = mx.sym.Activation(mx.sym.Convolution(d, kernel=(3, 3), num_filter=4), act_type="relu")
        mod = mx.mod.Module(mx.sym.SoftmaxOutput(mx.sym.FullyConnected(c, num_hidden=3), name="softmax"))
        mod.fit(mx.io.NDArrayIter(X(24).asnumpy(), Y(24).asnumpy(), 6), num_epoch=2)
        leave(*[sorted(each.items()) for each in mod.get_params()])
        """
    ),
    "modules in sequence": Case(
        """
        data = mx.io.NDArrayIter(draw.rand(24, 1, 8, 8).astype("f4"), draw.randint(0, 3, 24).astype("f4"), 6)
        top = mx.sym.Convolution(mx.sym.Variable("data"), num_filter=3, kernel=(3, 3), name="c")
        end = mx.sym.FullyConnected(mx.sym.Variable("data"), num_hidden=3, name="f")
        m = mx.mod.SequentialModule()
        m.add(mx.mod.Module(mx.sym.relu(top), label_names=None))
        m.add(mx.mod.Module(mx.sym.SoftmaxOutput(end, name="softmax")), take_labels=True, auto_wiring=True)
        m.fit(data, num_epoch=2, optimizer="sgd")
        leave(sorted(m.get_params()[0].items()))
        """,
        runs=2,
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
    "no standard error": Case(
        "net = conv_net(); t = trainer(net); sys.stderr = sys.__stderr__ = None"
        + LOOP
        + "leave(net)"
    ),
    "a closed standard error": Case(
        "net = conv_net(); t = trainer(net); sys.stderr.close()" + LOOP + "leave(net)"
    ),
    "a standard error of its own": Case(
        """
        class Tee:
            def write(s, text): sys.__stderr__.write(text)
        net = conv_net(); t = trainer(net); sys.stderr = Tee()
        for _ in range(5):
            x, y = X(), Y()
            with autograd.record(): l = L(net(x), y)
            l.backward(); t.step(6)
        leave(net)
        """
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
