"""From photographs or a video to a scene: pictures are gathered, COLMAP places their cameras, and files are written."""
