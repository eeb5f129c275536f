"""What a surface looks like: colours of vertices, charts, a picture of its colours."""
