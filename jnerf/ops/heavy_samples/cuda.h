// One ray at a time, first to count and then to write: the shared body is all there is.
#pragma once
#include "heavy_samples/kernel.h"
