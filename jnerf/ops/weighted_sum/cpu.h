// Sums of arrays are those of jnerf_sum.h: the shared body is all there is.
#pragma once
#include "weighted_sum/kernel.h"
