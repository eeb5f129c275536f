"""From a config to the modules of a method, wired and checked."""
