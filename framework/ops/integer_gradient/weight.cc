#include "fracbit/framework/ops/integer_gradient/weight.h"

#include <algorithm>

#include "fracbit/framework/kernels/table/table.h"
#include "fracbit/framework/ops/integer_gradient/levels.h"
#include "fracbit/framework/ops/integer_gradient/plain.h"
#include "fracbit/framework/ops/integer_gradient/run.h"
#include "fracbit/framework/ops/integer_levels/dense_weight.h"
#include "fracbit/framework/parallel.h"

namespace fracbit::ops::integer_gradient {
namespace {

namespace table = kernels::table;
using table::kChannels, table::kCodes, table::kFilters, table::kWord, table::Method;

/// Filters of a task, at most and, to give each thread one, at least: a task makes the indices of
/// its channels for its filters alone, and the tables of its filters for its channels. So tasks are
/// as few as keep all threads at work.
constexpr int64_t kTileFilters = 128;
constexpr int64_t kLeastFilters = 8;
constexpr int64_t kThreadTasks = 2;
/// Bytes of indices and codes of the samples that a task works on at once: the second cache.
constexpr int64_t kGroupBytes = 384 << 10;

int64_t parts(int64_t n, int64_t each) {
  return (n + each - 1) / each;
}

/// What all tasks of a call share.
struct WeightCall {
  const ScaledBits& x;
  const GradientCodes& g;
  const Conv2dGeometry& s;
  Choice choice;
  WeightLayout layout;
  Tensor& dw;
  int64_t tile_filters, words, task_words;
  int64_t samples;  ///< that are worked on at once

  WeightCall(const ScaledBits& inputs, const GradientCodes& gradient, const Conv2dGeometry& shape,
             const Choice& chosen, Tensor& result)
      : x(inputs),
        g(gradient),
        s(shape),
        choice(chosen),
        layout(shape, chosen.method == Method::dot ? 4 : kCodes, table::depth(chosen.method),
               table::index_bytes(chosen.method)),
        dw(result) {
    tile_filters = s.filters > kTileFilters ? kTileFilters : kTileFilters / 2;
    words = parts(s.channels, kWord);
    while (tiles() * words < threads() && tile_filters > kLeastFilters) tile_filters /= 2;
    task_words = std::max<int64_t>(1, tiles() * words / (kThreadTasks * threads()));
    const int64_t bytes = task_words * WeightIndex::bytes(layout) + tile_filters * layout.pixels;
    samples = std::clamp<int64_t>(kGroupBytes / bytes, 1, std::max<int64_t>(1, s.images));
  }
  int64_t tiles() const { return parts(s.filters, tile_filters); }
};

/// Some filters and some words of channels, over all samples.
class WeightTask {
 public:
  WeightTask(const WeightCall& call, int64_t filter, int64_t first_word);

  void run() {
    const int64_t images = call_.s.images;
    for (int64_t first = 0; first < images; first += call_.samples) {
      const int64_t count = std::min(call_.samples, images - first);
      for (int64_t at = 0; at < count; ++at) {
        codes_.make(first + at, at);
        for (WeightIndex& word : words_) word.make(first + at, at);
      }
      for (int64_t quad = 0; quad < codes_.quads(); ++quad) add_quad(quad, first, count);
    }
    for (const WeightIndex& word : words_) write(word);
  }

 private:
  /// The sums of a quad as the kernel lays them out, [streams, n at a time][4 filters][n].
  real* sums(const WeightIndex& word, int64_t quad) {
    const int64_t each = words_.front().streams() * codes_.quads();
    return sums_.data() +
           ((&word - words_.data()) * each + quad * word.streams()) * kFilters * kChannels;
  }
  void add_quad(int64_t quad, int64_t first, int64_t count);
  void multiply(const WeightIndex& word, int64_t quad, int64_t sample, int64_t at, int64_t count);
  void write(const WeightIndex& word);

  const WeightCall& call_;
  int64_t filter_, filters_;
  std::vector<WeightIndex> words_;
  WeightCodes codes_;
  std::vector<int64_t> stream_terms_;
  Buffer<real> sums_;  ///< [word][quad]
};

WeightTask::WeightTask(const WeightCall& call, int64_t filter, int64_t first_word)
    : call_(call),
      filter_(filter),
      filters_(std::min(call.tile_filters, call.s.filters - filter)),
      codes_(call.g, call.layout, call.choice, filter, filters_, call.samples) {
  const int64_t last_word = std::min(first_word + call.task_words, call.words);
  for (int64_t word = first_word; word < last_word; ++word) {
    words_.emplace_back(call.x, call.layout, call.choice, call.g.top(), word, call.samples);
  }
  const int64_t streams = words_.front().streams();
  for (int64_t stream = 0; stream < streams; ++stream) {
    stream_terms_.push_back(stream % call.s.taps() * codes_.term_tap());
  }
  sums_ = Buffer<real>(std::ssize(words_) * codes_.quads() * streams * kFilters * kChannels);
  sums_.fill(0);
}

void WeightTask::add_quad(int64_t quad, int64_t first, int64_t count) {
  for (int64_t at = 0; at < count; at += codes_.table_samples()) {
    const int64_t together = std::min(codes_.table_samples(), count - at);
    codes_.make_tables(quad, at, together);
    for (const WeightIndex& word : words_) multiply(word, quad, first + at, at, together);
  }
}

void WeightTask::multiply(const WeightIndex& word, int64_t quad, int64_t sample, int64_t at,
                          int64_t count) {
  table::WeightProduct d{};
  d.samples = count, d.blocks = call_.layout.blocks, d.streams = word.streams();
  d.q = codes_.q(quad, at);
  d.q_sample = codes_.q_sample(), d.q_filter = codes_.q_filter(), d.q_block = codes_.q_block();
  d.index = word.index(at);
  d.index_sample = word.sample_bytes();
  d.stream = word.stream_offsets().data(), d.block = word.blocks().data();
  d.most = call_.g.top() * call_.choice.operand.most;
  d.unit = (call_.choice.method == Method::signs ? 1 : 2) * call_.choice.operand.factor;
  d.start = word.start(at), d.start_sample = word.start_step();
  d.term = codes_.term(quad, at), d.term_sample = codes_.term_step();
  d.stream_term = stream_terms_.data();
  d.scale = call_.g.scales.data() + sample;
  d.sums = sums(word, quad);
  call_.choice.kernels->weight[static_cast<int>(call_.choice.method)](d);
}

void WeightTask::write(const WeightIndex& word) {
  const Conv2dGeometry& s = call_.s;
  const real scale = call_.x.scales[0];
  const int64_t most = call_.choice.kernels->streams;
  for (int64_t f = 0; f < filters_; ++f) {
    const real* quad = sums(word, f / kFilters);
    for (int64_t stream = 0; stream < word.streams(); ++stream) {
      const int64_t first = stream / most * most;
      const int64_t together = std::min(most, word.streams() - first);
      const real* from =
          quad + (first * kFilters + f % kFilters * together + stream - first) * kChannels;
      const int64_t channel = word.word() * kWord + stream / s.taps() * kChannels;
      real* to = call_.dw.data() + (filter_ + f) * s.filter_size() +
                 stream % s.taps() * s.channels + channel;
      const int64_t count = std::min<int64_t>(kChannels, s.channels - channel);
      for (int64_t c = 0; c < count; ++c) to[c] = from[c] * scale;
    }
  }
}

}  // namespace

void weight_gradient(const ScaledBits& x, const GradientCodes& g, const Conv2dGeometry& s,
                     std::string_view isa, Tensor& dw) {
  const Choice choice = choose_weight(x.bits, g.bits, s.options.groups, isa);
  if (choice.kernels == nullptr && s.options.groups != 1) return plain_weight_gradient(x, g, s, dw);
  if (choice.kernels == nullptr || integer_levels::is_dense(s)) {
    return levels_weight_gradient(x, g, s, dw);
  }
  const WeightCall call(x, g, s, choice, dw);
  parallel_for(call.tiles() * parts(call.words, call.task_words), 1,
               [&](int64_t begin, int64_t end) {
                 for (int64_t task = begin; task < end; ++task) {
                   WeightTask(call, task % call.tiles() * call.tile_filters,
                              task / call.tiles() * call.task_words)
                       .run();
                 }
               });
}

}  // namespace fracbit::ops::integer_gradient
