// `.fbit` bytes: what is written is read back, and everything else is refused.

#include <algorithm>
#include <bit>
#include <cstring>

#include "deploy/random_model.h"
#include "fracbit/framework/crc32c.h"
#include "fracbit/framework/error.h"
#include "fracbit/quantize/deploy/format.h"
#include "fracbit/quantize/deploy/format/parts.h"
#include "fracbit/quantize/deploy/packed_model.h"
#include "support/catch.h"
#include "support/temporary_folder.h"

namespace {

using namespace fracbit;
using deploy::Block;
using deploy::Coding;
using deploy::Form;
using deploy::Model;
using deploy::testing::ModelDraw;
using Bytes = std::vector<std::byte>;

/// One dense block of floats, 2 -> 1.
Model small_model() {
  Block block;
  block.weights.filters = 1;
  block.weights.channels = 2;
  block.weights.values = {1, 2};
  Model model;
  model.channels = 2;
  model.ops = {block};
  return model;
}

void fix_checksum(Bytes& bytes) {
  const uint32_t sum = crc32c(std::span<const std::byte>(bytes).subspan(deploy::kSizeAt));
  std::memcpy(bytes.data() + deploy::kSumAt, &sum, sizeof sum);
}

std::string why(const Bytes& bytes) {
  try {
    deploy::read_model(bytes, "x.fbit");
  } catch (const FileError& error) {
    return error.what();
  }
  return "";
}

std::string why_not(const Model& model) {
  try {
    deploy::write_model(model);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("a model is read back as it was written") {
  for (uint64_t seed = 2000; seed < 2300; ++seed) {
    INFO("seed " << seed);
    ModelDraw draw(seed);
    const Model model = draw.model();
    const Bytes bytes = deploy::write_model(model);
    const Model read = deploy::read_model(bytes, "x.fbit");
    REQUIRE(read == model);
    REQUIRE(deploy::write_model(read) == bytes);
  }
}

TEST_CASE("every changed bit and every cut is found") {
  ModelDraw draw(7);
  const Bytes bytes = deploy::write_model(draw.model());
  for (size_t bit = 0; bit < 8 * bytes.size(); bit += bit < 512 ? 1 : 97) {
    Bytes changed = bytes;
    changed[bit / 8] ^= static_cast<std::byte>(1u << bit % 8);
    INFO("bit " << bit);
    REQUIRE_THAT(why(changed), Catch::Matchers::StartsWith("x.fbit: expects "));
  }
  for (size_t size = 0; size < bytes.size(); size += 1 + size / 50) {
    const Bytes cut(bytes.begin(), bytes.begin() + static_cast<int64_t>(size));
    REQUIRE_THAT(why(cut), Catch::Matchers::StartsWith("x.fbit: expects "));
  }
  Bytes longer = bytes;
  longer.push_back(std::byte{0});
  REQUIRE(why(longer) == "x.fbit: expects " + std::to_string(bytes.size()) + " bytes, found " +
                             std::to_string(longer.size()));
}

TEST_CASE("damage under a right checksum gives a model or one line that says why") {
  for (uint64_t seed = 3000; seed < 3040; ++seed) {
    ModelDraw draw(seed);
    const Bytes bytes = deploy::write_model(draw.model());
    for (int i = 0; i < 50; ++i) {
      Bytes changed = bytes;
      changed[static_cast<size_t>(draw.between(24, static_cast<int64_t>(bytes.size()) - 1))] =
          static_cast<std::byte>(draw.below(256));
      fix_checksum(changed);
      const std::string reason = why(changed);
      REQUIRE(std::ranges::count(reason, '\n') == 0);
    }
  }
}

TEST_CASE("another version of the format is refused by name") {
  Bytes bytes = deploy::write_model(small_model());
  bytes[8] = std::byte{2};
  REQUIRE(why(bytes) == "x.fbit: expects format version of 1 to 1, found 2");
  REQUIRE(why({}) == "x.fbit: expects 8 bytes at offset 0, found 0");
}

TEST_CASE("models that cannot run are not written") {
  Model model = small_model();
  REQUIRE(why_not(model) == "");
  const auto changed = [&](const auto& change) {
    Model other = model;
    change(other, std::get<Block>(other.ops[0]));
    return why_not(other);
  };
  REQUIRE(changed([](Model& m, Block&) { m.channels = 3; }) ==
          "op 0 (block) expects channels and filters in equal groups");
  REQUIRE(changed([](Model&, Block& b) { b.weights.values.pop_back(); }) ==
          "op 0 (block) expects 2 weights, found 1");
  REQUIRE(changed([](Model&, Block& b) { b.weights.values[0] = INFINITY; }) ==
          "op 0 (block) expects finite numbers as weights");
  REQUIRE(changed([](Model&, Block& b) {
            b.slope = {1, 2}, b.offset = {1, 2};
          }) == "op 0 (block) expects 1 slopes, found 2");
  REQUIRE(changed([](Model&, Block& b) { b.output.form = Form::signs, b.output.bits = 1; }) ==
          "expects floats as scores");
  REQUIRE(changed([](Model&, Block& b) {
            b.window = {2, 2, false};
          }) == "op 0 (block) expects a window or kernel that fits into the image");
  REQUIRE(changed([](Model& m, Block&) { m.ops.clear(); }) == "expects ops of 1 to 4096, found 0");
  REQUIRE(changed([](Model& m, Block&) {
            m.metadata = {{"a", ""}, {"a", ""}};
          }) == "expects metadata under different keys");
  REQUIRE(changed([](Model& m, Block&) { m.height = int64_t{1} << 40; }) ==
          "expects a height of 1 to 1048576, found 1099511627776");
}

TEST_CASE("planes keep their promises") {
  ModelDraw draw(11);
  Model model = small_model();
  auto& block = std::get<Block>(model.ops[0]);
  const auto refuse = [&](const char* reason, const auto& change) {
    block.weights = draw.weights(Coding::residual, 1, 1, 2);
    block.weights.bits = 2;
    block.weights.scales = {1, 1};
    block.weights.words = {1, 3, 0, 2};
    block.weights.unit = deploy::MaskUnit::element;
    REQUIRE(why_not(model) == "");
    change(block.weights.words);
    REQUIRE(why_not(model) == std::string("op 0 (block) expects ") + reason);
  };
  refuse("nested masks, the first one full", [](auto& words) { words[1] = 1; });
  refuse("signs under their masks only", [](auto& words) { words[2] = 1; });
  refuse("nested masks, the first one full", [](auto& words) { words[3] = 4; });
  block.weights.words = {1, 3, 0, 2};
  block.weights.unit = deploy::MaskUnit::filter;
  REQUIRE(why_not(model) == "expects one width in each unit of a mask");
}

TEST_CASE("a model is loaded from a file and from bytes") {
  const test::TemporaryFolder folder;
  const Bytes bytes = deploy::write_model(small_model());
  const std::string path = folder / "small.fbit";
  test::write_bytes(path, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  const std::vector<float> image = {3, 4};
  for (const auto& model :
       {deploy::PackedModel::load(path), deploy::PackedModel::load(std::span(bytes))}) {
    const deploy::Scores scores = model.run(std::span(image));
    REQUIRE(scores.images() == 1);
    REQUIRE(scores.row(0)[0] == 11);
    REQUIRE(scores.argmax() == 0);
  }
  REQUIRE_THROWS_AS(deploy::PackedModel::load(folder / "none.fbit"), FileError);
}
