// One call per ray: the shared body is all there is.
#pragma once
#include "median_depth/kernel.h"
