// One call per number: the shared body is all there is.
#pragma once
#include "relative_error/kernel.h"
