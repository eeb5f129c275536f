// One thread or CUDA thread per ray: the shared body is all there is.
#pragma once
#include "composite/kernel.h"
