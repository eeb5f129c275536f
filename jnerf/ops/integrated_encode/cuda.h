// One call per sample and wave: the shared body is all there is.
#pragma once
#include "integrated_encode/kernel.h"
