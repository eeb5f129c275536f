// Number by number: the shared body is all there is.
#pragma once
#include "columns/kernel.h"
