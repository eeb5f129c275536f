"""What nvcc is given of a config without a GPU: every kernel that CUDA needs, as Jittor would put it."""

from __future__ import annotations

import os

import pytest

from jnerf.benchmark.host.nvcc import command, compile_all, kernels_of, text_of
from jnerf.config import load_config
from jnerf.engine.pipeline.build import build_dataset
from jnerf.engine.rehearsal import rehearse
from jnerf.errors import JnerfError
from jnerf.ops.common import device
from jnerf.runtime.cuda import find_toolkit
from jnerf.runtime.kernels.foresight import Array, Kernel

CONFIG = "projects/ngp/configs/ngp_embedded.py"
SMALL = ["dataset.n_train=2", "dataset.resolution=16"]
EMA = Kernel("ema", "jnerf::ema_none();", (Array("float32", 1),), (Array("float32", 2),))


def _scene():
    config = load_config(CONFIG, SMALL)
    return config, build_dataset(config, "train")


def test_kernels_are_those_of_fixed_sizes_and_nothing_stays_pretended():
    found = kernels_of(load_config(CONFIG, SMALL))
    assert len(set(found)) == len(found) > 20
    on_cpu = rehearse(*_scene()).foresight.kernels
    assert set(found) - on_cpu  # sizes stay on the device in training
    assert not device.on_cuda()


def test_text_has_all_that_a_source_may_use():
    text = text_of(EMA)
    assert '#include "ema/cuda.h"' in text and "in0->ptr<float32>()" in text
    assert "out0_shape1" in text and "in0_shape1" not in text


def test_a_kernel_compiles_and_one_that_does_not_is_named():
    toolkit = find_toolkit(os.environ)
    if toolkit is None:
        pytest.skip("no nvcc")
    words = command(toolkit.nvcc, 90)
    sh = next(k for k in kernels_of(load_config(CONFIG, SMALL)) if k.op == "sh_encode")
    used: list = []
    assert compile_all([sh], words, 1, used)["kernels"] == 1
    ((op, usage),) = used
    assert (
        op == "sh_encode" and "ShEncode" in usage.name and usage.registers > 8 and not usage.spills
    )
    with pytest.raises(JnerfError, match="a kernel of ema does not compile"):
        compile_all([EMA], words, 1)
