"""What all formats share about pixels: files found, decoded, masked and kept."""
