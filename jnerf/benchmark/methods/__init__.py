"""Small forms of methods, trained on two devices from one seed and compared."""
