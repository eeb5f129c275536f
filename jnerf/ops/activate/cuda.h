// Elementwise: the shared body is all there is.
#pragma once
#include "activate/kernel.h"
