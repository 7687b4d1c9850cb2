#!/usr/bin/python3
"""Writes data/quantized.json: small DoReFa and HBNN networks, trained for two steps in float64.

An independent simulation of the quantizers' definitions, on PyTorch's automatic differentiation. Values near a decision
(a rounding tie, a sign, a window, a cut between bit widths) are refused, so that float32 decides alike.

usage: python3 make_quantized.py
"""
import math

import numpy as np
import torch
import torch.nn.functional as F

import make_golden as golden

MARGIN = 2e-5
SHARES = [0.7, 0.2, 0.1]  # of 1-, 2- and 3-bit values: 1.4 bits on average


class Indecisive(Exception):
    """A value lies too near a decision."""


def decide(distance, scale=1.0):
    if distance.numel() and distance.abs().min() < MARGIN * float(scale):
        raise Indecisive
    return distance


def surrogate(source, value):
    """The value forward, the gradient of the source backward."""
    return source + (value - source).detach()


def sign(x):
    return torch.where(decide(x) >= 0, 1.0, -1.0)


def round_up(x):
    decide(x - torch.floor(x) - 0.5)
    return torch.floor(x + 0.5)


class Dorefa:
    activation = staticmethod(lambda x: x.clamp(0, 1))

    def __init__(self, weight_bits, act_bits):
        self.weight_bits, self.levels = weight_bits, 2**act_bits - 1

    def weights(self, w):
        if self.weight_bits == 1:
            return surrogate(w, sign(w.detach()) * w.detach().abs().mean())
        n = 2**self.weight_bits - 1
        t = torch.tanh(w)
        u = t / (2 * t.abs().max()) + 0.5
        return 2 * surrogate(u, round_up(n * u.detach()) / n) - 1

    def inputs(self, x, site, training):
        decide(x), decide(x - 1)
        r = x.clamp(0, 1)
        return surrogate(r, round_up(self.levels * r.detach()) / self.levels)


def counts(n):
    cumulative = np.cumsum(SHARES)[:-1]
    return [math.floor(c * n + 0.5 + 1e-9) for c in cumulative]


def window(x):
    decide(x.abs() - 1)
    return x * (x.abs() <= 1)


class Hbnn:
    activation = staticmethod(F.relu)

    def __init__(self, quantize_inputs):
        self.quantize_inputs, self.running = quantize_inputs, {}

    @staticmethod
    def residual(x, mask, scales=None):
        """Sum of scaled signs under nested masks; the scales are fresh means unless given."""
        left, total, used = x.clone(), torch.zeros_like(x), []
        for n in (1, 2, 3):
            active = mask >= n
            scale = left[active].abs().mean() if scales is None else scales[n - 1]
            term = torch.zeros_like(x)
            term[active] = scale * sign(left[active])
            left, total = left - term, total + term
            used.append(scale)
        return total, torch.stack(list(used))

    def weights(self, w):
        x = w.detach()
        key = (x.abs() - x.abs().mean()).abs().flatten()
        order = torch.argsort(key, stable=True)
        mask = torch.ones(x.numel(), dtype=torch.int64)
        for count in counts(x.numel()):
            decide(key[order[count]] - key[order[count - 1]])
            mask[order[count:]] += 1
        return surrogate(window(w), self.residual(x, mask.view(x.shape))[0])

    def inputs(self, x, site, training):
        if not self.quantize_inputs:
            return F.relu(x)
        value = x.detach()
        if training:
            centre = value.abs().mean()
            key = (value.abs() - centre).abs()
            ordered = torch.sort(key.flatten())[0]
            cuts = torch.stack([(ordered[c - 1] + ordered[c]) / 2 for c in counts(key.numel())])
            scales = None
        else:
            centre, cuts, scales = self.running[site]
            key = (value.abs() - centre).abs()
        mask = torch.ones_like(value)
        for cut in cuts:
            mask += decide(key - cut) > 0
        quantized, scales = self.residual(value, mask, scales)
        if training:
            fresh = (centre, cuts, scales)
            old = self.running.get(site, fresh)
            self.running[site] = tuple(0.9 * a + 0.1 * b for a, b in zip(old, fresh))
        return surrogate(window(x), quantized)


class Network:
    """conv - pool - BN - [quantized conv] - BN - flatten - [quantized linear] - BN - activation - linear on 6x6x3 images.

    Names are positions in that list.
    """

    def __init__(self, start, quantizer):
        self.p = {k: v.clone().requires_grad_("running" not in k) for k, v in start.items()}
        self.quantizer = quantizer

    def norm(self, x, name, training):
        p = self.p
        return F.batch_norm(x, p[name + ".running_mean"], p[name + ".running_var"], p[name + ".weight"],
                            p[name + ".bias"], training, 0.1, 1e-5)

    def forward(self, x, training):
        p, q = self.p, self.quantizer
        x = self.norm(F.max_pool2d(F.conv2d(x, p["0.weight"], None, 1, 1), 2), "2", training)
        x = F.conv2d(q.inputs(x, "3", training), q.weights(p["3.weight"]), None, 1, 1)
        x = golden.nhwc(self.norm(x, "4", training)).flatten(1)
        x = F.linear(q.inputs(x, "6", training), q.weights(p["6.weight"]))
        x = q.activation(self.norm(x, "7", training))
        return F.linear(x, p["9.weight"], p["9.bias"])

    def trained(self):
        return {k: v for k, v in self.p.items() if v.requires_grad}


def draw_start():
    normal = lambda *shape, spread: torch.tensor(golden.generator.normal(0, spread, shape).astype(np.float32)).double()
    start = {"0.weight": normal(8, 3, 3, 3, spread=0.2), "3.weight": normal(8, 8, 3, 3, spread=0.35),
             "6.weight": normal(12, 72, spread=0.35), "9.weight": normal(10, 12, spread=0.3),
             "9.bias": normal(10, spread=0.1)}
    for name, c in (("2", 8), ("4", 8), ("7", 12)):
        start |= {name + ".weight": 1 + normal(c, spread=0.1), name + ".bias": normal(c, spread=0.2),
                  name + ".running_mean": torch.zeros(c), name + ".running_var": torch.ones(c)}
    start = {k: v.float().double() for k, v in start.items()}
    batches = [(golden.draw(6, 3, 6, 6), torch.tensor(golden.generator.integers(0, 10, 6))) for _ in range(3)]
    return start, batches


def layout(tensors):
    return {k: golden.tensor(golden.nhwc(v) if v.dim() == 4 else v) for k, v in tensors.items()}


def train(quantizer, start, batches, options):
    """Two steps of plain SGD, then the third batch in evaluation."""
    net = Network(start, quantizer)
    result = {"options": options, "losses": []}
    for step, (x, y) in enumerate(batches[:2]):
        logits = net.forward(x, True)
        loss = F.cross_entropy(logits, y)
        gradients = dict(zip(net.trained(), torch.autograd.grad(loss, list(net.trained().values()))))
        result["losses"].append(loss.item())
        if step == 0:
            result |= {"logits": golden.tensor(logits), "gradients": layout(gradients)}
        with torch.no_grad():
            for name, gradient in gradients.items():
                net.p[name] -= options["lr"] * gradient
    with torch.no_grad():
        result["eval_logits"] = golden.tensor(net.forward(batches[2][0], False))
    return result


def make_cases(start, batches):
    cases = {}
    for scheme, weight_bits, act_bits in (("dorefa", 1, 2), ("dorefa", 3, 2), ("hbnn", 1.4, 1.4), ("hbnn", 1.4, 32)):
        quantizer = Dorefa(weight_bits, act_bits) if scheme == "dorefa" else Hbnn(act_bits != 32)
        options = dict(scheme=scheme, weight_bits=weight_bits, act_bits=act_bits, lr=0.05)
        cases[f"{scheme} {weight_bits}/{act_bits}"] = train(quantizer, start, batches, options)
    return cases


if __name__ == "__main__":
    attempts = 0
    while True:
        attempts += 1
        start, batches = draw_start()
        try:
            cases = make_cases(start, batches)
            break
        except Indecisive:
            continue
    inputs = {"start": layout(start),
              "batches": [{"images": golden.tensor(golden.nhwc(x)), "labels": y.tolist()} for x, y in batches]}
    golden.write("quantized", {"inputs": inputs} | cases)
    print(f"made after {attempts} draws")
