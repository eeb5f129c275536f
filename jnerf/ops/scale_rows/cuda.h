// Elementwise: the shared body is all there is.
#pragma once
#include "scale_rows/kernel.h"
