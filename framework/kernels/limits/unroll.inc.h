// Sums stay in registers only where loops over them are unrolled whole.
#ifdef __clang__
#define FRACBIT_UNROLL _Pragma("unroll")
#else
#define FRACBIT_UNROLL _Pragma("GCC unroll 64")
#endif
