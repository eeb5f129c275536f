"""Where the pictures of a capture come from: a folder, a video, or a scene that COLMAP has done already."""
