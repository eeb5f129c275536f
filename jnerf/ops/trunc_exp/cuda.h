// Elementwise: the shared body is all there is.
#pragma once
#include "trunc_exp/kernel.h"
