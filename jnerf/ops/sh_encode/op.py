"""Jittor op for real spherical harmonics."""

from __future__ import annotations

import jittor as jt

from jnerf.ops.common import Function, code_op

MAX_DEGREE = 8


class _SHEncode(Function):
    def execute(self, directions: jt.Var, degree: int) -> jt.Var:
        self.directions, self.degree = directions, degree
        n = directions.shape[0]
        source = f"jnerf::sh_encode<{degree}>(in0->num / 3, in0_p, out0_p);"
        return code_op("sh_encode", [(n, degree**2)], ["float32"], [directions], source)[0]

    def grad(self, grad_output: jt.Var) -> tuple[jt.Var, None]:
        source = f"jnerf::sh_encode_backward<{self.degree}>(in0->num / 3, in0_p, in1_p, out0_p);"
        inputs = [self.directions, grad_output]
        return code_op("sh_encode", [self.directions.shape], ["float32"], inputs, source)[0], None


def sh_encode(directions: jt.Var, degree: int) -> jt.Var:
    """Real spherical harmonics of bands 0 .. degree - 1, with gradients to the directions.

    Value ``l^2 + l + m`` of a row is ``Y_l^m``, orthonormal over the sphere, with the sign
    convention usual in NeRF (Condon-Shortley phase): ``Y_1^-1 = -0.4886 y``, ``Y_1^0 = 0.4886 z``,
    ``Y_1^1 = -0.4886 x``. Each is the polynomial ``N d^m P_l(z)/dz^m Re or Im (x + iy)^m``;
    directions that are not of unit length get that polynomial's value, and the gradient is the
    polynomial's, not only its part tangential to the sphere.

    Args:
        directions: unit vectors with components in [-1, 1], float32 [S, 3].
        degree: number of bands, 1 .. 8.

    Returns:
        float32 [S, degree^2].

    Raises:
        ValueError: another degree, shape or dtype.

    >>> sh_encode(jt.array([[0.0, 0.0, 1.0]]), 2).numpy().round(4).tolist()
    [[0.28209999203681946, -0.0, 0.4885999858379364, -0.0]]
    """
    if not 1 <= degree <= MAX_DEGREE:
        raise ValueError(f"sh_encode: degree is {degree}; choose 1 .. {MAX_DEGREE}")
    if directions.ndim != 2 or directions.shape[1] != 3 or directions.dtype != "float32":
        raise ValueError(
            f"sh_encode: directions are {directions.dtype} {list(directions.shape)};"
            " give float32 [S, 3]"
        )
    return _SHEncode()(directions, degree)
