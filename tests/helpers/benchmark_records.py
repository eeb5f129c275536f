"""Records for the tests of schema, tables and reports; the numbers mean nothing."""

from __future__ import annotations

import copy
from typing import Any

from jnerf.benchmark.records.record import SCHEMA
from jnerf.benchmark.stats import stats

BOUND = [{"part": "hash forward", "bound_ns": 100.0, "ours_ns": 80.0, "ratio": 0.8}]
CEILINGS = {
    "memory_gb_s": 30.0,
    "fp32_gflop_s": 200.0,
    "low_precision_gflop_s": None,
    "low_precision": None,
    "launch_us": 7.0,
}
KERNEL = {
    "op": "mlp",
    "kernel": "mlp_forward",
    "case": "density",
    "unit": "sample",
    "count": 1000,
    "calls": 1,
    "ns": stats([40.0, 50.0]),
    "bytes": 192.0,
    "gb_s": 4.2,
    "flop": 6144.0,
    "gflop_s": 136.5,
    "share_of_ceiling": 0.68,
}
LEVEL = {
    "simd": "native",
    "device": "cpu",
    "samples": 1000,
    "repeats": 2,
    "ceilings": CEILINGS,
    "kernels": [KERNEL],
    "bound": BOUND,
}
RUN = {
    "config": "a.py",
    "exp_name": "a",
    "scene": "lego",
    "steps": 100,
    "train_seconds": 12.5,
    "wall_seconds": 20.0,
    "measured_from_step": 50,
    "samples_per_s": stats([1.0e6, 2.0e6]),
    "rays_per_s": stats([1.0e4]),
    "samples_per_step": 260000.0,
    "peak_memory_gib": 1.1,
    "gpu_memory_gib": None,
    "curve": [{"step": 1, "seconds": 0.1, "psnr": 10.0, "samples_per_s": 1e6}],
    "evaluations": [
        {"step": 50, "seconds": 6.5, "psnr": 27.0, "psnr_white": 26.5, "ssim": 0.93},
        {"step": 100, "seconds": 12.5, "psnr": 30.004, "psnr_white": 29.5, "ssim": 0.95},
    ],
    "protocol": {"train_split": "train", "test_split": "test", "n_images": 25, "weights": "ema"},
}
RESULTS = {
    "train": {"runs": [RUN]},
    "ops": {"levels": [LEVEL]},
    "profile": {
        "config": "a.py",
        "checkpoint": None,
        "step": 0,
        "steps": 16,
        "samples_per_step": 1000.0,
        "free_ms": stats([10.0]),
        "synchronised_ms": 12.0,
        "busy_share": 0.9,
        "ns_per_sample": 10000.0,
        "kernels": [{"op": "mlp", "kernel": "mlp_forward", "calls": 2, "ms": 3.0, "ns": 3000.0}],
        "builtin_ms": 1.0,
        "host_ms": 2.0,
        "bound": BOUND,
        "ceilings": CEILINGS,
    },
    "memory": {
        "config": "a.py",
        "steps": 20,
        "samples": [{"value": 32768, "peak_gib": 0.5}, {"value": 65536, "peak_gib": 0.7}],
        "images": [{"value": 8, "peak_gib": 0.6}],
    },
    "growth": {
        "config": "a.py",
        "steps": 8,
        "samples": [
            {
                "value": 32768,
                "samples": 30000,
                "step_ms": 10.0,
                "ns_per_sample": 300.0,
                "first_step_s": 2.0,
                "peak_gib": 0.5,
            }
        ],
        "images": [
            {
                "value": 8,
                "samples": 30000,
                "step_ms": 10.0,
                "ns_per_sample": 300.0,
                "first_step_s": 2.0,
                "peak_gib": 0.5,
            }
        ],
        "stores": [
            {
                "gib": 100,
                "pixels": 26843545600,
                "open_ms": 0.1,
                "ns_per_pixel": 60.0,
                "resident_gib": 0.1,
            }
        ],
    },
    "render": {
        "config": "a.py",
        "checkpoint": "step_00000100.safetensors",
        "step": 100,
        "train_seconds": 12.5,
        "width": 800,
        "height": 800,
        "seconds": stats([2.0, 1.5]),
        "fps": 0.57,
        "psnr": 30.0,
        "preview_width": 100,
        "preview_height": 100,
        "preview_seconds": stats([0.05]),
        "protocol": {"split": "test"},
    },
    "ways": {
        "device": "cuda",
        "samples": 1000,
        "looked": 2200,
        "repeats": 1,
        "ceilings": CEILINGS,
        "kernels": [
            {
                "choice": "march",
                "way": "one",
                "kernel": "ray_march_count",
                "case": "9 rays",
                "ms": stats([0.25]),
                "bound_ms": 0.125,
                "ratio": 2.0,
                "off": 0.0,
            }
        ],
        "better": {"march, 9 rays": "march=one"},
    },
    "gpu": {
        "goals": [
            {"what": "steps/s", "goal": 400, "floor": 250, "measured": 431.5, "result": "reached"}
        ],
        "methods": [
            {
                "method": "a",
                "metric": "psnr",
                "cpu": 20.0,
                "cuda": 20.1,
                "difference": 0.1,
                "result": "same",
            }
        ],
        "parts": [{"part": "tests", "seconds": 70.5, "result": "passed"}],
        "passed": 480,
        "failed": [],
        "cold": True,
    },
    "host": {
        "runs": [
            {
                "config": "a.py",
                "sizes": "exact",
                "steps": 16,
                "step_ms": stats([2.5]),
                "cpu_ms": stats([2.4]),
                "python_ms": stats([1.5]),
                "executor_ms": stats([1.0]),
                "kernels": [{"kernel": "mlp.mlp_forward", "calls": 2.0}],
                "launches": 20.0,
                "jittors": 1.5,
                "syncs": 2.0,
                "readbacks": 0.5,
                "uploads": 1.0,
                "allocations": 0.0,
                "views": [
                    {
                        "as_on": "cpu",
                        "pixels": 1024,
                        "portions": 3,
                        "cpu_ms": stats([30.0]),
                        "python_ms": stats([5.0]),
                        "kernels": [{"kernel": "mlp.mlp_forward", "calls": 3.0}],
                        "launches": 133.0,
                        "jittors": 0.0,
                        "syncs": 37.0,
                        "readbacks": 37.0,
                        "uploads": 0.0,
                        "allocations": 0.0,
                    }
                ],
            }
        ]
    },
}


def make(kind: str) -> dict[str, Any]:
    """A whole record of a kind, free to be changed."""
    record = {
        "schema": SCHEMA,
        "kind": kind,
        "created": "2026-01-02T03:04:05+00:00",
        "command": ["tools/benchmark.py", kind],
        "git": {"commit": "0123456789abcdef", "dirty": True},
        "machine": {"cpu": "Some CPU", "cores": 2, "threads": 2, "gpu": None},
        "versions": {"jnerf": "0"},
        "load": 0.5,
        "protocol": {"seconds": "inside training steps"},
        "results": RESULTS[kind],
    }
    if kind == "train":
        record["samples_per_s"] = RUN["samples_per_s"]
    return copy.deepcopy(record)
