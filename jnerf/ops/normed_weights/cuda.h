// One call per row: the shared body is all there is.
#pragma once
#include "normed_weights/kernel.h"
