"""LPIPS, distance of the features of a trained network: Zhang et al., "The Unreasonable Effectiveness of Deep Features
as a Perceptual Metric", CVPR 2018. Version 0.1 with AlexNet, from the authors' library, on the CPU.

Nothing is ever downloaded: AlexNet's weights must lie where torchvision keeps them.
"""

from __future__ import annotations

import os
import re
import warnings
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jnerf.metrics.optional import Measure, MetricAbsent, check_installed, import_all

#: torchvision's file of AlexNet, ImageNet weights.
WEIGHTS = "alexnet-owt-7be5be79.pth"


def weights_path() -> Path:
    """Where torch's hub keeps AlexNet's weights on this machine."""
    cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    home = os.environ.get("TORCH_HOME") or os.path.join(cache, "torch")
    return Path(home).expanduser() / "hub" / "checkpoints" / WEIGHTS


def lpips_metric() -> Measure:
    """Loads the network.

    Returns:
        LPIPS of two images, 0 for equal ones.

    Raises:
        MetricAbsent: torch, torchvision, lpips or the weights are not there.
    """
    path = weights_path()
    needed = {"torch": "torch", "torchvision": "torchvision", "lpips": "lpips"}
    check_installed(needed)
    if not path.is_file():
        raise MetricAbsent(
            f"AlexNet's weights are not at {path}; nothing is downloaded: put torchvision's {WEIGHTS} there"
        )
    torch, _, library = import_all(needed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # lpips speaks to torchvision as it was years ago
        network = library.LPIPS(net="alex", pnet_rand=True, verbose=False).eval()
    weights = torch.load(path, map_location="cpu", weights_only=True)
    network.net.load_state_dict(backbone(weights, network.net.state_dict()))

    def lpips(
        prediction: NDArray[np.floating],
        truth: NDArray[np.floating],
        where: NDArray[np.bool_] | None = None,
    ) -> float:
        """The network sees the whole picture: what ``where`` leaves out is black in both."""
        kept = 1.0 if where is None else where[..., None]
        planes = [
            torch.from_numpy(np.moveaxis(image * kept, -1, 0)[None].astype(np.float32))
            for image in (prediction, truth)
        ]
        with torch.no_grad():
            return float(network(*planes, normalize=True))

    version = metadata.version("lpips")
    return Measure(lpips, f"AlexNet, version 0.1, on black; lpips {version}")


def backbone(weights: dict[str, Any], wanted: dict[str, Any]) -> dict[str, Any]:
    """Torchvision's weights by the names that lpips gives them.

    >>> backbone({"features.3.bias": 1, "classifier.1.bias": 2}, {"slice2.3.bias": 0})
    {'slice2.3.bias': 1}
    """
    return {name: weights[re.sub(r"^slice\d+", "features", name)] for name in wanted}
