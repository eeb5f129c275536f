"""``jnerf doctor --data SCENE``: is anything odd about a scene? Its own pictures are the witnesses."""
