"""Camera paths: where they come from, the json files that hold them, and the spline between keyframes.

All of it is NumPy alone and imports quickly, so that an editor of paths may use it without a field.
"""
