"""Package metadata of jnerf. Nothing here imports jnerf: its dependencies may not be installed yet."""

import re
from pathlib import Path

from setuptools import find_packages, setup

ROOT = Path(__file__).parent
VERSION = re.search(r'^__version__ = "(.+)"', (ROOT / "jnerf" / "__init__.py").read_text(), re.M)[1]
README = ROOT / "README.md"

# oneDNN 2.6, the newest that Jittor's matmul links with; without it Jittor would download one at its first import.
LINUX_X86 = "sys_platform == 'linux' and platform_machine == 'x86_64'"
# Jittor itself is not here: it demands NumPy < 2, needlessly with jnerf, and pip would take that or nothing. It comes
# beside jnerf: python -m pip install --no-deps jittor==1.3.11.0 (make does it; jnerf says so where it is missing).
JITTOR_NEEDS = ["astunparse", "pillow", "tqdm"]
CORE = [
    *JITTOR_NEEDS,
    "numpy>=1.26,<3",  # a NumPy 3 may lay out arrays in another way again, and Jittor would not notice
    # The other variant needs libGL, which a bare machine lacks; wheels of 5.0 neither read nor write EXR.
    "opencv-python-headless<5",
    "imageio",
    "imageio-ffmpeg",
    "safetensors",
    f"onednn-cpu-gomp==2022.2.1; {LINUX_X86}",
    f"onednn-devel-cpu-gomp==2022.2.1; {LINUX_X86}",
]
CAPTURE = ["pycolmap"]  # COLMAP: cameras of photographs and videos
# Marching cubes, mesh files, fewer faces, charts of textures. xatlas has no wheels for ARM under Linux; its source
# needs CMake and a compiler.
MESH = [
    "scikit-image",
    "trimesh",
    "fast-simplification",
    "xatlas; python_version < '3.14' and (platform_machine == 'x86_64' or sys_platform != 'linux')",
]
VIEWER = ["viser>=1.1,<2"]
# FLIP has wheels for these; elsewhere its source needs a compiler, and a test of a run goes without it.
METRICS = [f"flip-evaluator; {LINUX_X86} and python_version < '3.14'"]
TENSORBOARD = ["tensorboardX"]
COMPLETION = ["argcomplete"]  # in a shell
CLUSTER = ["ray>=2.9"]  # sweeps over hosts
NOTEBOOKS = [
    "nbclient",
    "nbformat",
    "ipykernel",
    "matplotlib",
]  # those of docs/notebooks are executed
BUILD = ["setuptools>=64", "wheel"]  # a test builds a wheel without a network
DOCS = ["mkdocs-material>=9.5,<10", "mkdocs-static-i18n>=1.3,<2", "latex2mathml"]
EXTRAS = {
    "capture": CAPTURE,
    "cluster": CLUSTER,
    "completion": COMPLETION,
    "mesh": MESH,
    "metrics": METRICS,
    "tensorboard": TENSORBOARD,
    "viewer": VIEWER,
    "all": [*CAPTURE, *CLUSTER, *COMPLETION, *MESH, *METRICS, *TENSORBOARD, *VIEWER],
    "test": [
        "pytest>=9",  # which ends a test that hangs
        "pytest-xdist",
        "hypothesis",
        "ruff",
        "html5lib",
        "selenium",
        *BUILD,
        *CAPTURE,
        *CLUSTER,
        *COMPLETION,
        *MESH,
        *METRICS,
        *TENSORBOARD,
        *VIEWER,
        *NOTEBOOKS,
        *DOCS,
    ],
    "docs": DOCS,
}

setup(
    name="jnerf",
    version=VERSION,
    description="A zoo of neural fields on Jittor: every method a config file of seven swappable modules",
    long_description=README.read_text(encoding="utf-8") if README.is_file() else "",
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    packages=[*find_packages(include=["jnerf", "jnerf.*"]), "jnerf.projects"],
    # The configs, which a checkout has beside the package; jnerf.config.find looks in both places.
    package_dir={"jnerf.projects": "projects"},
    package_data={
        "jnerf": ["**/*.h", "**/*.cc", "**/*.css", "**/*.js"],
        "jnerf.projects": ["**/*.py", "*/README.md"],
    },
    include_package_data=False,
    entry_points={"console_scripts": ["jnerf = jnerf.cli:main"]},
    python_requires=">=3.10",
    install_requires=CORE,
    extras_require=EXTRAS,
)
