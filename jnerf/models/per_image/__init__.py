"""What networks learn of each training image beside the scene: its appearance, and what stood in the way."""
