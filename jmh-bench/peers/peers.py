#!/usr/bin/env python3
"""Measures other libraries on the cases of a report of `pursuit bench`, and writes the same JSON.

    pursuit bench --backend cuda --output pursuit.json
    python3 peers.py --like pursuit.json --device cuda --output peers.json

Every case is first compared with the same computation in double precision on some rows; a peer whose
result is wrong is not timed. Inputs are drawn on the device from N(0, 1), atoms have unit norm.
"""

import argparse
import json
import math
import platform
import statistics
import sys
import time

import numpy as np


def sizes(shape):
    return [int(n) for n in shape.split("x")]


class Torch:
    """torch as its users write it."""

    name = "torch"

    def __init__(self, device):
        import torch

        self.t = torch
        self.device = device
        if device == "cuda" and not torch.cuda.is_available():
            raise RuntimeError("torch finds no CUDA device")
        torch.manual_seed(1)

    def describe(self):
        where = self.t.cuda.get_device_name(0) if self.device == "cuda" else f"{self.t.get_num_threads()} threads"
        return f"torch {self.t.__version__} on {where}"

    def dtype(self, name):
        return {"F32": self.t.float32, "BF16": self.t.bfloat16, "F16": self.t.float16}[name]

    def normal(self, *shape, dtype="F32"):
        return self.t.randn(*shape, device=self.device).to(self.dtype(dtype))

    def atoms(self, n, d, dtype="F32"):
        atoms = self.t.randn(n, d, device=self.device)
        return (atoms / atoms.norm(dim=1, keepdim=True)).to(self.dtype(dtype))

    def numpy(self, array):
        return array.detach().to(self.t.float64).cpu().numpy() if array.is_floating_point() else array.cpu().numpy()

    def wait(self):
        if self.device == "cuda":
            self.t.cuda.synchronize()

    def precision(self, name):
        self.t.backends.cuda.matmul.allow_tf32 = name == "TF32"

    def cases(self, p):
        """The ways in which a benchmark's kernel is computed: (how, case)."""
        pursuits = [
            ("residual products", self.pursuit),
            ("residual products in bf16", lambda p: self.pursuit(p, "BF16")),
        ]
        return {
            "Selection.topK": [("topk", self.topk)],
            "Selection.thresholdSelect": [("nonzero", self.threshold)],
            "Selection.globalTopK": [("flattened topk", self.global_topk)],
            "Selection.columnTopK": [("topk over rows", self.column_topk)],
            "Selection.rowPrefixSelect": [("sort + cumsum", self.row_prefix)],
            "Scoring.score": [("matmul", self.score)],
            "Scoring.encode": [("matmul + topk", self.encode)],
            "SparseAlgebra.decode": [("embedding_bag", self.decode)],
            "SparseAlgebra.decodeBackward": [("gradients of embedding_bag", self.decode_gradients)],
            "SparseAlgebra.sampledDot": [("gather + einsum", self.sampled_dot)],
            "Pursuits.matchingPursuit": pursuits,
            "Pursuits.matchingPursuitGram": pursuits,
            "DeviceRoofline.copy": [("copy", self.copy)],
        }

    # The cases: each returns (function to time, function that checks its result).

    def topk(self, p):
        rows, columns = sizes(p["shape"])
        k = int(p["k"])
        scores = self.normal(rows, columns, dtype=p.get("dtype", "F32"))
        if p.get("key") == "magnitude":
            def run():
                index = scores.abs().topk(k, dim=1).indices
                return scores.gather(1, index), index
        else:
            def run():
                return scores.topk(k, dim=1)

        def check(result):
            row = self.numpy(scores[0])
            ranked = np.abs(row) if p.get("key") == "magnitude" else row
            found = self.numpy(result[1][0])
            assert np.sort(ranked[found])[0] == np.sort(ranked)[-k], "not the k largest"

        return run, check

    def ranked(self, p):
        """Scores, what is ranked of them, and how many entries are kept of all."""
        rows, columns = sizes(p["shape"])
        scores = self.normal(rows, columns, dtype=p.get("dtype", "F32"))
        rank = (lambda: scores.abs()) if p.get("key") == "magnitude" else (lambda: scores)
        return scores, rank, rows * int(p.get("k", 0))

    def threshold(self, p):
        """The entries that are not below the last of the first ones of all, as a list of places and values."""
        scores, rank, kept = self.ranked(p)
        threshold = float(np.sort(self.numpy(rank()).ravel())[-kept])

        def run():
            places = (rank() >= threshold).nonzero()
            return places, scores[places[:, 0], places[:, 1]]

        def check(result):
            assert len(result[0]) >= kept and len(result[0]) == len(result[1]), "not all that pass"

        return run, check

    def global_topk(self, p):
        """The first of all rows, unsorted, as BatchTopK has them."""
        scores, rank, kept = self.ranked(p)

        def run():
            _, flat = rank().flatten().topk(kept, sorted=False)
            return flat, scores.flatten()[flat]

        def check(result):
            ranked = self.numpy(rank()).ravel()
            assert ranked[self.numpy(result[0]).astype(int)].min() == np.sort(ranked)[-kept], "not the k largest"

        return run, check

    def column_topk(self, p):
        scores, rank, _ = self.ranked(p)
        m = int(p["m"])

        def run():
            _, rows = rank().topk(m, dim=0)
            return rows, scores.gather(0, rows)

        def check(result):
            column = self.numpy(rank()[:, 0])
            found = self.numpy(result[0][:, 0]).astype(int)
            assert np.sort(column[found])[0] == np.sort(column)[-m], "not the m largest"

        return run, check

    def row_prefix(self, p):
        """Sorts all energies, as the reference code of top-AFA does, and masks what comes after the closest prefix."""
        scores, _, _ = self.ranked(p)
        targets = 0.9 * scores.float().norm(dim=1, keepdim=True)

        def run():
            energies, order = scores.float().square().sort(dim=1, descending=True)
            closest = (energies.cumsum(1).sqrt() - targets).abs().argmin(dim=1, keepdim=True)
            kept = self.t.arange(scores.shape[1], device=self.device) <= closest
            return closest, scores * self.t.zeros_like(kept).scatter(1, order, kept)

        def check(result):
            energies = np.sort(self.numpy(scores[0]) ** 2)[::-1]
            distances = np.abs(np.sqrt(np.cumsum(energies)) - float(targets[0]))
            assert distances[int(result[0][0])] <= distances.min() + 1e-3 * float(targets[0]), "another prefix"

        return run, check

    def score(self, p):
        rows, d, n = sizes(p["shape"])[:3]
        self.precision(p.get("precision", "FLOAT32"))
        x = self.normal(rows, d, dtype=p.get("dtype", "F32"))
        atoms = self.atoms(n, d, dtype=p.get("dtype", "F32"))
        transposed = atoms.t()

        def check(scores):
            close(self.numpy(scores[0]), self.numpy(atoms) @ self.numpy(x[0]), 2e-2 if p.get("dtype", "F32") != "F32" else 5e-3)

        return lambda: x @ transposed, check

    def encode(self, p):
        k = sizes(p["shape"])[3]
        product, _ = self.score(p)

        def check(result):
            row = self.numpy(product()[0])
            assert self.numpy(result[0][0]).min() >= np.sort(row)[-k] - 1e-6, "not the k largest"

        return lambda: product().topk(k, dim=1), check

    def decode(self, p):
        rows, k, n, d = sizes(p["shape"])
        atoms = self.atoms(n, d, dtype=p.get("dtype", "F32"))
        indices = self.t.randint(n, (rows, k), device=self.device)
        values = self.normal(rows, k, dtype=p.get("dtype", "F32"))

        def check(out):
            exact = self.numpy(values[0]) @ self.numpy(atoms[indices[0]])
            close(self.numpy(out[0]), exact, 5e-2 if p.get("dtype", "F32") != "F32" else 1e-4)

        bag = self.t.nn.functional.embedding_bag
        return lambda: bag(indices, atoms, per_sample_weights=values, mode="sum"), check

    def decode_gradients(self, p):
        """Gradients of values and atoms by autograd."""
        rows, k, n, d = sizes(p["shape"])
        atoms = self.atoms(n, d, dtype=p.get("dtype", "F32")).requires_grad_()
        indices = self.t.randint(n, (rows, k), device=self.device)
        values = self.normal(rows, k, dtype=p.get("dtype", "F32")).requires_grad_()
        g = self.normal(rows, d, dtype=p.get("dtype", "F32"))
        out = self.t.nn.functional.embedding_bag(indices, atoms, per_sample_weights=values, mode="sum")
        tolerance = 5e-2 if p.get("dtype", "F32") != "F32" else 1e-4

        def check(gradients):
            of_values, of_atoms = gradients
            close(self.numpy(of_values[0]), self.numpy(atoms[indices[0]]) @ self.numpy(g[0]), tolerance)
            atom = int(indices[0, 0])
            uses = (indices == atom).nonzero().tolist()
            exact = sum(self.numpy(values[i, j]) * self.numpy(g[i]) for i, j in uses)
            close(self.numpy(of_atoms[atom]), exact, tolerance)

        return lambda: self.t.autograd.grad(out, (values, atoms), g, retain_graph=True), check

    def sampled_dot(self, p):
        rows, k, n, d = sizes(p["shape"])
        atoms = self.atoms(n, d, dtype=p.get("dtype", "F32"))
        indices = self.t.randint(n, (rows, k), device=self.device)
        g = self.normal(rows, d, dtype=p.get("dtype", "F32"))
        step = max(1, (1 << 28) // (k * d))  # rows whose gathered atoms fit

        def run():
            return self.t.cat(
                [self.t.einsum("rkd,rd->rk", atoms[indices[i : i + step]], g[i : i + step]) for i in range(0, rows, step)]
            )

        def check(out):
            close(self.numpy(out[0]), self.numpy(atoms[indices[0]]) @ self.numpy(g[0]), 5e-2 if p.get("dtype", "F32") != "F32" else 1e-4)

        return run, check

    def pursuit(self, p, dtype="F32"):
        """The rule of the MP-SAE authors' kind: a product of the residuals with all atoms at each step."""
        rows, d, n = sizes(p["shape"])
        steps = int(p["steps"])
        x = self.normal(rows, d)
        atoms = self.atoms(n, d)
        screened = atoms.to(self.dtype(dtype)).t()
        self.precision("FLOAT32")

        def run():
            residual = x.clone()
            for _ in range(steps):
                scores = residual.to(screened.dtype) @ screened
                pick = scores.abs().argmax(dim=1)
                picked = atoms[pick]
                residual = residual - (residual * picked).sum(dim=1, keepdim=True) * picked
            return residual

        def check(residual):
            exact, dictionary = self.numpy(x[0]), self.numpy(atoms)
            for _ in range(steps):
                scores = dictionary @ exact
                pick = int(np.abs(scores).argmax())
                exact = exact - scores[pick] * dictionary[pick]
            found = np.linalg.norm(self.numpy(residual[0]))
            assert abs(found - np.linalg.norm(exact)) <= 0.02 * np.linalg.norm(self.numpy(x[0])), "another residual"

        return run, check

    def copy(self, p):
        rows, columns = sizes(p["copied"])
        source = self.normal(rows, columns)
        target = self.t.empty_like(source)

        def check(result):
            assert bool((result == source).all()), "another copy"

        return lambda: target.copy_(source), check


class Jax(Torch):
    """jax.lax.top_k; data and checks are torch's, on the host."""

    name = "jax"

    def __init__(self, device):
        import jax

        self.jax = jax
        super().__init__("cpu")
        self.jax_device = jax.devices("gpu" if device == "cuda" else "cpu")[0]

    def describe(self):
        return f"jax {self.jax.__version__} on {self.jax_device.device_kind}"

    def cases(self, p):
        ranked_as_stored = p.get("key", "signed") == "signed"
        return {"Selection.topK": [("lax.top_k", self.topk)] if ranked_as_stored else []}

    def topk(self, p):
        rows, columns = sizes(p["shape"])
        k = int(p["k"])
        drawn = self.jax.random.normal(self.jax.random.key(1), (rows, columns))
        kind = {"F32": "float32", "BF16": "bfloat16", "F16": "float16"}[p.get("dtype", "F32")]
        scores = self.jax.device_put(drawn.astype(kind), self.jax_device)
        top_k = self.jax.jit(lambda s: self.jax.lax.top_k(s, k))

        def check(result):
            row = np.asarray(scores[0]).astype(np.float64)
            assert np.sort(row[np.asarray(result[1][0])])[0] == np.sort(row)[-k], "not the k largest"

        return lambda: self.jax.block_until_ready(top_k(scores)), check

    def wait(self):
        pass


class ScikitLearn(Torch):
    """scikit-learn's orthogonal pursuit, row after row on the host."""

    name = "sklearn"

    def __init__(self, device):
        import sklearn

        self.sklearn = sklearn
        super().__init__("cpu")

    def describe(self):
        return f"scikit-learn {self.sklearn.__version__} on {self.t.get_num_threads()} threads"

    def cases(self, p):
        return {"Pursuits.orthogonalMatchingPursuit": [("orthogonal_mp_gram", self.orthogonal_pursuit)]}

    def orthogonal_pursuit(self, p):
        from sklearn.linear_model import orthogonal_mp_gram

        rows, d, n = sizes(p["shape"])
        steps = int(p["steps"])
        x = self.normal(rows, d).numpy()
        atoms = self.atoms(n, d).numpy()
        gram = atoms @ atoms.T

        def run():
            return orthogonal_mp_gram(gram, atoms @ x.T, n_nonzero_coefs=steps)

        def check(coefficients):
            support = coefficients[:, 0].nonzero()[0]
            assert len(support) == steps, "another number of atoms"
            residual = x[0] - coefficients[support, 0] @ atoms[support]
            assert np.abs(atoms[support] @ residual).max() <= 1e-4 * np.linalg.norm(x[0]), "not orthogonal"

        return run, check


def close(found, exact, tolerance):
    error = np.linalg.norm(found - exact) / np.linalg.norm(exact)
    assert error <= tolerance, f"relative error {error:.1e}"


LIBRARIES = {library.name: library for library in (Torch, Jax, ScikitLearn)}


def measure(library, run, seconds):
    """Seconds of a call: the median of batches that take long enough to be timed, after a warm-up. Long calls are few."""
    run()
    library.wait()
    begin = time.perf_counter()
    run()
    library.wait()
    once = max(time.perf_counter() - begin, 1e-6)
    batch = max(1, int(0.05 / once))
    times = [once] if once > seconds else []
    end = time.perf_counter() + seconds
    while len(times) < 3 and once < 10 * seconds or time.perf_counter() < end:
        begin = time.perf_counter()
        for _ in range(batch):
            run()
        library.wait()
        times.append((time.perf_counter() - begin) / batch)
    return statistics.median(times), (max(times) - min(times)) / 2


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--like", required=True, help="report whose cases are measured")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--libraries", default=",".join(LIBRARIES), help="%(default)s unless given")
    parser.add_argument("--seconds", type=float, default=1.0, help="time of a measurement")
    parser.add_argument("--output", required=True)
    options = parser.parse_args()

    with open(options.like) as file:
        report = json.load(file)
    results, devices = [], {}
    for name in options.libraries.split(","):
        try:
            library = LIBRARIES[name](options.device)
        except (ImportError, RuntimeError) as problem:
            print(f"{name}: not measured: {problem}", file=sys.stderr)
            continue
        devices[name] = library.describe()
        print(devices[name])
        seen = set()
        for result in report["results"]:
            benchmark, parameters = result["benchmark"], result["parameters"]
            drawn = {key: value for key, value in parameters.items() if key != "threads"}
            if parameters.get("data", "normal") != "normal" or (benchmark, str(drawn)) in seen:
                continue
            seen.add((benchmark, str(drawn)))
            for how, case in library.cases(parameters).get(benchmark, []):
                implementation = f"{name} {how}"
                try:
                    run, check = case(parameters)
                    check(run())
                    seconds, error = measure(library, run, options.seconds)
                except Exception as problem:  # a peer may lack memory or a feature; the others go on
                    print(f"  {benchmark} {drawn}: {implementation} failed: {str(problem)[:200]}", file=sys.stderr)
                    continue
                results.append(
                    {
                        "benchmark": benchmark,
                        "implementation": implementation,
                        "parameters": drawn,
                        "seconds": seconds,
                        "error": error,
                        "bytes": result["bytes"],
                        "flops": result["flops"],
                    }
                )
                line = f"  {benchmark} {' '.join(drawn.values())}: {implementation} {seconds * 1e3:.3f} ms"
                ours = result["seconds"]
                print(f"{line}, {result['implementation']} {ours * 1e3:.3f} ms: {seconds / ours:.2f}x" if ours else line)
    machine = dict(report["machine"], devices=devices, python=platform.python_version())
    with open(options.output, "w") as file:
        json.dump({"commit": report["commit"], "machine": machine, "limits": report["limits"], "results": results}, file, indent=2)
    if not results or any(not math.isfinite(result["seconds"]) for result in results):
        sys.exit("no peer was measured")


if __name__ == "__main__":
    main()
