// One call per sample: the shared body is all there is.
#pragma once
#include "cone_points/kernel.h"
