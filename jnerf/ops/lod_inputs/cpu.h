// One call per sample: the shared body is all there is.
#pragma once
#include "lod_inputs/kernel.h"
