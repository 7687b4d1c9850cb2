#include "fracbit/framework/ops/integer_gradient/input.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "fracbit/framework/kernels/table/table.h"
#include "fracbit/framework/ops/integer_gradient/levels.h"
#include "fracbit/framework/ops/integer_gradient/plain.h"
#include "fracbit/framework/ops/integer_gradient/run.h"
#include "fracbit/framework/parallel.h"

namespace fracbit::ops::integer_gradient {
namespace {

namespace table = kernels::table;
using table::kCodes, table::kWord, table::Method;

/// Bytes of tables or codes that a task works on at once, so that they stay in the second cache.
constexpr int64_t kTaskBytes = 384 << 10;
/// Pixels that a task has at least, if an image has fewer. Its blocks of channels are then so many
/// that each thread has some tasks, and at least a few: every task makes the tables of its pixels.
constexpr int64_t kTaskPixels = 64;
constexpr int64_t kTaskBlocks = 4;
constexpr int64_t kThreadTasks = 2;

/// What all tasks of a call share.
struct InputCall {
  const Conv2dGeometry& s;
  const GradientCodes& g;
  real w_scale;
  Choice choice;
  std::vector<InputPhase> phases;
  Tensor& dx;

  int64_t steps, step_bytes;           ///< of a pixel of dy
  int64_t grid_rows = 0, columns = 0;  ///< rows of the largest phase; columns of dy with borders
  int64_t low_row = 0, high_row = 0;   ///< rows of dy that grid row 0 reaches
  int64_t low_column = 0;
  int64_t images_per_task, rows_per_task, blocks_per_task;

  InputCall(const Conv2dGeometry& shape, const GradientCodes& gradient, const ScaledBits& w,
            const Choice& chosen, Tensor& result);
  int64_t pixel_bytes() const { return steps * step_bytes; }
  int64_t blocks() const { return (s.channels + kWord - 1) / kWord; }
  int64_t codes() const { return choice.method == Method::dot ? 4 : kCodes; }
  bool signs() const { return choice.method == Method::signs; }
  /// What a pixel outside dy is filled with.
  int nothing() const { return signs() ? 2 * g.top() : 0; }

 private:
  void reach();
  void cut();
};

InputCall::InputCall(const Conv2dGeometry& shape, const GradientCodes& gradient,
                     const ScaledBits& w, const Choice& chosen, Tensor& result)
    : s(shape),
      g(gradient),
      w_scale(w.scales[0]),
      choice(chosen),
      phases(input_phases(shape, chosen, w.bits, gradient.top())),
      dx(result) {
  steps = (s.filters + codes() - 1) / codes();
  step_bytes = table::table_bytes(choice.method);
  reach();
  cut();
}

/// The rows and columns of dy that a grid reaches.
void InputCall::reach() {
  int64_t grid_columns = 0, high_column = 0;
  for (const InputPhase& phase : phases) {
    const TapGrid& grid = phase.phase.grid;
    grid_rows = std::max(grid_rows, grid.rows);
    grid_columns = std::max(grid_columns, grid.columns);
    for (const int64_t row : grid.tap_rows) {
      low_row = std::min(low_row, row), high_row = std::max(high_row, row);
    }
    for (const int64_t column : grid.tap_columns) {
      low_column = std::min(low_column, column), high_column = std::max(high_column, column);
    }
  }
  columns = grid_columns + high_column - low_column;
}

/// The extent of a task.
void InputCall::cut() {
  const int64_t fit = kTaskBytes / std::max<int64_t>(1, columns * pixel_bytes());
  rows_per_task =
      std::clamp<int64_t>(fit - (high_row - low_row), 1, std::max<int64_t>(1, grid_rows));
  images_per_task = 1, blocks_per_task = blocks();
  const int64_t pixels = s.height * s.width;
  if (rows_per_task == grid_rows && pixels < kTaskPixels) {
    images_per_task = std::max<int64_t>(1, kTaskPixels / std::max<int64_t>(1, pixels));
    const int64_t image_tasks = (s.images + images_per_task - 1) / images_per_task;
    blocks_per_task = std::max(kTaskBlocks, image_tasks * blocks() / (kThreadTasks * threads()));
  }
}

/// The pixels of one phase in a task, as a kernel reads them.
struct Pixels {
  Buffer<int64_t> window, result;
  Buffer<int32_t> term, class_of;
  Buffer<real> scale;
  int64_t count = 0;
  explicit Pixels(int64_t most)
      : window(most), result(most), term(most), class_of(most), scale(most) {}
};

/// Some rows of some images, for some blocks of channels.
class InputTask {
 public:
  InputTask(const InputCall& call, int64_t image, int64_t row)
      : call_(call),
        first_image_(image),
        images_(std::min(call.images_per_task, call.s.images - image)),
        first_row_(row),
        rows_(std::min(call.rows_per_task, call.grid_rows - row)),
        tile_rows_(rows_ + call.high_row - call.low_row),
        q_(images_ * tile_rows_ * call.columns * call.pixel_bytes()),
        sums_(needs_sums() ? images_ * tile_rows_ * call.columns : 0),
        row_codes_(call.s.out_width * call.steps * call.codes()) {}

  void run(int64_t first_block, int64_t last_block) {
    for (int64_t m = 0; m < images_; ++m) {
      for (int64_t r = 0; r < tile_rows_; ++r) fill_row(m, r);
    }
    Pixels pixels(images_ * rows_ * call_.s.width);
    for (const InputPhase& phase : call_.phases) {
      find_pixels(phase, pixels);
      if (pixels.count == 0) continue;
      const Taps taps(phase, *this);
      for (int64_t block = first_block; block < last_block; ++block) {
        multiply(phase, pixels, taps, block);
      }
    }
  }

 private:
  /// Where the steps of a window are, and its pixels.
  struct Taps {
    std::vector<int64_t> steps, pixels;
    Taps(const InputPhase& phase, const InputTask& task);
  };

  bool needs_sums() const { return call_.choice.operand.base != 0 && !call_.signs(); }
  void fill_row(int64_t m, int64_t r);
  void fill_pixels(const uint8_t* codes, int64_t count, uint8_t* to) const;
  const uint8_t* whole_steps(const uint8_t* codes, int64_t count);
  void find_pixels(const InputPhase& phase, Pixels& pixels) const;
  void multiply(const InputPhase& phase, Pixels& pixels, const Taps& taps, int64_t block) const;
  void add_terms(const Taps& taps, Pixels& pixels) const;

  const InputCall& call_;
  int64_t first_image_, images_, first_row_, rows_, tile_rows_;
  Buffer<uint8_t> q_;          ///< [image][row][column][step]
  Buffer<int32_t> sums_;       ///< of the codes of a pixel
  Buffer<uint8_t> row_codes_;  ///< a row of dy with whole steps
};

InputTask::Taps::Taps(const InputPhase& phase, const InputTask& task) {
  const InputCall& call = task.call_;
  for (const int64_t row : phase.phase.grid.tap_rows) {
    for (const int64_t column : phase.phase.grid.tap_columns) {
      const int64_t pixel = (row - call.low_row) * call.columns + column - call.low_column;
      pixels.push_back(pixel);
      for (int64_t step = 0; step < call.steps; ++step) {
        steps.push_back(pixel * call.pixel_bytes() + step * call.step_bytes);
      }
    }
  }
  steps.resize(static_cast<size_t>(phase.k), 0);
}

/// The codes of a row with those that fill up the last step of each pixel.
const uint8_t* InputTask::whole_steps(const uint8_t* codes, int64_t count) {
  const int64_t filters = call_.s.filters;
  const int64_t whole = call_.steps * call_.codes();
  if (whole == filters) return codes;
  for (int64_t p = 0; p < count; ++p) {
    uint8_t* to = row_codes_.data() + p * whole;
    std::memcpy(to, codes + p * filters, static_cast<size_t>(filters));
    std::memset(to + filters, 0, static_cast<size_t>(whole - filters));
  }
  return row_codes_.data();
}

void InputTask::fill_pixels(const uint8_t* codes, int64_t count, uint8_t* to) const {
  if (call_.choice.method == Method::dot) {
    std::memcpy(to, codes, static_cast<size_t>(count * call_.pixel_bytes()));
  } else {
    call_.choice.kernels->make_tables(call_.choice.method, codes, count * call_.steps,
                                      call_.g.top(), to, call_.step_bytes);
  }
}

/// Row r of the tile of image m: nothing, the pixels of dy, nothing.
void InputTask::fill_row(int64_t m, int64_t r) {
  const Conv2dGeometry& s = call_.s;
  const int64_t at = (m * tile_rows_ + r) * call_.columns;
  uint8_t* to = q_.data() + at * call_.pixel_bytes();
  const int64_t row = first_row_ + call_.low_row + r;
  const bool inside = row >= 0 && row < s.out_height;
  const int64_t begin = std::min(-call_.low_column, call_.columns);
  const int64_t count = inside ? std::clamp<int64_t>(call_.columns - begin, 0, s.out_width) : 0;
  const auto nothing = [&](int64_t first, int64_t last) {
    const int64_t bytes = call_.pixel_bytes();
    std::memset(to + first * bytes, call_.nothing(), static_cast<size_t>((last - first) * bytes));
    if (needs_sums()) std::fill(sums_.data() + at + first, sums_.data() + at + last, 0);
  };
  if (count == 0) return nothing(0, call_.columns);
  nothing(0, begin);
  nothing(begin + count, call_.columns);
  const uint8_t* codes =
      call_.g.codes.data() + ((first_image_ + m) * s.out_height + row) * s.out_width * s.filters;
  fill_pixels(whole_steps(codes, count), count, to + begin * call_.pixel_bytes());
  if (needs_sums()) {
    call_.choice.kernels->code_sums(codes, count, s.filters, sums_.data() + at + begin);
  }
}

void InputTask::find_pixels(const InputPhase& phase, Pixels& pixels) const {
  const Conv2dGeometry& s = call_.s;
  const TapGrid& grid = phase.phase.grid;
  const auto classes = static_cast<int32_t>(phase.columns.ranges.size());
  const int64_t last_row = std::min(first_row_ + rows_, grid.rows);
  pixels.count = 0;
  for (int64_t m = 0; m < images_; ++m) {
    const int64_t n = first_image_ + m;
    const real scale = call_.g.scales[n] * call_.w_scale;
    for (int64_t i = first_row_; i < last_row; ++i) {
      const int64_t tile_row = m * tile_rows_ + i - first_row_;
      const int64_t y_row = n * s.height + grid.y_row + i * grid.y_step;
      const int32_t row_class = phase.rows.class_of[static_cast<size_t>(i)] * classes;
      for (int64_t j = 0; j < grid.columns; ++j) {
        const int64_t at = pixels.count++;
        pixels.window[at] = tile_row * call_.columns + j;
        pixels.result[at] = (y_row * s.width + grid.y_column + j * grid.y_step) * s.channels;
        pixels.class_of[at] = row_class + phase.columns.class_of[static_cast<size_t>(j)];
        pixels.scale[at] = scale;
      }
    }
  }
  add_terms(Taps(phase, *this), pixels);
  for (int64_t p = 0; p < pixels.count; ++p) pixels.window[p] *= call_.pixel_bytes();
}

/// term = 2 base (sum of the codes of a window).
void InputTask::add_terms(const Taps& taps, Pixels& pixels) const {
  std::fill_n(pixels.term.data(), pixels.count, 0);
  if (!needs_sums()) return;
  const int32_t factor = 2 * call_.choice.operand.base;
  for (int64_t p = 0; p < pixels.count; ++p) {
    const int32_t* from = sums_.data() + pixels.window[p];
    int32_t sum = 0;
    for (const int64_t pixel : taps.pixels) sum += from[pixel];
    pixels.term[p] = factor * sum;
  }
}

void InputTask::multiply(const InputPhase& phase, Pixels& pixels, const Taps& taps,
                         int64_t block) const {
  const InputCall& call = call_;
  table::InputProduct d{};
  d.q = q_.data();
  d.window = pixels.window.data(), d.tap = taps.steps.data();
  d.pixels = pixels.count, d.k = phase.k;
  d.index = phase.index.data() + block * phase.block_bytes(call.choice);
  d.vectors = static_cast<int>(block_vectors(call.s.channels, block));
  d.most = call.g.top() * call.choice.operand.most;
  d.factor = (call.signs() ? 1 : 2) * call.choice.operand.factor;
  d.pixel_term = pixels.term.data(), d.pixel_class = pixels.class_of.data();
  d.class_term = phase.class_terms.data() + block * phase.classes() * kWord;
  d.scale = pixels.scale.data();
  d.y = call.dx.data() + block * kWord;
  d.result = pixels.result.data();
  d.channels = static_cast<int>(block_channels(call.s.channels, block));
  call.choice.kernels->input[static_cast<int>(call.choice.method)](d);
}

}  // namespace

void input_gradient(const GradientCodes& g, const ScaledBits& w, const Conv2dGeometry& s,
                    std::string_view isa, Tensor& dx) {
  const Choice choice = choose_input(w.bits, g.bits, s.options.groups, isa);
  if (choice.kernels == nullptr) {
    return s.options.groups == 1 ? levels_input_gradient(g, w, s, dx)
                                 : plain_input_gradient(g, w, s, dx);
  }
  const InputCall call(s, g, w, choice, dx);
  const auto parts = [](int64_t n, int64_t each) { return (n + each - 1) / each; };
  const int64_t row_parts = parts(call.grid_rows, call.rows_per_task);
  const int64_t block_parts = parts(call.blocks(), call.blocks_per_task);
  const int64_t tasks = parts(s.images, call.images_per_task) * row_parts * block_parts;
  parallel_for(tasks, 1, [&](int64_t begin, int64_t end) {
    for (int64_t task = begin; task < end; ++task) {
      const int64_t block = task % block_parts * call.blocks_per_task;
      const int64_t row = task / block_parts % row_parts * call.rows_per_task;
      const int64_t image = task / block_parts / row_parts * call.images_per_task;
      InputTask(call, image, row).run(block, std::min(block + call.blocks_per_task, call.blocks()));
    }
  });
}

}  // namespace fracbit::ops::integer_gradient
