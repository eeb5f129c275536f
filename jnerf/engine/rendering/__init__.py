"""Pictures of the field: views, previews, films."""
