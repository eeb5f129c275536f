"""The embedded scene, which the package renders itself."""
