"""Scenes as the page shows them: with cameras, as a picture, or by what a run noted of them."""
