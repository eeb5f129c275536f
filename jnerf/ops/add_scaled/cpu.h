// One call per number: the shared body is all there is.
#pragma once
#include "add_scaled/kernel.h"
