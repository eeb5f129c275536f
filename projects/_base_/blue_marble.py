"""Scene: NASA's Blue Marble, 5400x2700 pixels, as a stand-in for gigapixels."""

dataset = dict(
    type="ImageDataset",
    root="image/bmng.jpg",  # under $JNERF_DATA, ./data or ../shared/data
    color_space="srgb",  # or "linear" light
    targets="pixel",  # points lie on the centres of pixels; "bilinear": anywhere
)
