"""Which weights a picture is of, and that those in training come back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import jittor as jt

from jnerf.engine.pipeline.build import Pipeline


class Weights:
    """The weights of a field that is looked at.

    Args:
        pipeline: the method.
        training: whether it is being trained; else the averaged weights may stay in place between two pictures.
    """

    def __init__(self, pipeline: Pipeline, training: bool) -> None:
        self._pipeline = pipeline
        self.training = training
        self._kept = ExitStack()
        self._averaged = False
        if not training:
            pipeline.network.eval()

    @contextmanager
    def shown(self, averaged: bool) -> Iterator[None]:
        """A context in which the field may be asked for pictures, and only for them.

        Args:
            averaged: by the averaged weights, where there are some.
        """
        averaged = averaged and self._pipeline.ema is not None
        if not self.training:
            if averaged != self._averaged:
                self._kept.close()
                if averaged:
                    self._kept.enter_context(self._pipeline.ema.applied())
                self._averaged = averaged
            with jt.no_grad():
                yield
            return
        self._pipeline.network.eval()  # a layer that draws random numbers must not draw them for us
        try:
            with ExitStack() as stack:
                stack.enter_context(jt.no_grad())
                if averaged:
                    stack.enter_context(self._pipeline.ema.applied())
                yield
        finally:
            self._pipeline.network.train()

    @contextmanager
    def raw(self) -> Iterator[None]:
        """A context for what applies the average by itself, as the extraction of a mesh does."""
        self._kept.close()
        self._averaged = False
        try:
            yield
        finally:
            if self.training:
                self._pipeline.network.train()

    def close(self) -> None:
        """Puts the raw weights back."""
        self._kept.close()
        self._averaged = False
