#pragma once
#include "touched_rows/kernel.h"
