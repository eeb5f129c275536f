// One copy: the shared body is all there is.
#pragma once
#include "leading_rows/kernel.h"
