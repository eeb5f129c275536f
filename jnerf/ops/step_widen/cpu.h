// One call per ray: the shared body is all there is.
#pragma once
#include "step_widen/kernel.h"
