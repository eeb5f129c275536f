"""Scene: a grey portrait of 1024x1024 pixels, the picture that comes with instant-ngp."""

dataset = dict(
    type="ImageDataset",
    root="image/albert.png",  # under $JNERF_DATA, ./data or ../shared/data
    color_space="srgb",  # or "linear" light
    targets="pixel",  # points lie on the centres of pixels; "bilinear": anywhere
)
