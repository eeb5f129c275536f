"""JIT-compiled operations, one folder each: the same maths in NumPy, C++ and CUDA."""
