// Elementwise: the shared body is all there is.
#pragma once
#include "cell_mask/kernel.h"
