"""What each op is measured on: one function per op folder, in a file per kind of op."""

from jnerf.benchmark.cases.inputs import Inputs, make_inputs
from jnerf.benchmark.cases.registry import CASES, Case, op_folders

__all__ = ["CASES", "Case", "Inputs", "make_inputs", "op_folders"]
