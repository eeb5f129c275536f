"""Names of what a field says of what stands in front of the scene."""

#: Channels of ``FieldOutput``: density [S, 1], colour [S, 3] in [0, 1], uncertainty [S, 1]. Rays without an image, and
#: samples of rounds before the last, have none: nothing stands in front.
CHANNELS = ("transient_sigmas", "transient_rgbs", "transient_betas")
#: By which argument networks fill them.
OPTIONAL = dict.fromkeys(CHANNELS, "transient=dict()")
