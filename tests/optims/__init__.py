"""A package, so that test_adam.py here and in tests/ops have different module names."""
