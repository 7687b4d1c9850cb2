// One number at a time: the lanes of the portable kernels, and those of the last channels of every
// instruction set.

struct One {
  static constexpr int kCount = 1;
  using Real = real;
  using Mask = bool;

  static Real splat(real a) { return a; }
  static int32_t load(const int16_t* p) { return *p; }
  static int32_t load(const int32_t* p) { return *p; }
  static Real load(const real* p) { return *p; }
  static Real to_real(int32_t v) { return static_cast<real>(v); }
  static Real to_real(Real v) { return v; }
  static void store(Real v, real* p) { *p = v; }
  static void store(int32_t v, int16_t* p) { *p = static_cast<int16_t>(v); }
  static void store(int32_t v, int32_t* p) { *p = v; }
  static void store(int32_t v, uint8_t* p) { *p = static_cast<uint8_t>(v); }
  static void store(int32_t v, uint16_t* p) { *p = static_cast<uint16_t>(v); }
  /// Whole numbers, as integers.
  static int32_t whole(Real v) { return static_cast<int32_t>(v); }
  static uint64_t bits(Mask m) { return m ? 1 : 0; }
  static void add_to(Real v, double* sum) { *sum += static_cast<double>(v); }

  template <class N>
  static Mask greater(N a, N b) {
    return a > b;
  }
  template <class N>
  static Mask at_least(N a, N b) {
    return a >= b;
  }
  static Mask both(Mask a, Mask b) { return a & b; }
  static Mask without(Mask a, Mask b) { return a & !b; }
  static Mask neither(Mask a, Mask b) { return !(a | b); }
  template <class N>
  static N select(Mask m, N a, N b) {
    return m ? a : b;
  }
  static Real keep(Mask m, Real a) { return m ? a : 0; }
  template <class N>
  static N negate_where(Mask m, N a) {
    return m ? -a : a;
  }
  static Real abs(Real a) { return static_cast<Real>(__builtin_fabs(static_cast<double>(a))); }
  /// y, or |y| where `sign` is -0; without a branch, which would double each loop.
  static Real fold(Real y, Real sign) {
    const Real other = y * static_cast<Real>(__builtin_copysign(1, static_cast<double>(sign)));
    return y > other ? y : other;
  }
  /// The larger number; b if it is NaN or equal.
  static Real raise(real a, Real b) { return a > b ? a : b; }
  static Real lower(real a, Real b) { return a < b ? a : b; }
  /// The larger one, the first one of equals.
  template <class N>
  static N larger(N a, N b) {
    return b > a ? b : a;
  }
  /// floor(clamp(v, 0, top) + 1/2); NaN gives 0.
  static int32_t round(Real v, real top) {
    v = v > 0 ? v : 0;
    v = v < top ? v : top;
    const auto whole = static_cast<int32_t>(v);
    return whole + (v - static_cast<real>(whole) >= static_cast<real>(0.5) ? 1 : 0);
  }
  static real largest(Real v) { return v; }
};
