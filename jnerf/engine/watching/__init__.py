"""What a person watches while a run goes on: its progress, its clock, TensorBoard."""
