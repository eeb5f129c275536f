// One call per sample: the shared body is all there is.
#pragma once
#include "surface_density/kernel.h"
