#!/usr/bin/python3
"""Makes the worked examples of docs/quantization.md, the JSON files beside this script.

Every quantizer is written here a second time, in plain numpy float64 and
straight from its formula, with no code shared with the library. The results go
to JSON files that unit tests read.

    python3 make_vectors.py [--out DIR]

Needs numpy only. The output is deterministic.
"""
import argparse
import json
import math
import os

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))


# --------------------------------------------------------------------------
# conventions shared by all sections
# --------------------------------------------------------------------------

def sgn(x):
    """sign with sgn(0) = +1"""
    return np.where(np.asarray(x, float) >= 0, 1.0, -1.0)


def round_up(x):
    """round half up; only used for arguments >= 0"""
    return np.floor(np.asarray(x, float) + 0.5)


def clean(v, keep_sign=False):
    """numpy -> plain JSON values, floats cut to 12 significant digits"""
    if isinstance(v, dict):
        return {k: clean(x, keep_sign) for k, x in v.items()}
    if isinstance(v, (list, tuple)):
        return [clean(x, keep_sign) for x in v]
    if isinstance(v, np.ndarray):
        return clean(v.tolist(), keep_sign)
    if isinstance(v, (bool, np.bool_)):
        return bool(v)
    if isinstance(v, (int, np.integer)):
        return int(v)
    if isinstance(v, (float, np.floating)):
        v = float(v)
        if v == 0:
            return v if keep_sign else 0.0
        if math.isinf(v):
            return "inf" if v > 0 else "-inf"
        return float("%.12g" % v)
    return v


def case(cid, op, params, inputs, expected, tol=1e-6, note=None):
    c = {"id": cid, "op": op, "params": clean(params), "inputs": clean(inputs, keep_sign=True),
         "expected": clean(expected), "tol_abs": tol}
    if note:
        c["note"] = note
    return c


# --------------------------------------------------------------------------
# DoReFa
# --------------------------------------------------------------------------

def quantize_level(r, k):
    n = 2 ** k - 1
    return round_up(np.asarray(r, float) * n)


def quantize_k(r, k):
    return quantize_level(r, k) / (2 ** k - 1)


def margin_ok(r, k, eps=1e-3):
    """True when n*r stays clear of a rounding tie"""
    t = np.asarray(r, float) * (2 ** k - 1)
    return bool(np.all(np.abs((t - np.floor(t)) - 0.5) > eps))


def dorefa_w1(w):
    w = np.asarray(w, float)
    e = np.abs(w).mean()
    return e * sgn(w), e


def dorefa_wk(w, k):
    w = np.asarray(w, float)
    t = np.tanh(w)
    m = np.abs(t).max()
    u = t / (2 * m) + 0.5 if m > 0 else np.full_like(t, 0.5)
    lev = quantize_level(u, k)
    return 2 * lev / (2 ** k - 1) - 1, u, lev


def dorefa_wk_backward(w, dy, through):
    w = np.asarray(w, float)
    dy = np.asarray(dy, float)
    t = np.tanh(w)
    m = np.abs(t).max()
    if m == 0:
        return np.zeros_like(w)
    dt = dy / m
    if through:
        top = np.abs(t) == m
        dm = -(dy * t).sum() / m ** 2
        dt = dt + np.where(top, sgn(t) * dm / top.sum(), 0.0)
    return dt * (1 - t * t)


def act_h(x, kind):
    x = np.asarray(x, float)
    if kind == "clip01":
        return np.clip(x, 0, 1)
    if kind == "cabs":
        return np.minimum(1.0, np.abs(x))
    raise ValueError(kind)


def act_h_back(x, dy, kind):
    x = np.asarray(x, float)
    dy = np.asarray(dy, float)
    if kind == "clip01":
        return dy * ((x >= 0) & (x <= 1))
    if kind == "cabs":
        return dy * np.sign(x) * (np.abs(x) < 1)
    raise ValueError(kind)


def dorefa_grad(g, G, sigma):
    """g: [N, ...]; sigma: noise drawn from uniform(-0.5, 0.5), same shape"""
    g = np.asarray(g, float)
    sigma = np.asarray(sigma, float)
    n = 2 ** G - 1
    axes = tuple(range(1, g.ndim))
    m = np.abs(g).max(axis=axes, keepdims=True)
    safe = np.where(m > 0, m, 1.0)
    u = np.clip(g / (2 * safe) + 0.5 + sigma / n, 0, 1)
    out = 2 * m * (quantize_k(u, G) - 0.5)
    return np.where(m > 0, out, 0.0), quantize_level(u, G), m.reshape(-1)


def conv2d(x, w, pad=0, stride=1, pad_value=0.0):
    """x [N,C,H,W], w [F,C,KH,KW] -> [N,F,OH,OW]; cross-correlation"""
    n, c, h, wd = x.shape
    f, _, kh, kw = w.shape
    xp = np.full((n, c, h + 2 * pad, wd + 2 * pad), float(pad_value))
    xp[:, :, pad:pad + h, pad:pad + wd] = x
    oh = (h + 2 * pad - kh) // stride + 1
    ow = (wd + 2 * pad - kw) // stride + 1
    y = np.zeros((n, f, oh, ow))
    for i in range(oh):
        for j in range(ow):
            patch = xp[:, :, i * stride:i * stride + kh, j * stride:j * stride + kw]
            y[:, :, i, j] = np.tensordot(patch, w, axes=([1, 2, 3], [1, 2, 3]))
    return y


def conv2d_back(x, w, dy, pad=0):
    n, c, h, wd = x.shape
    f, _, kh, kw = w.shape
    xp = np.zeros((n, c, h + 2 * pad, wd + 2 * pad))
    xp[:, :, pad:pad + h, pad:pad + wd] = x
    dxp = np.zeros_like(xp)
    dw = np.zeros_like(w)
    for i in range(dy.shape[2]):
        for j in range(dy.shape[3]):
            patch = xp[:, :, i:i + kh, j:j + kw]
            dw += np.tensordot(dy[:, :, i, j], patch, axes=([0], [0]))
            dxp[:, :, i:i + kh, j:j + kw] += np.tensordot(dy[:, :, i, j], w, axes=([1], [0]))
    return dxp[:, :, pad:pad + h, pad:pad + wd], dw


def make_dorefa():
    out = []
    r = [0.0, 0.1, 0.2, 0.3, 0.45, 0.55, 0.7, 0.9, 1.0]
    for k in (1, 2, 3):
        assert margin_ok(r, k)
        out.append(case("quantize_k%d" % k, "dorefa.quantize_k", {"k": k}, {"r": r},
                        {"level": quantize_level(r, k).astype(int), "y": quantize_k(r, k)}))
    r8 = [0.0, 0.111, 0.222, 0.333, 0.75, 0.998, 1.0]
    assert margin_ok(r8, 8)
    out.append(case("quantize_k8", "dorefa.quantize_k", {"k": 8}, {"r": r8},
                    {"level": quantize_level(r8, 8).astype(int), "y": quantize_k(r8, 8)}))
    for k in (1, 2, 3, 4):
        out.append(case("quantize_tie_k%d" % k, "dorefa.quantize_k", {"k": k}, {"r": [0.5]},
                        {"level": quantize_level([0.5], k).astype(int), "y": quantize_k([0.5], k)},
                        note="r = 0.5 is the only exact tie; half-up, and equal to half-even for k >= 2"))
    dy = [0.5, -1.0, 2.0]
    out.append(case("quantize_backward", "dorefa.quantize_k.backward", {"k": 2},
                    {"r": [0.1, 0.5, 1.0], "dy": dy}, {"dr": dy}, note="identity, no mask"))

    w = [0.5, -0.25, 0.0, 1.0, -0.75, 0.1]
    y, e = dorefa_w1(w)
    dy = [0.3, -0.2, 1.0, 2.0, -3.0, 0.25]
    out.append(case("weight_k1", "dorefa.weight", {"k": 1}, {"w": w, "dy": dy},
                    {"scale": e, "y": y, "dw": dy}, note="whole-tensor mean; sgn(0)=+1; identity backward"))
    w2 = [[0.1, -0.1, 0.2, -0.4], [1.0, -2.0, 3.0, -0.8]]
    y, e = dorefa_w1(w2)
    out.append(case("weight_k1_two_filters", "dorefa.weight", {"k": 1}, {"w": w2},
                    {"scale": e, "y": y}, note="one scale for the layer, not one per filter"))
    out.append(case("weight_k1_zero", "dorefa.weight", {"k": 1}, {"w": [0.0, 0.0, 0.0]},
                    {"scale": 0.0, "y": [0.0, 0.0, 0.0]}))

    w = [-1.2, -0.4, -0.1, 0.0, 0.3, 0.9]
    dy = [0.5, -1.0, 2.0, 0.25, -0.75, 1.5]
    for k in (2, 3, 4, 8):
        y, u, lev = dorefa_wk(w, k)
        assert margin_ok(np.delete(u, 3), k)
        out.append(case("weight_k%d" % k, "dorefa.weight", {"k": k}, {"w": w, "dy": dy},
                        {"u": u, "level": lev.astype(int), "y": y,
                         "dw_max_through": dorefa_wk_backward(w, dy, True),
                         "dw_max_detached": dorefa_wk_backward(w, dy, False)},
                        note="w = 0 lands on the tie u = 0.5 and gives +1/(2^k-1)"))
    wt = [0.7, -0.7, 0.2]
    dyt = [1.0, 0.5, -0.25]
    y, u, lev = dorefa_wk(wt, 2)
    out.append(case("weight_k2_two_maxima", "dorefa.weight", {"k": 2}, {"w": wt, "dy": dyt},
                    {"u": u, "level": lev.astype(int), "y": y,
                     "dw_max_through": dorefa_wk_backward(wt, dyt, True),
                     "dw_max_detached": dorefa_wk_backward(wt, dyt, False)},
                    note="two elements attain the maximum: the max gradient is shared equally"))
    y, u, lev = dorefa_wk([0.0, 0.0], 3)
    out.append(case("weight_k3_zero", "dorefa.weight", {"k": 3}, {"w": [0.0, 0.0], "dy": [1.0, 1.0]},
                    {"u": u, "level": lev.astype(int), "y": y,
                     "dw_max_through": [0.0, 0.0], "dw_max_detached": [0.0, 0.0]}))

    x = [-0.5, 0.0, 0.2, 0.45, 0.8, 1.0, 1.3]
    dy = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]
    for a in (1, 2, 4):
        for kind in ("clip01", "cabs"):
            hx = act_h(x, kind)
            keep = np.abs(hx - 0.5) > 1e-9
            assert margin_ok(hx[keep], a)
            out.append(case("act_%s_a%d" % (kind, a), "dorefa.activation", {"a": a, "h": kind},
                            {"x": x, "dy": dy},
                            {"level": quantize_level(hx, a).astype(int), "y": quantize_k(hx, a),
                             "dx": act_h_back(x, dy, kind)}))
    out.append(case("act_32", "dorefa.activation", {"a": 32, "h": "relu"}, {"x": x, "dy": dy},
                    {"y": np.maximum(x, 0), "dx": np.array(dy) * (np.array(x) > 0)},
                    note="a = 32 drops the quantizer and the clip; ReLU is used"))

    g = np.array([[[0.4, -0.1], [0.05, -0.8]], [[0.002, 0.001], [-0.003, 0.0]], [[0.0, 0.0], [0.0, 0.0]]])
    s = np.array([[[0.21, -0.4], [0.1, 0.45]], [[-0.3, 0.05], [-0.45, 0.2]], [[0.1, 0.2], [0.3, 0.4]]])
    for G in (2, 4, 6):
        q, lev, m = dorefa_grad(g, G, s)
        n = 2 ** G - 1
        mm = np.where(m > 0, m, 1)[:, None, None]
        u = np.clip(g / (2 * mm) + 0.5 + s / n, 0, 1)[:2]
        assert margin_ok(u, G, 1e-2)
        out.append(case("grad_g%d" % G, "dorefa.gradient", {"g_bits": G}, {"g": g, "sigma": s},
                        {"max_per_sample": m, "level": lev[:2].astype(int), "y": q},
                        note="axis 0 is the mini-batch; third sample is all zero and stays zero; "
                             "level is listed for the first two samples only"))
    # one full layer
    rng = np.random.default_rng(11)
    x = np.round(rng.uniform(-0.3, 1.4, (2, 1, 3, 3)), 2)
    w = np.round(rng.normal(0, 0.5, (2, 1, 2, 2)), 2)
    dy = np.round(rng.normal(0, 0.1, (2, 2, 2, 2)), 3)
    sig = np.round(rng.uniform(-0.45, 0.45, (2, 2, 2, 2)), 2)
    a = quantize_k(act_h(x, "clip01"), 2)
    wq, e = dorefa_w1(w)
    y = conv2d(a, wq)
    gq, lev, m = dorefa_grad(dy, 4, sig)
    assert margin_ok(act_h(x, "clip01"), 2, 5e-3)
    assert margin_ok(np.clip(dy / (2 * m[:, None, None, None]) + 0.5 + sig / 15, 0, 1), 4, 5e-3)
    da, dw = conv2d_back(a, wq, gq)
    out.append(case("layer_w1_a2_g4", "dorefa.conv_layer",
                    {"w_bits": 1, "a_bits": 2, "g_bits": 4, "kernel": [2, 2], "pad": 0, "stride": 1},
                    {"x": x, "w": w, "dy": dy, "sigma": sig},
                    {"a": a, "scale": e, "wq": wq, "y": y, "gq": gq, "dx": act_h_back(x, da, "clip01"), "dw": dw},
                    note="clip01 -> quantize -> conv; dy is quantized before both backward products"))
    out.append({"id": "complexity", "op": "dorefa.complexity",
                "rows": [{"w": w_, "a": a_, "g": g_, "training": w_ * a_ + w_ * g_, "inference": w_ * a_, "storage": w_}
                         for (w_, a_, g_) in [(1, 1, 2), (1, 1, 4), (1, 1, 8), (1, 2, 2), (1, 2, 3), (1, 2, 4),
                                              (2, 1, 2), (2, 1, 4), (1, 2, 8), (1, 3, 3), (1, 3, 4), (1, 3, 6),
                                              (1, 4, 2), (1, 4, 4), (1, 4, 8), (2, 2, 2)]]})
    return out


# --------------------------------------------------------------------------
# one-bit schemes
# --------------------------------------------------------------------------

def hard_sigmoid(x):
    return np.clip((np.asarray(x, float) + 1) / 2, 0, 1)


def make_binary():
    out = []
    x = [-2.0, -1.0, -0.3, -0.0, 0.0, 0.4, 1.0, 1.5]
    dy = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]
    out.append(case("bnn_sign", "binary.sign", {"clip": 1.0}, {"x": x, "dy": dy},
                    {"y": sgn(x), "dx": np.array(dy) * (np.abs(x) <= 1)},
                    note="both zeros give +1; the STE window is closed at +-1"))
    out.append(case("bnn_sign_noclip", "binary.sign", {"clip": None}, {"x": x, "dy": dy},
                    {"y": sgn(x), "dx": dy}))
    w = np.array([-1.5, -0.6, -0.1, 0.0, 0.2, 0.9, 1.4])
    out.append(case("bc_det", "binary.connect", {"mode": "det", "H": 1.0}, {"w": w, "dy": dy[:7]},
                    {"y": sgn(w), "dw": dy[:7]}, note="identity backward"))
    u = np.array([0.9, 0.3, 0.44, 0.6, 0.55, 0.96, 0.999])
    p = hard_sigmoid(w)
    out.append(case("bc_stoch", "binary.connect", {"mode": "stoch", "H": 1.0}, {"w": w, "u": u},
                    {"p": p, "y": np.where(u < p, 1.0, -1.0)}, note="+1 when u < p, u uniform in [0,1)"))
    wh = np.array([-0.4, -0.05, 0.1, 0.3])
    uh = np.array([0.1, 0.4, 0.7, 0.2])
    ph = hard_sigmoid(wh / 0.25)
    out.append(case("bc_stoch_H", "binary.connect", {"mode": "stoch", "H": 0.25}, {"w": wh, "u": uh},
                    {"p": ph, "y": np.where(uh < ph, 0.25, -0.25)}))
    w0 = np.array([0.95, -0.2, -0.99])
    g = np.array([-1.0, 0.5, 2.0])
    fan_in, fan_out, lr = 27, 1152, 0.003
    coef = math.sqrt(1.5 / (fan_in + fan_out))
    out.append(case("bc_update", "binary.connect.update",
                    {"lr": lr, "fan_in": fan_in, "fan_out": fan_out, "H": 1.0},
                    {"w": w0, "step": -lr * g}, {"glorot": coef, "w_new": np.clip(w0 + (-lr * g) / coef, -1, 1)},
                    note="optimizer step divided by the Glorot coefficient, then clipped to [-H, H]"))

    w = np.array([[0.5, -1.5, 0.2, 0.6], [-0.1, 0.1, 0.4, -0.2]])
    alpha = np.abs(w).mean(axis=1, keepdims=True)
    dy = np.array([[1.0, 1.0, -2.0, 0.5], [0.3, -0.3, 1.0, 2.0]])
    n = w.shape[1]
    dw = dy * (1.0 / n + alpha * (np.abs(w) <= 1))
    out.append(case("xnor_weight", "binary.xnor_weight", {"scope": "filter", "backward": "paper"},
                    {"w": w, "dy": dy}, {"alpha": alpha.reshape(-1), "y": alpha * sgn(w), "dw": dw}))
    # released-code pre-processing: centre over input channels, clamp
    w4 = np.array([[[[0.5]], [[-1.4]], [[0.3]], [[0.2]]], [[[1.5]], [[0.1]], [[0.3]], [[-0.3]]]])
    c = w4 - w4.mean(axis=1, keepdims=True)
    c = np.clip(c, -1, 1)
    n = c[0].size
    al = np.abs(c).sum(axis=(1, 2, 3), keepdims=True) / n
    dy4 = np.array([[[[1.0]], [[-1.0]], [[0.5]], [[2.0]]], [[[0.1]], [[0.2]], [[0.3]], [[0.4]]]])
    fac = (np.where(np.abs(c) < 1, al, 0.0) + 1.0 / n) * (1 - 1.0 / c.shape[1])
    out.append(case("xnor_weight_code", "binary.xnor_weight", {"scope": "filter", "backward": "code"},
                    {"w": w4, "dy": dy4},
                    {"w_centred_clamped": c, "alpha": al.reshape(-1), "y": al * sgn(c),
                     "dw_adam": dy4 * fac, "dw_sgd": dy4 * fac * n}))
    x = np.array([[[[0.5, -1.0, 2.0], [0.0, 0.25, -0.5], [1.0, -2.0, 0.1]],
                   [[-0.5, 1.0, 0.0], [2.0, -0.25, 0.5], [1.0, 0.0, -0.3]]]])
    A = np.abs(x).mean(axis=1, keepdims=True)
    K = conv2d(A, np.full((1, 1, 3, 3), 1.0 / 9), pad=1)
    w = np.array([[[[0.2, -0.1, 0.3], [-0.4, 0.5, 0.1], [0.2, 0.2, -0.3]],
                   [[0.1, 0.1, -0.1], [0.3, -0.2, 0.2], [-0.5, 0.4, 0.6]]]])
    al = np.abs(w).mean()
    y = conv2d(sgn(x), sgn(w), pad=1) * K * al
    out.append(case("xnor_conv_K", "binary.xnor_conv", {"kernel": [3, 3], "pad": 1, "pad_mode": "zero"},
                    {"x": x, "w": w}, {"A": A, "K": K, "alpha": [al], "y": y}))
    return out


# --------------------------------------------------------------------------
# residual and heterogeneous binarization
# --------------------------------------------------------------------------

def hetero(T, M):
    """eq. 5: returns mus, sign planes (0 outside the active set), approximation"""
    T = np.asarray(T, float)
    M = np.asarray(M, int)
    E = T.copy()
    A = np.zeros_like(T)
    mus, planes = [], []
    for n in range(1, int(M.max()) + 1):
        act = M >= n
        mu = np.abs(E[act]).mean() if act.any() else 0.0
        b = np.where(act, sgn(E), 0.0)
        A = A + mu * b
        E = E - mu * b
        mus.append(mu)
        planes.append(b.astype(int))
    return np.array(mus), planes, A, E


DIST = {1.0: (10, 0, 0), 1.1: (9, 1, 0), 1.2: (9, 0, 1), 1.3: (7, 3, 0), 1.4: (7, 2, 1), 1.5: (5, 5, 0),
        1.6: (6, 2, 2), 1.7: (5, 3, 2), 1.8: (4, 4, 2), 1.9: (4, 3, 3), 2.0: (3, 4, 3), 3.0: (0, 0, 10)}


def dist_from_avg(B):
    keys = sorted(DIST)
    if B <= keys[0]:
        return [1.0, 0.0, 0.0]
    for a, b in zip(keys, keys[1:]):
        if a - 1e-9 <= B <= b + 1e-9:
            t = (B - a) / (b - a)
            return [(1 - t) * x / 10 + t * y / 10 for x, y in zip(DIST[a], DIST[b])]
    raise ValueError(B)


def counts(P, N):
    """cumulative rounding, so the counts always add up to N"""
    out, cum, last = [], 0.0, 0
    for i, p in enumerate(P):
        cum += p
        c = N if i == len(P) - 1 else int(math.floor(cum * N + 0.5 + 1e-9))
        out.append(c - last)
        last = c
    return out


def sort_key(T, h):
    a = np.abs(np.asarray(T, float)).reshape(-1)
    if h == "MO":
        return np.abs(a - a.mean())
    if h == "TD":
        return -a
    if h == "BU":
        return a
    raise ValueError(h)


def make_mask(T, P, h, perm=None):
    T = np.asarray(T, float)
    N = T.size
    order = np.array(perm) if h == "R" else np.argsort(sort_key(T, h), kind="stable")
    M = np.zeros(N, int)
    pos = 0
    for bits, c in enumerate(counts(P, N), start=1):
        M[order[pos:pos + c]] = bits
        pos += c
    return M.reshape(T.shape), order


def ste(T, dy, clip, M=None):
    T = np.asarray(T, float)
    dy = np.asarray(dy, float)
    if clip is None:
        return dy
    lim = np.asarray(M, float) if clip == "bits" else clip
    return dy * (np.abs(T) <= lim)


T10 = [0.9, -0.15, 0.5, -1.6, 0.05, -0.65, 1.1, -0.3, 0.72, -0.4]


def make_residual():
    out = []
    T = np.array([1.0, -0.25, 0.5, -1.5, 0.75, -0.1])
    dy = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    for n in (1, 2, 3, 4):
        mus, planes, A, E = hetero(T, np.full(6, n))
        out.append(case("residual_n%d" % n, "residual.homogeneous", {"n": n, "scope": "layer", "clip": 1.0},
                        {"t": T, "dy": dy},
                        {"mu": mus, "planes": planes, "y": A, "residual": E, "dt": ste(T, dy, 1.0)}))
    Tf = np.array([[0.4, -0.2, 0.1], [2.0, -1.0, 3.0]])
    per = [hetero(r, np.full(3, 2)) for r in Tf]
    out.append(case("residual_n2_filter", "residual.homogeneous", {"n": 2, "scope": "filter", "clip": 1.0}, {"t": Tf},
                    {"mu": [p[0] for p in per], "y": [p[2] for p in per]}))
    mus, planes, A, E = hetero([0.5, -0.5, 0.5], [2, 2, 2])
    out.append(case("residual_exact", "residual.homogeneous", {"n": 2, "scope": "layer", "clip": 1.0},
                    {"t": [0.5, -0.5, 0.5]}, {"mu": mus, "planes": planes, "y": A, "residual": E},
                    note="the second residual is zero everywhere: mu_2 = 0 and its signs are all +1"))
    X = np.array([[0.2, -1.0, 0.6, 0.2], [3.0, -1.0, -2.0, 2.0]])
    per = [hetero(r, np.full(4, 2)) for r in X]
    out.append(case("tang_activation", "residual.activation_per_sample", {"n": 2}, {"x": X},
                    {"beta": [p[0] for p in per], "planes": [p[1] for p in per], "y": [p[2] for p in per]},
                    note="one set of scales per sample, reduced over all non-batch axes"))
    z = np.array([12.0, -7.0, 30.0])
    out.append(case("scale_layer", "residual.scale_layer", {"s": 0.001}, {"x": z, "dy": [1.0, 0.5, -2.0]},
                    {"y": 0.001 * z, "dx": [0.001, 0.0005, -0.002], "ds": float((np.array([1.0, 0.5, -2.0]) * z).sum())}))
    w = np.array([0.5, -0.2, 1.2])
    lam = 5e-6
    out.append(case("bipolar_reg", "residual.bipolar_regularizer", {"lambda": lam}, {"w": w},
                    {"loss": lam * np.abs(1 - w * w).sum(), "dw": lam * np.where(np.abs(w) < 1, -2 * w, 2 * w)}))
    return out


def make_hbnn():
    out = []
    for B in (1.0, 1.1, 1.2, 1.25, 1.3, 1.4, 1.45, 1.5, 1.6, 1.7, 1.8, 1.9, 2.0, 2.5, 3.0):
        P = dist_from_avg(B)
        assert abs(sum((i + 1) * p for i, p in enumerate(P)) - B) < 1e-9
        out.append(case("dist_%s" % B, "hbnn.dist_from_avg", {}, {"B": B}, {"P": P}))
    for N in (10, 7, 33, 1000003):
        P = [0.7, 0.2, 0.1]
        out.append(case("counts_%d" % N, "hbnn.counts", {}, {"P": P, "N": N}, {"counts": counts(P, N)}))
    P = [0.7, 0.2, 0.1]
    T = np.array(T10)
    dy = np.arange(1.0, 11.0)
    perm = [3, 0, 7, 9, 1, 8, 2, 6, 4, 5]
    for h in ("MO", "TD", "BU", "R"):
        M, order = make_mask(T, P, h, perm)
        mus, planes, A, E = hetero(T, M)
        exp = {"order": order, "mask": M, "avg_bits": float(M.mean()), "mu": mus, "planes": planes, "y": A,
               "norm_dist": float(np.linalg.norm(T - A) / np.linalg.norm(T)),
               "dt_clip1": ste(T, dy, 1.0), "dt_clip_bits": ste(T, dy, "bits", M), "dt_noclip": dy}
        inp = {"t": T, "dy": dy}
        if h == "R":
            inp["permutation"] = perm
        out.append(case("hetero_%s_1.4" % h, "hbnn.binarize", {"heuristic": h, "P": P, "scope": "layer"}, inp, exp))
    M, order = make_mask(T, [0.8, 0.0, 0.2], "MO")
    mus, planes, A, E = hetero(T, M)
    out.append(case("hetero_MO_80_0_20", "hbnn.binarize", {"heuristic": "MO", "P": [0.8, 0.0, 0.2], "scope": "layer"},
                    {"t": T}, {"order": order, "mask": M, "avg_bits": float(M.mean()), "mu": mus, "planes": planes, "y": A}))
    Tt = np.array([0.5, 0.25, -0.5, 0.75, -0.25, 0.75, 0.0, 1.0])
    M, order = make_mask(Tt, [0.5, 0.25, 0.25], "MO")
    out.append(case("mask_ties", "hbnn.mask", {"heuristic": "MO", "P": [0.5, 0.25, 0.25]}, {"t": Tt},
                    {"key": sort_key(Tt, "MO"), "order": order, "mask": M},
                    note="equal keys are taken in index order (all values are exact in binary)"))
    mask = np.array([1, 2, 3, 1, 2, 1, 1, 3, 1, 1])
    mus, planes, A, E = hetero(T, mask)
    out.append(case("hetero_given_mask", "hbnn.binarize_mask", {"scope": "layer"}, {"t": T, "mask": mask},
                    {"mu": mus, "planes": planes, "y": A, "residual": E},
                    note="mu_n averages over the entries with mask >= n only"))
    T2 = np.array([T10, [x * 3 for x in T10[::-1]]])
    M2 = np.stack([make_mask(r, P, "MO")[0] for r in T2])
    per = [hetero(r, m) for r, m in zip(T2, M2)]
    out.append(case("hetero_filter_scope", "hbnn.binarize", {"heuristic": "MO", "P": P, "scope": "filter"}, {"t": T2},
                    {"mask": M2, "mu": [p[0] for p in per], "y": [p[2] for p in per]}))
    Ml, order = make_mask(T2, P, "MO")
    mus, planes, A, E = hetero(T2, Ml)
    out.append(case("hetero_layer_scope_2d", "hbnn.binarize", {"heuristic": "MO", "P": P, "scope": "layer"}, {"t": T2},
                    {"mask": Ml, "mu": mus, "y": A}))
    out.append({"id": "distinct_values", "op": "hbnn.distinct_values",
                "rows": [{"n": n, "homogeneous": 2 ** n, "heterogeneous": 2 ** (n + 1) - 2} for n in (1, 2, 3, 4)]})
    # activation form: thresholds from a batch, then frozen and applied elementwise
    Xt = np.array(T10)
    P = [0.7, 0.2, 0.1]
    s = np.abs(Xt).mean()
    d = np.abs(np.abs(Xt) - s)
    ds = np.sort(d)
    cum = np.cumsum(counts(P, 10))
    tau = [0.5 * (ds[c - 1] + ds[c]) for c in cum[:-1]]
    M = 1 + sum((d > t).astype(int) for t in tau)
    assert np.array_equal(M, make_mask(Xt, P, "MO")[0])
    mus, planes, A, E = hetero(Xt, M)
    xn = np.array([-2.0, -0.7, -0.02, 0.0, 0.3, 0.6, 0.95, 1.3, 1.8])
    dn = np.abs(np.abs(xn) - s)
    Mn = 1 + sum((dn > t).astype(int) for t in tau)
    e = xn.copy()
    y = np.zeros_like(xn)
    for n in range(3):
        b = np.where(Mn >= n + 1, sgn(e), 0.0)
        y += mus[n] * b
        e -= mus[n] * b
    out.append(case("act_thresholds", "hbnn.activation_thresholds", {"P": P, "heuristic": "MO"},
                    {"x_train": Xt, "x_infer": xn},
                    {"s": s, "tau": tau, "mask_train": M, "mu": mus, "mask_infer": Mn, "y_infer": y},
                    note="s, tau and mu come from x_train and are then frozen; x_infer is quantized element by element"))
    # channel mask
    ch = np.array([0.9, 0.2, 0.55, 1.8, 0.1])
    M, order = make_mask(ch, [0.6, 0.2, 0.2], "MO")
    out.append(case("act_channel_mask", "hbnn.channel_mask", {"P": [0.6, 0.2, 0.2], "heuristic": "MO"},
                    {"mean_abs_per_channel": ch}, {"order": order, "mask": M}))
    # representational power, statistical
    rng = np.random.default_rng(2018)
    G = rng.standard_normal(400000)
    rows = []
    for k in (1, 2, 3, 4):
        rows.append({"kind": "integer", "bits": k,
                     "norm_dist": float(np.linalg.norm(G - hetero(G, np.full(G.shape, k))[2]) / np.linalg.norm(G))})
    for B in (1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7, 1.8, 1.9):
        P = [p / 10 for p in DIST[B]]
        row = {"kind": "hetero", "B": B, "P": P}
        for h in ("MO", "TD", "BU", "R"):
            M, _ = make_mask(G, P, h, rng.permutation(G.size) if h == "R" else None)
            row[h] = float(np.linalg.norm(G - hetero(G, M)[2]) / np.linalg.norm(G))
        rows.append(row)
    out.append(clean({"id": "representational_power", "op": "hbnn.norm_dist", "tol_abs": 0.004,
                      "note": "Euclidean distance over norm for standard normal values; statistical, use >= 1e5 samples",
                      "rows": rows}))
    return out


# --------------------------------------------------------------------------
# packed algebra
# --------------------------------------------------------------------------

def pack_bits(bits):
    words = []
    for i in range(0, len(bits), 64):
        v = 0
        for j, b in enumerate(bits[i:i + 64]):
            if b:
                v |= 1 << j
        words.append(v)
    return words


def hexw(words):
    return ["0x%016x" % w for w in words]


def pc(words):
    return sum(bin(w).count("1") for w in words)


def make_packed():
    out = []
    rng = np.random.default_rng(5)
    v = np.where(rng.random(70) < 0.5, 1, -1)
    out.append(case("pack_70", "packed.pack_sign", {"word_bits": 64}, {"x": v},
                    {"words": hexw(pack_bits(list(v > 0))), "valid": hexw(pack_bits([1] * 70))},
                    note="element i is bit i%64 of word i//64; unused tail bits are 0"))
    img = np.where(rng.random((1, 1, 2, 66)) < 0.5, 1, -1)
    out.append(case("pack_nhwc", "packed.pack_nhwc", {"word_bits": 64, "layout": "NHWC"}, {"x": img},
                    {"words": [[[hexw(pack_bits(list(px > 0))) for px in row] for row in im] for im in img]},
                    note="every pixel starts a new word; channel c is bit c%64 of word c//64 of its pixel"))
    a = np.where(rng.random(70) < 0.5, 1, -1)
    A, Bw = pack_bits(list(a > 0)), pack_bits(list(v > 0))
    x = [p ^ q for p, q in zip(A, Bw)]
    dot = 70 - 2 * pc(x)
    assert dot == int((a * v).sum())
    out.append(case("xnor_dot_70", "packed.xnor_dot", {"n": 70}, {"a": a, "b": v},
                    {"xor_popcount": pc(x), "dot": dot}))
    xi = [5, 0, 7, 3, 1, 6, 2, 4, 7, 1]
    yi = [3, 2, 0, 1, 3, 1, 2, 0, 3, 3]
    planes_x = [pack_bits([(q >> m) & 1 for q in xi]) for m in range(3)]
    planes_y = [pack_bits([(q >> m) & 1 for q in yi]) for m in range(2)]
    terms = [[pc([p & q for p, q in zip(px, py)]) for py in planes_y] for px in planes_x]
    tot = sum((1 << (m + k)) * terms[m][k] for m in range(3) for k in range(2))
    assert tot == sum(p * q for p, q in zip(xi, yi))
    out.append(case("bit_dot_3x2", "packed.int_dot", {"m_bits": 3, "k_bits": 2}, {"x": xi, "y": yi},
                    {"planes_x": [hexw(p) for p in planes_x], "planes_y": [hexw(p) for p in planes_y],
                     "and_popcounts": terms, "dot": tot}))
    # DoReFa affine forms
    qa = np.array([0, 3, 1, 2, 3, 0, 2, 1])
    qw = np.array([3, 1, 0, 2, 3, 3, 1, 2])
    na, nw = 3, 3
    ra, rw = qa / na, 2 * qw / nw - 1
    integer = 2 * int((qa * qw).sum()) - nw * int(qa.sum())
    assert abs(integer / (na * nw) - (ra * rw).sum()) < 1e-12
    out.append(case("dorefa_affine", "packed.dorefa_dot", {"a_bits": 2, "w_bits": 2}, {"qa": qa, "qw": qw},
                    {"sum_qa_qw": int((qa * qw).sum()), "sum_qa": int(qa.sum()), "integer": integer,
                     "value": integer / (na * nw)}))
    s = np.array([1, -1, -1, 1, 1, -1, 1, 1])
    E = 0.4
    b = (s > 0).astype(int)
    integer = 2 * int((qa * b).sum()) - int(qa.sum())
    out.append(case("dorefa_w1", "packed.dorefa_dot_w1", {"a_bits": 2}, {"qa": qa, "sign": s, "scale": E},
                    {"sum_qa_bit": int((qa * b).sum()), "integer": integer, "value": E * integer / na}))
    # heterogeneous weights x heterogeneous activations
    N = 70
    tw = np.round(rng.normal(0, 0.6, N), 3)
    ta = np.round(rng.normal(0, 1.0, N), 3)
    Mw, _ = make_mask(tw, [0.7, 0.2, 0.1], "MO")
    Ma, _ = make_mask(ta, [0.6, 0.4, 0.0], "MO")
    muw, pw, yw, _ = hetero(tw, Mw)
    mua, pa, ya, _ = hetero(ta, Ma)
    D, V = [], []
    for n, p in enumerate(pw):
        rowD, rowV = [], []
        for m, q in enumerate(pa):
            S, Vw = pack_bits(list(p > 0)), pack_bits(list(p != 0))
            Tt, Va = pack_bits(list(q > 0)), pack_bits(list(q != 0))
            val = [c & d for c, d in zip(Vw, Va)]
            dis = pc([(c ^ d) & e for c, d, e in zip(S, Tt, val)])
            rowD.append(pc(val) - 2 * dis)
            rowV.append(pc(val))
            assert rowD[-1] == int((p * q).sum())
        D.append(rowD)
        V.append(rowV)
    value = float(sum(muw[n] * mua[m] * D[n][m] for n in range(len(pw)) for m in range(len(pa))))
    assert abs(value - float((yw * ya).sum())) < 1e-9
    out.append(case("hetero_dot", "packed.hetero_dot", {"n": N},
                    {"w": tw, "a": ta, "mask_w": Mw, "mask_a": Ma},
                    {"mu_w": muw, "mu_a": mua,
                     "w_sign": [hexw(pack_bits(list(p > 0))) for p in pw],
                     "w_valid": [hexw(pack_bits(list(p != 0))) for p in pw],
                     "a_sign": [hexw(pack_bits(list(p > 0))) for p in pa],
                     "a_valid": [hexw(pack_bits(list(p != 0))) for p in pa],
                     "valid_popcount": V, "plane_dots": D, "value": value}, tol=1e-5))
    q = rng.integers(0, 4, N)
    rows = []
    for n, p in enumerate(pw):
        rows.append([2 * int((((q >> t) & 1) * (p > 0)).sum()) - int((((q >> t) & 1) * (p != 0)).sum()) for t in range(2)])
    val = float(sum(muw[n] * (1 << t) * rows[n][t] for n in range(len(pw)) for t in range(2)) / 3.0)
    assert abs(val - float((yw * (q / 3.0)).sum())) < 1e-9
    out.append(case("hetero_dorefa_dot", "packed.hetero_dorefa_dot", {"a_bits": 2},
                    {"w": tw, "mask_w": Mw, "qa": q}, {"plane_terms": rows, "value": val}, tol=1e-5))
    # padding
    x = np.array([[[[1, -1, 1], [-1, -1, 1], [1, 1, -1]]]], float)
    w = np.array([[[[1, 1, -1], [-1, 1, 1], [1, -1, -1]]]], float)
    yz, ym, yp = (conv2d(x, w, pad=1, pad_value=p) for p in (0.0, -1.0, 1.0))
    corr = yz - ym
    nval = conv2d(np.ones_like(x), np.ones_like(w), pad=1)
    out.append(case("padding", "packed.padding", {"kernel": [3, 3], "pad": 1}, {"x": x, "w": w},
                    {"zero": yz, "minus_one": ym, "plus_one": yp, "correction_minus_to_zero": corr, "valid_taps": nval},
                    note="correction = sum of the weights that fall on padding"))
    # thresholds
    bn = []
    alpha = 0.15
    for gamma, beta, mean, var in ((1.2, 0.3, 2.1, 4.0), (-0.7, 0.1, -1.0, 9.0), (0.0, -0.2, 0.5, 1.0), (0.0, 0.0, 0.5, 1.0)):
        eps, Nn = 1e-4, 27
        Ds = np.arange(-Nn, Nn + 1, 2)
        bits = [1 if gamma * (alpha * D - mean) / math.sqrt(var + eps) + beta >= 0 else 0 for D in Ds]
        std = math.sqrt(var + eps)
        if gamma > 0:
            thr = {"kind": "ge", "T": math.ceil((mean - beta * std / gamma) / alpha)}
        elif gamma < 0:
            thr = {"kind": "le", "T": math.floor((mean - beta * std / gamma) / alpha)}
        else:
            thr = {"kind": "const", "bit": 1 if beta >= 0 else 0}
        for D, b_ in zip(Ds, bits):
            r = (D >= thr["T"]) if thr["kind"] == "ge" else (D <= thr["T"]) if thr["kind"] == "le" else bool(thr["bit"])
            assert int(r) == b_
        bn.append({"gamma": gamma, "beta": beta, "mean": mean, "var": var, "eps": eps, "alpha": alpha, "n": Nn,
                   "threshold": thr, "D": Ds, "bit": bits})
    out.append(clean({"id": "bn_sign_threshold", "op": "packed.fold_bn_sign", "cases": bn}))
    bnk = []
    for gamma, beta, mean, var in ((0.9, 0.2, 3.0, 16.0), (-0.5, 0.6, 1.0, 25.0)):
        eps, A, al = 1e-4, 2, 0.4 / 3
        n = 2 ** A - 1
        std = math.sqrt(var + eps)
        Ds = np.arange(-60, 61)
        yv = gamma * (al * Ds - mean) / std + beta
        lev = round_up(np.clip(yv, 0, 1) * n).astype(int)
        thr = []
        for j in range(1, n + 1):
            c = ((j - 0.5) / n - beta) * std / gamma + mean
            thr.append(math.ceil(c / al) if gamma > 0 else math.floor(c / al))
        got = [sum((D >= t) if gamma > 0 else (D <= t) for t in thr) for D in Ds]
        assert list(lev) == [int(g) for g in got]
        bnk.append({"gamma": gamma, "beta": beta, "mean": mean, "var": var, "eps": eps, "a_bits": A, "alpha": al,
                    "kind": "ge" if gamma > 0 else "le", "T": thr, "D": Ds, "level": lev})
    out.append(clean({"id": "bn_quant_thresholds", "op": "packed.fold_bn_quant", "cases": bnk}))
    return out


# --------------------------------------------------------------------------
# random numbers
# --------------------------------------------------------------------------

def philox4x32_10(ctr, key):
    m0, m1, w0, w1, mask = 0xD2511F53, 0xCD9E8D57, 0x9E3779B9, 0xBB67AE85, 0xFFFFFFFF
    c, k = list(ctr), list(key)
    for r in range(10):
        if r:
            k = [(k[0] + w0) & mask, (k[1] + w1) & mask]
        p0, p1 = m0 * c[0], m1 * c[2]
        c = [(p1 >> 32) ^ c[1] ^ k[0], p1 & mask, (p0 >> 32) ^ c[3] ^ k[1], p0 & mask]
    return c


def make_rng():
    rows = []
    for ctr, key in (([0, 0, 0, 0], [0, 0]), ([0xFFFFFFFF] * 4, [0xFFFFFFFF] * 2),
                     ([0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344], [0xA4093822, 0x299F31D0]),
                     ([7, 0, 3, 0], [42, 1])):
        w = philox4x32_10(ctr, key)
        rows.append({"counter": ["0x%08x" % x for x in ctr], "key": ["0x%08x" % x for x in key],
                     "words": ["0x%08x" % x for x in w], "uniform01": [(x >> 8) * 2.0 ** -24 for x in w]})
    assert rows[0]["words"] == ["0x6627e8d5", "0xe169c58d", "0xbc57ac4c", "0x9b00dbd8"]
    return [{"id": "philox4x32_10", "op": "rng.philox", "rows": rows}]


SECTIONS = {"dorefa": make_dorefa, "binary": make_binary, "residual": make_residual, "hbnn": make_hbnn,
            "packed": make_packed, "rng": make_rng}


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--out", default=HERE)
    a = ap.parse_args()
    os.makedirs(a.out, exist_ok=True)
    for name, fn in SECTIONS.items():
        cases = fn()
        ids = [c["id"] for c in cases]
        assert len(ids) == len(set(ids)), name
        with open(os.path.join(a.out, name + ".json"), "w") as f:
            f.write('{\n "section": "%s",\n "schema": 1,\n "cases": [\n' % name)
            f.write(",\n".join("  " + json.dumps(c, separators=(", ", ": ")) for c in cases))
            f.write("\n ]\n}\n")
        print("%-10s %3d cases" % (name, len(cases)))


if __name__ == "__main__":
    main()
