"""One training by several processes: each draws its share of the same batch, and all make the same step.

Nothing but the engine knows of it: samplers see a bundle whose rays have numbers, optimisers and samplers hand numbers
to a function that by default gives them back. See docs/parallel.md.
"""
