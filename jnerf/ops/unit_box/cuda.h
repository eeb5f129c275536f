// Elementwise: the shared body is all there is.
#pragma once
#include "unit_box/kernel.h"
