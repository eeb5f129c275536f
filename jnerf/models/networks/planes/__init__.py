"""Networks on planes of features: the explicit K-Planes, and EG3D's decoder."""
