// Stands in for NVIDIA's npp.h where the toolkit comes without NPP: Jittor's reduce kernels use it only for these limits.
#pragma once
#define NPP_MIN_32U (0u)
#define NPP_MAX_32U (4294967295u)
#define NPP_MIN_32S (-2147483647 - 1)
#define NPP_MAX_32S (2147483647)
#define NPP_MIN_64U (0ull)
#define NPP_MAX_64U (18446744073709551615ull)
#define NPP_MIN_64S (-9223372036854775807ll - 1)
#define NPP_MAX_64S (9223372036854775807ll)
