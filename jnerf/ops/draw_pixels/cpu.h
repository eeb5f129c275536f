// One call per ray: the shared body is all there is.
#pragma once
#include "draw_pixels/kernel.h"
