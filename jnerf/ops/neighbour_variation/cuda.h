// One call per point, or feature of one: the shared body is all there is.
#pragma once
#include "neighbour_variation/kernel.h"
