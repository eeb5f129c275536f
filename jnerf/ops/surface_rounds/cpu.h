// One call per ray: the shared body is all there is.
#pragma once
#include "surface_rounds/kernel.h"
