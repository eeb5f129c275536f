// One call per sample or ray: the shared body is all there is.
#pragma once
#include "transients/kernel.h"
