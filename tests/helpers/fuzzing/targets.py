"""All readers, by name."""

from __future__ import annotations

from fuzzing import meshes, pictures, runs, scenes

TARGETS = {t.name: t for module in (scenes, pictures, meshes, runs) for t in module.TARGETS}
