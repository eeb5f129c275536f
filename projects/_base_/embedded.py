"""Scene: the embedded one, rendered by the package itself in seconds. Nothing to download."""

dataset = dict(type="ProceduralDataset")
