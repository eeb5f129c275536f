// One call per sample: the shared body is all there is.
#pragma once
#include "frustum_gaussians/kernel.h"
