"""Several runs side by side: ``jnerf compare``. Records of benchmarks are compared by ``jnerf benchmark compare``."""
