// Which of its kernels a folder gives an instruction set, where it has portable, AVX2, AVX-512 and
// NEON ones. Included by the file of the folder's name, inside its namespace and after <cstring>
// and the type `Kernels`.

extern const Kernels kScalar;

// The double build has no kernels of its own beside the portable ones.
#if defined(__x86_64__) && !defined(FRACBIT_REAL_DOUBLE)

extern const Kernels kAvx2;
extern const Kernels kAvx512;

static const Kernels& nearest(const char* isa) noexcept {
  if (std::strncmp(isa, "avx512", 6) == 0) return kAvx512;
  return std::strcmp(isa, "avx2") == 0 ? kAvx2 : kScalar;
}

#elif defined(__aarch64__) && !defined(FRACBIT_REAL_DOUBLE)

extern const Kernels kNeon;

static const Kernels& nearest(const char* isa) noexcept {
  return std::strcmp(isa, "neon") == 0 ? kNeon : kScalar;
}

#else

static const Kernels& nearest(const char*) noexcept {
  return kScalar;
}

#endif
