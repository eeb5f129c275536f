"""A page in the browser that shows a field while it is trained, or afterwards.

The engine knows nothing of it: the viewer is a hook between two training steps (``jnerf.engine.hooks``). All that
touches the field happens there, on the trainer's thread; what people click arrives on threads of the server and is only
noted. Panels and channels are registered classes, one a file (``jnerf.viewer.registries``).
"""
