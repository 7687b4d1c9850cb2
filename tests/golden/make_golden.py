#!/usr/bin/python3
"""Writes data/*.json: what PyTorch computes, for the golden tests.

Everything is computed in float64 from inputs that float32 represents exactly, and written in the layout of this
library: images N, H, W, C; convolution weights Cout, KH, KW, Cin / groups. Runs on the CPU, deterministic; made with
PyTorch 1.13. A tensor is {"shape": [...], "values": [...]}, row-major; a case holds "options", inputs and results.

usage: python3 make_golden.py
"""
import json
import math
import pathlib

import numpy as np
import torch
import torch.nn.functional as F

OUT = pathlib.Path(__file__).resolve().parent / "data"
torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)
generator = np.random.default_rng(20160620)


def draw(*shape, grid=64.0, spread=1.0):
    """Normal numbers rounded to multiples of 1 / grid, exact in float32."""
    return torch.tensor(np.round(generator.normal(0, spread, shape) * grid) / grid)


def distinct(*shape):
    """Distinct numbers around 0, for operations that pick the largest."""
    n = int(np.prod(shape))
    return torch.tensor((generator.permutation(n) - n // 2).reshape(shape) / 32.0)


def leaf(x):
    return x.clone().requires_grad_(True)


def nhwc(x):
    return x.permute(0, 2, 3, 1)


def tensor(x):
    x = torch.as_tensor(x).detach()
    return {"shape": list(x.shape), "values": [float(f"{v:.9g}") for v in x.contiguous().flatten().tolist()]}


def write(name, cases):
    head = {"made_by": "make_golden.py", "torch": torch.__version__, "cases": cases}
    text = json.dumps(head, separators=(",", ":")).replace('{"options"', '\n{"options"') + "\n"
    (OUT / f"{name}.json").write_text(text)


def case(options, **tensors):
    return {"options": options, **{name: tensor(value) for name, value in tensors.items()}}


def convolution(n, h, w, cin, cout, kernel, stride=1, begin=0, end=0, groups=1, bias=False):
    x = leaf(draw(n, cin, h, w))
    weight = leaf(draw(cout, cin // groups, kernel[0], kernel[1], spread=0.5))
    b = leaf(draw(cout)) if bias else None
    y = F.conv2d(F.pad(x, (begin, end, begin, end)), weight, b, stride, 0, 1, groups)
    dy = draw(*y.shape)
    y.backward(dy)
    tensors = dict(x=nhwc(x), weight=nhwc(weight), y=nhwc(y), dy=nhwc(dy), dx=nhwc(x.grad), dweight=nhwc(weight.grad))
    if bias:
        tensors |= dict(bias=b, dbias=b.grad)
    return case(dict(stride=stride, padding_begin=begin, padding_end=end, groups=groups), **tensors)


def linear(n, k, f, bias):
    x, weight = leaf(draw(n, k)), leaf(draw(f, k, spread=0.5))
    b = leaf(draw(f)) if bias else None
    y = F.linear(x, weight, b)
    dy = draw(n, f)
    y.backward(dy)
    tensors = dict(x=x, weight=weight, y=y, dy=dy, dx=x.grad, dweight=weight.grad)
    if bias:
        tensors |= dict(bias=b, dbias=b.grad)
    return case({}, **tensors)


def matmul(m, k, n):
    a, b = leaf(draw(m, k)), leaf(draw(k, n))
    y = a @ b
    dy = draw(m, n)
    y.backward(dy)
    return case({}, a=a, b=b, y=y, dy=dy, da=a.grad, db=b.grad)


def batch_norm(shape, training, eps=1e-5, momentum=0.9):
    """shape is that of PyTorch, [N, C] or [N, C, H, W]; momentum is the share of the old running value."""
    last = nhwc if len(shape) == 4 else (lambda t: t)
    c = shape[1]
    x, gamma, beta = leaf(draw(*shape, spread=2.0) + draw(1, c, *[1] * (len(shape) - 2))), leaf(draw(c)), leaf(draw(c))
    mean, var = draw(c), draw(c).abs() + 0.5
    new_mean, new_var = mean.clone(), var.clone()
    y = F.batch_norm(x, new_mean, new_var, gamma, beta, training, 1 - momentum, eps)
    dy = draw(*shape)
    y.backward(dy)
    return case(dict(training=training, eps=eps, momentum=momentum), x=last(x), gamma=gamma, beta=beta, mean=mean,
                var=var, y=last(y), new_mean=new_mean, new_var=new_var, dy=last(dy), dx=last(x.grad),
                dgamma=gamma.grad, dbeta=beta.grad)


def unary(function, x, to=nhwc, options=None):
    x = leaf(x)
    y = function(x)
    dy = draw(*y.shape)
    y.backward(dy)
    back = to if y.dim() == 4 else (lambda t: t)
    return case(options or {}, x=to(x), y=back(y), dy=back(dy), dx=to(x.grad))


def pool(function, h, w, kernel, stride, padding, **extra):
    return unary(lambda x: function(x, kernel, stride, padding, **extra), distinct(2, 3, h, w),
                 options=dict(kernel=kernel, stride=stride, padding=padding))


def off_kinks(x, *kinks):
    """Moves values that lie on a kink, where subgradients are a convention."""
    for kink in kinks:
        x = torch.where(x == kink, x + 0.25, x)
    return x


def prelu(slopes):
    x, slope = leaf(off_kinks(draw(2, 4, 3, 3), 0.0)), leaf(draw(slopes))
    y = F.prelu(x, slope)
    dy = draw(*y.shape)
    y.backward(dy)
    return case({}, x=nhwc(x), slope=slope, y=nhwc(y), dy=nhwc(dy), dx=nhwc(x.grad), dslope=slope.grad)


def cross_entropy(n, c, smoothing, spread):
    x, labels = leaf(draw(n, c, spread=spread)), torch.tensor(generator.integers(0, c, n))
    y = F.cross_entropy(x, labels, label_smoothing=smoothing)
    y.backward()
    return case(dict(smoothing=smoothing, labels=labels.tolist()), x=x, y=y.reshape(1), dx=x.grad)


def squared_hinge(n, c):
    x, labels = leaf(draw(n, c)), torch.tensor(generator.integers(0, c, n))
    target = 2.0 * F.one_hot(labels, c) - 1
    y = F.relu(1 - target * x).square().mean()
    y.backward()
    return case(dict(labels=labels.tolist()), x=x, y=y.reshape(1), dx=x.grad)


def make_ops():
    away = lambda *kinks: off_kinks(draw(2, 3, 4, 5), *kinks)
    write("ops", {
        "conv2d/plain": convolution(2, 6, 5, 3, 4, (3, 3)),
        "conv2d/padding_bias": convolution(2, 5, 6, 3, 5, (3, 3), begin=1, end=1, bias=True),
        "conv2d/stride_padding": convolution(2, 7, 8, 4, 6, (3, 3), stride=2, begin=1, end=1),
        "conv2d/one_sided_padding": convolution(1, 6, 6, 2, 3, (3, 3), stride=2, begin=0, end=1, bias=True),
        "conv2d/pointwise": convolution(2, 4, 4, 8, 5, (1, 1), bias=True),
        "conv2d/pointwise_stride": convolution(1, 7, 7, 3, 4, (1, 1), stride=3),
        "conv2d/oblong_kernel": convolution(1, 6, 7, 3, 4, (2, 4), begin=1, end=1),
        "conv2d/large_padding": convolution(1, 4, 4, 2, 3, (5, 5), begin=3, end=3),
        "conv2d/groups": convolution(2, 5, 5, 6, 4, (3, 3), begin=1, end=1, groups=2, bias=True),
        "conv2d/wide": convolution(1, 4, 3, 19, 35, (3, 3), begin=1, end=1),
        "depthwise_conv2d/plain": convolution(2, 5, 6, 5, 5, (3, 3), groups=5),
        "depthwise_conv2d/stride": convolution(2, 7, 6, 20, 20, (3, 3), stride=2, begin=1, end=1, groups=20, bias=True),
        "linear/plain": linear(5, 7, 3, False),
        "linear/bias": linear(4, 37, 18, True),
        "matmul/plain": matmul(5, 9, 6),
        "batch_norm/train_images": batch_norm((3, 5, 4, 3), True),
        "batch_norm/train_features": batch_norm((7, 18), True, eps=1e-4, momentum=0.8),
        "batch_norm/eval_images": batch_norm((3, 5, 4, 3), False),
        "batch_norm/eval_features": batch_norm((6, 4), False, eps=1e-3),
        "relu/plain": unary(F.relu, away(0.0)),
        "clip/closed_window": unary(lambda x: torch.clamp(x, 0.0, 1.0), torch.cat(
            [away(), torch.ones(2, 3, 1, 5), torch.zeros(2, 3, 1, 5)], 2), options=dict(low=0.0, high=1.0)),
        "hard_tanh/plain": unary(F.hardtanh, away(-1.0, 1.0)),
        "abs_clip/plain": unary(lambda x: torch.clamp(x.abs(), max=1.0), away(-1.0, 0.0, 1.0)),
        "prelu/shared": prelu(1),
        "prelu/per_channel": prelu(4),
        "max_pool/plain": pool(F.max_pool2d, 6, 8, 2, 2, 0),
        "max_pool/overlapping": pool(F.max_pool2d, 7, 7, 3, 2, 1),
        "max_pool/remainder": pool(F.max_pool2d, 7, 5, 2, 2, 0),
        "avg_pool/plain": pool(F.avg_pool2d, 6, 8, 2, 2, 0),
        "avg_pool/overlapping": pool(F.avg_pool2d, 7, 7, 3, 2, 1),
        "global_avg_pool/plain": unary(lambda x: x.mean((2, 3)), away()),
        "softmax_cross_entropy/plain": cross_entropy(6, 10, 0.0, 1.0),
        "softmax_cross_entropy/smoothing": cross_entropy(5, 7, 0.1, 1.0),
        "softmax_cross_entropy/large_logits": cross_entropy(4, 5, 0.05, 40.0),
        "squared_hinge/plain": squared_hinge(6, 10),
    })


def trajectory(make, steps=5, **options):
    """Parameters after each step under fixed gradients; the second one has gradients of zero at times."""
    start = [draw(3, 4), draw(5)]
    parameters = [leaf(p) for p in start]
    optimizer = make(parameters)
    result = {"options": options, "start": [tensor(p) for p in start], "steps": []}
    for step in range(steps):
        gradients = [draw(3, 4), draw(5) * (step % 2)]
        lr = optimizer.param_groups[0]["lr"] * (1.0 if step < 3 else 0.5)
        for group in optimizer.param_groups:
            group["lr"] = lr
        for p, g in zip(parameters, gradients):
            p.grad = g.clone()
        optimizer.step()
        result["steps"].append({"lr": lr, "gradients": [tensor(g) for g in gradients],
                                "parameters": [tensor(p) for p in parameters]})
    return result


def sgd(**o):
    return trajectory(lambda p: torch.optim.SGD(p, **o), **o)


def adam(kind, lr, betas, eps, weight_decay):
    return trajectory(lambda p: kind(p, lr=lr, betas=betas, eps=eps, weight_decay=weight_decay), lr=lr,
                      beta1=betas[0], beta2=betas[1], epsilon=eps, weight_decay=weight_decay,
                      decoupled=kind is torch.optim.AdamW)


def make_optimizers():
    write("optimizers", {
        "sgd/plain": sgd(lr=0.1, momentum=0.0, nesterov=False, weight_decay=0.0),
        "sgd/momentum_decay": sgd(lr=0.1, momentum=0.9, nesterov=False, weight_decay=0.01),
        "sgd/nesterov": sgd(lr=0.05, momentum=0.8, nesterov=True, weight_decay=0.1),
        "adam/plain": adam(torch.optim.Adam, 0.01, (0.9, 0.999), 1e-8, 0.0),
        "adam/decay": adam(torch.optim.Adam, 0.02, (0.8, 0.99), 1e-6, 0.1),
        "adam/decoupled": adam(torch.optim.AdamW, 0.01, (0.9, 0.999), 1e-8, 0.1),
    })


def rates(make, base, steps=12):
    optimizer = torch.optim.SGD([leaf(torch.zeros(1))], lr=base)
    scheduler = make(optimizer)
    result = []
    for _ in range(steps):
        result.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return result


def make_schedules():
    s = torch.optim.lr_scheduler
    write("schedules", {
        "constant": {"options": dict(base_lr=0.3), "lr": [0.3] * 12},
        "step": {"options": dict(base_lr=0.4, step_size=3, gamma=0.5),
                 "lr": rates(lambda o: s.StepLR(o, 3, 0.5), 0.4)},
        "multistep": {"options": dict(base_lr=0.1, milestones=[2, 7, 8], gamma=0.1),
                      "lr": rates(lambda o: s.MultiStepLR(o, [2, 7, 8], 0.1), 0.1)},
        "exponential": {"options": dict(base_lr=0.1, gamma=0.9),
                        "lr": rates(lambda o: s.ExponentialLR(o, 0.9), 0.1)},
        "cosine": {"options": dict(base_lr=0.05, total_steps=12),
                   "lr": rates(lambda o: s.CosineAnnealingLR(o, 12), 0.05)},
    })


class SmallNetwork(torch.nn.Module):
    """conv - BN - ReLU - pool - conv - BN - ReLU - fc on 8x8 images of 3 channels."""

    def __init__(self):
        super().__init__()
        nn = torch.nn
        self.conv1, self.bn1 = nn.Conv2d(3, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8)
        self.conv2, self.bn2 = nn.Conv2d(8, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16)
        self.fc = nn.Linear(256, 10)
        for p in (self.conv1.weight, self.conv2.weight, self.fc.weight):
            p.data = draw(*p.shape, grid=1024.0, spread=1 / math.sqrt(p[0].numel()))
        for bn in (self.bn1, self.bn2):
            bn.weight.data, bn.bias.data = 1 + draw(bn.num_features, spread=0.1), draw(bn.num_features, spread=0.1)
        self.fc.bias.data = draw(10, spread=0.1)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(x))), 2)
        return self.fc(nhwc(F.relu(self.bn2(self.conv2(x)))).flatten(1))

    def state(self):
        """Everything in this library's layout; the fully connected weights already run over H, W, C."""
        change = lambda name, p: nhwc(p) if p.dim() == 4 else p
        return {name: tensor(change(name, p)) for name, p in self.state_dict().items() if "num_batches" not in name}


def make_training_run():
    net = SmallNetwork()
    options = dict(lr=0.05, momentum=0.9, nesterov=False, weight_decay=0.001)
    optimizer = torch.optim.SGD(net.parameters(), **options)
    batches = [(draw(8, 3, 8, 8), torch.tensor(generator.integers(0, 10, 8))) for _ in range(3)]
    run = {"options": options, "start": net.state(),
           "batches": [{"images": tensor(nhwc(x)), "labels": y.tolist()} for x, y in batches], "losses": []}
    for step in range(10):
        x, y = batches[step % 3]
        optimizer.zero_grad()
        loss = F.cross_entropy(net(x), y)
        loss.backward()
        optimizer.step()
        run["losses"].append(loss.item())
    run["end"] = net.state()
    net.eval()
    with torch.no_grad():
        run["eval_logits"] = tensor(net(batches[0][0]))
    write("training_run", {"small_network": run})


if __name__ == "__main__":
    OUT.mkdir(exist_ok=True)
    make_ops()
    make_optimizers()
    make_schedules()
    make_training_run()
