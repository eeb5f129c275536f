// Forced in front of every file of Jittor 1.3.11, which takes uint32_t and its like from whatever header brings them by
// chance (cc_flags="-include ..."); none does so any more in GCC 15.
#ifdef __cplusplus
#include <cstdint>
#endif
