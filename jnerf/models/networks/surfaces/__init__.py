"""Fields of surfaces that are rendered: NeuS, as MLPs and on a hash grid."""
