#include "fracbit/framework/checkpoint.h"

#include <cstdio>
#include <cstdlib>

#include "fracbit/framework/error.h"
#include "fracbit/framework/module.h"
#include "fracbit/framework/optim/sgd.h"
#include "fracbit/framework/safetensors.h"
#include "support/catch.h"
#include "support/temporary_folder.h"

using namespace fracbit;
using fracbit::test::read_bytes;
using fracbit::test::TemporaryFolder;
using fracbit::test::write_bytes;

namespace {

/// Parameters and a buffer of given shapes; computes nothing.
class Holder : public Module {
 public:
  explicit Holder(const Shape& weight = {2, 3}, const char* buffer = "mean") {
    add_parameter("weight", weight).mutable_value().fill(1);
    add_parameter("bias", {2}).mutable_value().fill(2);
    add_buffer(buffer, &mean_);
  }

 private:
  Variable forward(const Variable& x) override { return x; }
  Shape do_trace(const Shape& x, const std::string&, std::vector<LayerInfo>&) const override {
    return x;
  }
  Tensor mean_ = Tensor::full({2}, 3);
};

Checkpoint example() {
  Checkpoint checkpoint;
  checkpoint.config = "model = \"lenet5\"\nlr = 0.1\n";
  checkpoint.position = {0xFFFFFFFFFFFFFFFFu, 57, 3, 7, 50};
  checkpoint.sums = {1.0 / 3, 41, 64};
  checkpoint.best_top1 = 98.76;
  checkpoint.best_epoch = 2;
  checkpoint.optimizer_steps = 56;
  checkpoint.parameters = {{"a.weight", Tensor::from({2, 2}, {1, -2, 0.1f, 1e-40f})},
                           {"a.bias", Tensor::from({1}, {5})}};
  checkpoint.buffers = {{"bn.mean", Tensor::from({3}, {7, 8, 9})}};
  checkpoint.optimizer = {{"a.weight.momentum", Tensor::from({2, 2}, {0, 1, 2, 3})}};
  return checkpoint;
}

void check_equal(const std::vector<Checkpoint::Entry>& a, const std::vector<Checkpoint::Entry>& b) {
  REQUIRE(a.size() == b.size());
  for (size_t i = 0; i < a.size(); ++i) {
    CHECK(a[i].name == b[i].name);
    CHECK(a[i].value.shape() == b[i].value.shape());
    CHECK(std::ranges::equal(a[i].value.span(), b[i].value.span()));
  }
}

std::string error_of_load(const std::string& path) {
  try {
    load_checkpoint(path);
  } catch (const FileError& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("checkpoint: what is saved is loaded") {
  const TemporaryFolder folder;
  const std::string path = folder / "x.ckpt";
  const Checkpoint saved = example();
  save_checkpoint(path, saved);
  const Checkpoint loaded = load_checkpoint(path);
  CHECK(loaded.path == path);
  CHECK_FALSE(loaded.fracbit_version.empty());
  CHECK(loaded.config == saved.config);
  CHECK(loaded.position.seed == saved.position.seed);
  CHECK(loaded.position.step == 57);
  CHECK(loaded.position.epoch == 3);
  CHECK(loaded.position.batch == 7);
  CHECK(loaded.position.batches == 50);
  CHECK(loaded.sums.loss == saved.sums.loss);
  CHECK(loaded.sums.top1 == 41);
  CHECK(loaded.sums.images == 64);
  CHECK(loaded.best_top1 == saved.best_top1);
  CHECK(loaded.best_epoch == 2);
  CHECK(loaded.optimizer_steps == 56);
  check_equal(loaded.parameters, saved.parameters);
  check_equal(loaded.buffers, saved.buffers);
  check_equal(loaded.optimizer, saved.optimizer);

  save_checkpoint(folder / "again.ckpt", loaded);
  CHECK(read_bytes(folder / "again.ckpt") == read_bytes(path));
}

TEST_CASE("checkpoint: the header alone tells all but the tensors, and is checked") {
  const TemporaryFolder folder;
  const std::string path = folder / "x.ckpt";
  save_checkpoint(path, example());
  const Checkpoint header = load_checkpoint_header(path);
  CHECK(header.path == path);
  CHECK(header.config == example().config);
  CHECK(header.position.step == 57);
  CHECK(header.optimizer_steps == 56);
  CHECK(header.parameters.empty());
  CHECK(header.buffers.empty());
  CHECK(header.optimizer.empty());
  std::string bytes = read_bytes(path);
  const size_t at = bytes.find("lenet5");
  bytes[at] = 'L';
  write_bytes(path, bytes);
  CHECK_THROWS_WITH(load_checkpoint_header(path), Catch::Contains("damaged header"));
}

TEST_CASE("checkpoint: the network alone is read and checked without the optimizer's state") {
  const TemporaryFolder folder;
  const std::string path = folder / "x.ckpt";
  save_checkpoint(path, example());
  std::string bytes = read_bytes(path);
  bytes.back() = static_cast<char>(~bytes.back());  // the last tensor is the optimizer's
  write_bytes(path, bytes);
  CHECK_THROWS_WITH(load_checkpoint(path), Catch::Contains("damaged"));
  const Checkpoint network = load_checkpoint_network(path);
  check_equal(network.parameters, example().parameters);
  check_equal(network.buffers, example().buffers);
  CHECK(network.optimizer.empty());
  CHECK(network.config == example().config);
  const SafetensorsReader reader(path);
  for (const SafetensorsEntry& entry : reader.entries()) {
    if (!entry.name.starts_with("parameters.")) continue;
    const auto at = static_cast<size_t>(entry.offset);
    bytes[at] = static_cast<char>(bytes[at] ^ 1);
    break;
  }
  write_bytes(path, bytes);
  CHECK_THROWS_WITH(load_checkpoint_network(path), Catch::Contains("damaged"));
}

TEST_CASE("checkpoint: every truncation and every longer file is refused") {
  const TemporaryFolder folder;
  const std::string path = folder / "x.ckpt";
  save_checkpoint(path, example());
  const std::string good = read_bytes(path);
  for (size_t length = 0; length < good.size(); ++length) {
    write_bytes(path, good.substr(0, length));
    INFO("length " << length);
    REQUIRE(error_of_load(path).starts_with(path + ": "));
  }
  write_bytes(path, good + '\0');
  CHECK(error_of_load(path).starts_with(path + ": "));
  write_bytes(path, good);
  CHECK(error_of_load(path).empty());
}

TEST_CASE("checkpoint: every flipped bit is found") {
  const TemporaryFolder folder;
  const std::string path = folder / "x.ckpt";
  save_checkpoint(path, example());
  std::string bytes = read_bytes(path);
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    const char mask = static_cast<char>(1u << bit % 8);
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ mask);
    write_bytes(path, bytes);
    INFO("bit " << bit % 8 << " of byte " << bit / 8);
    REQUIRE(error_of_load(path).starts_with(path + ": "));
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ mask);
  }
}

TEST_CASE("checkpoint: other files are refused and named") {
  const TemporaryFolder folder;
  CHECK(error_of_load(folder / "missing").find("cannot open") != std::string::npos);
  CHECK(error_of_load(folder.path()).find("a directory") != std::string::npos);
  write_bytes(folder / "text", "a text that is no checkpoint at all");
  CHECK(error_of_load(folder / "text").find("safetensors") != std::string::npos);
  write_safetensors(folder / "foreign", SafetensorsMetadata{{"format", "pt"}}, {});
  CHECK(error_of_load(folder / "foreign").find("expects a fracbit checkpoint") !=
        std::string::npos);
}

TEST_CASE("checkpoint: a module and its checkpoint go back and forth") {
  Holder a;
  Checkpoint checkpoint;
  capture(a, checkpoint);
  REQUIRE(checkpoint.parameters.size() == 2);
  REQUIRE(checkpoint.buffers.size() == 1);
  Holder b;
  b.parameters()[0].value.mutable_value().fill(9);
  b.buffers()[0].value->fill(9);
  CHECK(weights_sha256(a) != weights_sha256(b));
  restore(checkpoint, b);
  CHECK(weights_sha256(a) == weights_sha256(b));
}

TEST_CASE("checkpoint: the hash sees names, shapes, parameters and buffers") {
  Holder a;
  const std::string hash = weights_sha256(a);
  CHECK(hash.size() == 64);
  Holder other_name({2, 3}, "deviation");
  Holder other_shape({3, 2});
  CHECK(weights_sha256(other_name) != hash);
  CHECK(weights_sha256(other_shape) != hash);
  a.buffers()[0].value->data()[1] = -3;
  CHECK(weights_sha256(a) != hash);
}

TEST_CASE("checkpoint: tensors that do not fit the model change nothing") {
  Holder saved;
  Checkpoint checkpoint;
  capture(saved, checkpoint);
  checkpoint.path = "x.ckpt";
  const auto error = [&](Holder& module, const Checkpoint& c) {
    const std::string before = weights_sha256(module);
    std::string what;
    try {
      restore(c, module);
    } catch (const FileError& e) {
      what = e.what();
    }
    CHECK(weights_sha256(module) == before);
    return what;
  };
  Holder wide({2, 4});
  CHECK(error(wide, checkpoint) == "x.ckpt: parameter \"weight\": expects [2, 4], found [2, 3]");
  Holder other({2, 3}, "deviation");
  other.parameters()[0].value.mutable_value().fill(5);
  CHECK(error(other, checkpoint) == "x.ckpt: buffer \"deviation\": expects [2], found none");
  Checkpoint more = checkpoint;
  more.parameters.push_back({"extra", Tensor::zeros({1})});
  CHECK(error(saved, more) == "x.ckpt: parameter \"extra\": expects none here, found one");
}

TEST_CASE("checkpoint: an optimizer and its checkpoint go back and forth") {
  Holder module;
  optim::Sgd saved(module.parameters(), {.lr = 0.1, .momentum = 0.9});
  saved.state()[1].value->fill(0.25);
  saved.set_steps(12);
  Checkpoint checkpoint;
  capture(saved, checkpoint);
  optim::Sgd fresh(module.parameters(), {.lr = 0.1, .momentum = 0.9});
  restore(checkpoint, fresh);
  CHECK(fresh.steps() == 12);
  CHECK((*fresh.state()[0].value)[0] == 0);
  CHECK((*fresh.state()[1].value)[1] == real{0.25});
  optim::Sgd stateless(module.parameters(), {.lr = 0.1});
  CHECK_THROWS_AS(restore(checkpoint, stateless), FileError);
}

TEST_CASE("checkpoint: a file of format 1 stays readable") {
  const char* root = std::getenv("FRACBIT_SOURCE_ROOT");
  REQUIRE(root != nullptr);
  const Checkpoint old =
      load_checkpoint(std::string(root) + "/tests/fuzz/seeds/format1.safetensors");
  CHECK(old.config == "model = \"lenet5\"\n");
  CHECK(old.position.step == 57);
  CHECK(old.sums.loss == 1.0 / 3);
  REQUIRE(old.parameters.size() == 2);
  CHECK(old.parameters[0].value.shape() == Shape{2, 1, 1, 2});
  CHECK(old.parameters[0].value[1] == -2);
  CHECK(old.buffers.at(0).name == "bn1.running_mean");
  CHECK(old.optimizer.at(0).name == "conv1.weight.momentum");
}

TEST_CASE("checkpoint: the Python reader of docs/formats.md reads it") {
  const char* root = std::getenv("FRACBIT_SOURCE_ROOT");
  REQUIRE(root != nullptr);
  if (std::system("/usr/bin/python3 -c 'import numpy' 2> /dev/null") != 0) {
    WARN("SKIPPED: /usr/bin/python3 has no NumPy");
    return;
  }
  const std::string page = read_bytes(std::string(root) + "/docs/formats.md");
  const size_t begin = page.find("```python\n");
  REQUIRE(begin != std::string::npos);
  const std::string code = page.substr(begin + 10, page.find("\n```", begin) - begin - 10);
  CHECK(std::count(code.begin(), code.end(), '\n') < 20);

  const TemporaryFolder folder;
  save_checkpoint(folder / "x.ckpt", example());
  write_bytes(folder / "reader.py",
              code + "\nmetadata, tensors = read(\"" + (folder / "x.ckpt") +
                  "\")\nprint(metadata[\"step\"], tensors[\"parameters.a.weight\"].tolist(),"
                  " tensors[\"optimizer.a.weight.momentum\"].sum(), len(tensors))\n");
  const std::string command =
      "/usr/bin/python3 " + (folder / "reader.py") + " > " + (folder / "out");
  REQUIRE(std::system(command.c_str()) == 0);
  CHECK(read_bytes(folder / "out") ==
        "57 [[1.0, -2.0], [0.10000000149011612, 9.99994610111476e-41]] 6.0 4\n");
}
