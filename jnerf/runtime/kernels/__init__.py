"""How kernels of the running program are compiled: fast, with progress shown, and by several processes at once."""
