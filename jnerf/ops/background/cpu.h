// One call per ray: the shared body is all there is.
#pragma once
#include "background/kernel.h"
