"""What kernels share that go along rays."""
