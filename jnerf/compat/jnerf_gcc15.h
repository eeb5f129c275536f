// Forced in front of every file of Jittor 1.3.11 (cc_flags="-include ...") where GCC is 15 or newer. Jittor takes uint32_t
// and its like from whatever header brings them by chance, and none does so any more; and it has a template that calls
// what is not there, which is now looked at although it is never used.
#ifdef __cplusplus
#include <cstdint>
#pragma GCC diagnostic ignored "-Wtemplate-body"
#endif
