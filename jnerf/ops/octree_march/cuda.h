// One call per ray: the shared body is all there is.
#pragma once
#include "octree_march/kernel.h"
