"""NeRF's Blender scenes, at one resolution or at several."""
