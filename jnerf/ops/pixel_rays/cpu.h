// One call per ray: the shared body is all there is.
#pragma once
#include "pixel_rays/kernel.h"
