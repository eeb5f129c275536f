"""Fields of low-rank grids (TensoRF)."""
