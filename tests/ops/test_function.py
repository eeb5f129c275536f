"""Gradients of an op of its own: the contract of Jittor's Function, which ours keeps."""

import gc
import weakref

import jittor as jt
import numpy as np
import pytest

from jnerf.ops.common import Function

both = pytest.mark.parametrize("base", [Function, jt.Function])


def products(base):
    class Products(base):
        """x y and x / y, times a number."""

        def execute(self, x, y, factor):
            self.saved, self.factor = (x, y), factor
            return x * y * factor, x / y

        def grad(self, of_product, of_quotient):
            x, y = self.saved
            self.detached = x.is_stop_grad() and y.is_stop_grad()
            self.given = of_product is not None, of_quotient is not None
            grads = [jt.zeros(x.shape), jt.zeros(y.shape)]
            if of_product is not None:
                grads = [of_product * y * self.factor, of_product * x * self.factor]
            if of_quotient is not None:
                grads[0] += of_quotient / y
                grads[1] -= of_quotient * x / (y * y)
            return *grads, None

    return Products


def chained(base):
    class Chained(base):
        def execute(self, x):
            self.x = x
            return x * x

        def grad(self, grad_out):
            return grad_out * self.x * 2

    return Chained


@pytest.fixture
def xy():
    return jt.array(np.float32([1, 2, 3])), jt.array(np.float32([4, 5, 8]))


@both
@pytest.mark.parametrize("used", ["product", "quotient", "both"])
def test_gradients_of_several_outputs(base, used, xy):
    x, y = xy
    function = products(base)()
    product, quotient = function(x, y, 2.0)
    loss = {"product": product, "quotient": quotient, "both": product + 3 * quotient}[used].sum()
    dx, dy = (g.numpy() for g in jt.grad(loss, [x, y]))
    a, b = {"product": (1, 0), "quotient": (0, 1), "both": (1, 3)}[used]
    np.testing.assert_allclose(dx, 2 * a * y.numpy() + b / y.numpy(), rtol=1e-6)
    np.testing.assert_allclose(dy, 2 * a * x.numpy() - b * x.numpy() / y.numpy() ** 2, rtol=1e-6)
    assert function.given == (used != "quotient", used != "product")


@both
def test_saved_inputs_are_detached_and_those_outside_are_not(base, xy):
    x, y = xy
    function = products(base)()
    product, _ = function(x, y, 2.0)
    assert not any(v.is_stop_grad() for v in (x, y, product))
    jt.grad(product.sum(), [x], retain_graph=True)
    assert function.detached


@both
def test_an_input_without_gradient_gets_none(base, xy):
    x, y = xy
    y.stop_grad()
    product, _ = products(base)()(x, y, 2.0)
    (dx,) = jt.grad(product.sum(), [x])
    np.testing.assert_allclose(dx.numpy(), 2 * y.numpy())


@both
def test_nothing_differentiable_still_runs(base, xy):
    x, y = (v.stop_grad() for v in xy)
    product, quotient = products(base)()(x, y, 2.0)
    np.testing.assert_allclose(product.numpy(), [8, 20, 48])
    z = jt.array([1.0, 1.0, 1.0])
    (dz,) = jt.grad((z * quotient).sum(), [z])
    np.testing.assert_allclose(dz.numpy(), quotient.numpy())


@both
def test_without_gradients_nothing_is_kept(base, xy):
    x, y = xy
    with jt.no_grad():
        function = products(base)()
        product, _ = function(x, y, 2.0)
    np.testing.assert_allclose(product.numpy(), [8, 20, 48])
    assert product.is_stop_grad()


@both
def test_the_same_input_twice_adds_up(base, xy):
    x, _ = xy
    product, _ = products(base)()(x, x, 1.0)
    np.testing.assert_allclose(jt.grad(product.sum(), [x])[0].numpy(), 2 * x.numpy())


@both
def test_one_after_the_other(base, xy):
    x, y = xy
    twice = chained(base)
    product, _ = products(base)()(twice()(x), y, 1.0)
    loss = twice()(product).sum()  # (x^2 y)^2
    x_, y_ = x.numpy(), y.numpy()
    np.testing.assert_allclose(jt.grad(loss, [x])[0].numpy(), 4 * x_**3 * y_**2, rtol=1e-6)


@both
def test_gradients_are_asked_for_again_where_the_graph_is_kept(base, xy):
    x, y = xy
    product, quotient = products(base)()(x, y, 2.0)
    (first,) = jt.grad(product.sum(), [x], retain_graph=True)
    (second,) = jt.grad(quotient.sum(), [x])
    np.testing.assert_allclose(first.numpy(), 2 * y.numpy())
    np.testing.assert_allclose(second.numpy(), 1 / y.numpy(), rtol=1e-6)


@both
def test_what_was_saved_is_freed_with_the_outputs(base, xy):
    x, y = xy
    function = products(base)()
    product, quotient = function(x, y, 2.0)
    jt.grad(product.sum(), [x])[0].sync()
    kept = weakref.ref(function)
    del function, product, quotient
    gc.collect()
    assert kept() is None


def test_a_wrong_number_of_gradients_is_named(xy):
    class Wrong(Function):
        def execute(self, x, y):
            return x * y

        def grad(self, grad_out):
            return (grad_out,)

    with pytest.raises(Exception, match=r"Wrong.grad returned 1 gradients; there are 2 inputs"):
        jt.grad(Wrong()(*xy).sum(), [xy[0]])
