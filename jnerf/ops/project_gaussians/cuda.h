// One call per sample: the shared body is all there is.
#pragma once
#include "project_gaussians/kernel.h"
