"""How good a model is: what a dataset's ``judge`` is given and gives back, and the judge of views."""
