// The kernels of an instruction set by its name, where a folder has a form of its own for each:
// portable, AVX2, AVX-512 without and with bit counts, NEON. Included by the file of the folder's
// name, inside its namespace and after <cstring> and the type `Kernels`.

extern const Kernels kScalar;

// The double build has no kernels of its own beside the portable ones.
#if defined(__x86_64__) && !defined(FRACBIT_REAL_DOUBLE)

extern const Kernels kAvx2;
extern const Kernels kAvx512;
extern const Kernels kAvx512Vp;
static constexpr const Kernels* kExact[] = {&kScalar, &kAvx2, &kAvx512, &kAvx512Vp};

#elif defined(__aarch64__) && !defined(FRACBIT_REAL_DOUBLE)

extern const Kernels kNeon;
static constexpr const Kernels* kExact[] = {&kScalar, &kNeon};

#else

static constexpr const Kernels* kExact[] = {&kScalar};

#endif

/// Null for another name.
static const Kernels* exact(const char* isa) noexcept {
  for (const Kernels* kernels : kExact) {
    if (std::strcmp(kernels->name, isa) == 0) return kernels;
  }
  return nullptr;
}
