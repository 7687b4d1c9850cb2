// What every model of the catalogue must do.
#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fracbit/framework/checkpoint.h"
#include "fracbit/framework/error.h"
#include "fracbit/framework/ops/examples.h"
#include "fracbit/framework/ops/softmax_cross_entropy.h"
#include "fracbit/framework/optim/sgd.h"
#include "fracbit/layers/dropout.h"
#include "fracbit/models/models.h"
#include "fracbit/quantize/deploy/deploy.h"
#include "models/small_networks.h"
#include "support/catch.h"
#include "support/temporary_folder.h"

using namespace fracbit;
using test::small_mobilenet;
using test::small_resnet;

namespace {

Shape batch_of(const models::Entry& entry, int64_t n) {
  return {n, entry.input[0], entry.input[1], entry.input[2]};
}

quantize::Spec scheme_spec(std::string_view scheme) {
  quantize::Spec quant;
  quant.scheme = scheme;
  return quant;
}

double loss_after_steps(Module& net, const Shape& image, int steps) {
  net.initialize(1);
  net.train();
  optim::Sgd sgd(net.parameters(), {.lr = 0.01, .momentum = 0.9});
  const Tensor x = ops::example_tensor({4, image[0], image[1], image[2]}, 3, -1, 1);
  const std::vector<int32_t> labels{1, 5, 2, 7};
  double loss = 0;
  for (int step = 0; step <= steps; ++step) {
    net.set_position({1, static_cast<uint64_t>(step)});
    Variable objective = ops::softmax_cross_entropy(net(Variable(x)), labels);
    loss = static_cast<double>(objective.value()[0]);
    if (step == steps) break;
    sgd.clear_grad();
    objective.backward();
    sgd.step();
    net.after_update();
  }
  return loss;
}

Tensor scores_of(Module& net, const Tensor& x) {
  const NoGrad guard;
  net.eval();
  return net(Variable(x)).value();
}

}  // namespace

TEST_CASE("parameters and multiply-accumulates are those of the published layer lists") {
  for (const models::Entry* entry : models::entries()) {
    CAPTURE(entry->name);
    const auto net = models::make(entry->name, {});
    std::vector<LayerInfo> rows;
    CHECK(net->trace(batch_of(*entry, 3), rows) == Shape{3, entry->classes});
    int64_t parameters = 0;
    int64_t macs = 0;
    for (const LayerInfo& row : rows) {
      if (row.kind != "batch_norm") parameters += row.parameters;
      macs += row.macs;
    }
    CHECK(parameters == entry->parameters);
    CHECK(macs == entry->macs);
  }
}

TEST_CASE("first and last layer stay float unless asked, the others take the scheme's bits") {
  for (const models::Entry* entry : models::entries()) {
    for (const bool ends : {false, true}) {
      CAPTURE(entry->name, ends);
      models::Spec spec;
      spec.quant = scheme_spec("dorefa");
      spec.quant.weight_bits = 1;
      spec.quant.act_bits = 2;
      spec.quantize_first = ends;
      spec.quantize_last = ends;
      std::vector<LayerInfo> rows;
      models::make(entry->name, spec)->trace(batch_of(*entry, 1), rows);
      std::vector<LayerInfo> products;
      for (const LayerInfo& row : rows) {
        if (row.kind == "depthwise_conv2d") {  // float in every scheme
          CHECK(row.weight_bits == 32);
          CHECK(row.input_bits == 32);
        } else if (row.macs > 0) {
          products.push_back(row);
        }
      }
      REQUIRE(products.size() >= 3);
      for (size_t i = 0; i < products.size(); ++i) {
        const bool inner = i > 0 && i + 1 < products.size();
        CAPTURE(products[i].name);
        CHECK(products[i].weight_bits == (inner || ends ? 1 : 32));
        CHECK(products[i].input_bits == (inner || (ends && i > 0) ? 2 : 32));
      }
    }
  }
}

TEST_CASE("pooling stands where the scheme or the spec puts it") {
  using quantize::BlockOrder;
  const auto norm_shape = [](std::string_view scheme, std::optional<BlockOrder> order) {
    models::Spec spec;
    spec.quant = scheme_spec(scheme);
    spec.order = order;
    std::vector<LayerInfo> rows;
    models::make("cifar4", spec)->trace({1, 32, 32, 3}, rows);
    return rows[1].output;  // of the first batch norm
  };
  const Shape before_pool{1, 32, 32, 64};
  const Shape after_pool{1, 16, 16, 64};
  CHECK(norm_shape("none", {}) == before_pool);
  CHECK(norm_shape("dorefa", {}) == before_pool);
  CHECK(norm_shape("hbnn", {}) == after_pool);
  CHECK(norm_shape("dorefa", BlockOrder::conv_pool_bn_act) == after_pool);
  CHECK(norm_shape("hbnn", BlockOrder::conv_bn_pool_act) == before_pool);
}

TEST_CASE("the function before the last layer is the scheme's or the one asked for") {
  // Least and largest output of the last block of cifar4, for large inputs of both signs.
  const auto range = [](std::string_view scheme, double act_bits, std::string_view asked,
                        bool quantize_last) {
    models::Spec spec;
    spec.quant = scheme_spec(scheme);
    spec.quant.act_bits = act_bits;
    spec.last_activation = asked;
    spec.quantize_last = quantize_last;
    const auto net = models::make("cifar4", spec);
    net->initialize(1);
    net->eval();
    std::vector<real> ends;
    net->visit([&](const std::string& path, Module& module) {
      if (path != "conv3") return;
      const Tensor y = module(Variable(ops::example_tensor({1, 8, 8, 64}, 1, -50, 50))).value();
      const auto [least, most] = std::minmax_element(y.span().begin(), y.span().end());
      ends = {*least, *most};
    });
    REQUIRE(ends.size() == 2);
    return ends;
  };
  const auto is_relu = [](const std::vector<real>& ends) { return ends[0] == 0 && ends[1] > 1; };
  const auto is_clip = [](const std::vector<real>& ends) { return ends[0] == 0 && ends[1] == 1; };
  CHECK(is_clip(range("dorefa", 2, "", false)));
  CHECK(is_relu(range("dorefa", 2, "relu", false)));
  CHECK(is_relu(range("hbnn", 1.4, "", false)));
  CHECK(is_clip(range("hbnn", 1.4, "clip01", false)));
  CHECK(is_relu(range("none", 32, "", false)));
  CHECK(is_clip(range("dorefa", 32, "clip01", true)));
  CHECK(range("dorefa", 2, "", true)[0] < 0);  // the last layer quantizes what it gets
  CHECK_THROWS_WITH(range("dorefa", 2, "relu", true), Catch::StartsWith("last-activation: "));
  CHECK_THROWS_AS(range("dorefa", 2, "gelu", false), ConfigError);
}

TEST_CASE("a few steps lower the loss, in every scheme") {
  for (const models::Entry* entry : models::entries()) {
    if (entry->macs > 20'000'000) continue;  // the small ones suffice: all share their blocks
    for (const quantize::Scheme* scheme : quantize::schemes()) {
      CAPTURE(entry->name, scheme->name);
      models::Spec spec;
      spec.quant = scheme_spec(scheme->name);
      const auto net = models::make(entry->name, spec);
      const double before = loss_after_steps(*net, entry->input, 0);
      CHECK(loss_after_steps(*net, entry->input, 5) < before);
    }
  }
}

TEST_CASE("depthwise and residual blocks train in every scheme, and with quantized ends") {
  for (const quantize::Scheme* scheme : quantize::schemes()) {
    for (const bool ends : {false, true}) {
      if (ends && scheme->name != "dorefa" && scheme->name != "hbnn") continue;
      CAPTURE(scheme->name, ends);
      models::Spec spec;
      spec.quant = quantize::resolved(scheme_spec(scheme->name));
      spec.quantize_first = spec.quantize_last = ends;
      spec.input = {12, 12, 3};
      spec.classes = 10;
      for (const auto& net : {small_mobilenet(spec), small_resnet(spec)}) {
        const double before = loss_after_steps(*net, spec.input, 0);
        CHECK(loss_after_steps(*net, spec.input, 8) < before);
      }
    }
  }
}

TEST_CASE("networks for large images take small ones and come back from a checkpoint") {
  const test::TemporaryFolder folder;
  const Tensor x = ops::example_tensor({2, 32, 32, 3}, 3, -1, 1);
  for (const std::string name : {"mobilenet", "resnet18"}) {
    CAPTURE(name);
    models::Spec spec;
    spec.input = {32, 32, 3};
    spec.classes = 10;
    const auto net = models::make(name, spec);
    net->initialize(5);
    {
      const NoGrad guard;
      (*net)(Variable(x));  // moves the running statistics
    }
    Checkpoint saved;
    capture(*net, saved);
    save_checkpoint(folder / name, saved);
    const auto again = models::make(name, spec);
    restore(load_checkpoint(folder / name), *again);
    CHECK(weights_sha256(*again) == weights_sha256(*net));
    CHECK(std::ranges::equal(scores_of(*net, x).span(), scores_of(*again, x).span()));
  }
}

TEST_CASE("dropout stands before the dense layers of alexnet-bn in floats alone") {
  const auto dropouts = [](std::string_view scheme) {
    models::Spec spec;
    spec.quant = scheme_spec(scheme);
    spec.classes = 2;
    std::vector<std::string> found;
    models::make("alexnet-bn", spec)->visit([&](const std::string& path, Module& module) {
      if (dynamic_cast<layers::Dropout*>(&module) != nullptr) found.push_back(path);
    });
    return found;
  };
  CHECK(dropouts("none") == std::vector<std::string>{"dropout6", "dropout7"});
  CHECK(dropouts("bwn").empty());
}

TEST_CASE("a residual network has no packed model yet and says so in one line") {
  models::Spec spec;
  spec.input = {32, 32, 3};
  const auto net = models::make("resnet18", spec);
  CHECK_THROWS_WITH(deploy::lower(*net, {1, 32, 32, 3}), Catch::Contains("[deploy]"));
}

TEST_CASE("a network adapts to the image size and the classes of a data set") {
  models::Spec spec;
  spec.input = {20, 20, 1};
  spec.classes = 7;
  const auto net = models::make("lenet5", spec);
  std::vector<LayerInfo> rows;
  CHECK(net->trace({2, 20, 20, 1}, rows) == Shape{2, 7});
}

TEST_CASE("unknown names and impossible inputs are refused") {
  CHECK_THROWS_WITH(models::make("lenet", {}), Catch::Contains("(nearest: 'lenet5')"));
  CHECK_THROWS_WITH(models::make("zzzzzzzzzzzz", {}),
                    Catch::Equals("model: unknown 'zzzzzzzzzzzz'"));
  models::Spec spec;
  spec.quant.scheme = "hbn";
  CHECK_THROWS_WITH(models::make("cifar4", spec), Catch::Contains("hbnn"));
  spec.quant.scheme = "none";
  spec.quantize_last = true;
  CHECK_THROWS_WITH(models::make("cifar4", spec), Catch::StartsWith("quantize-last: "));
  spec.quantize_last = false;
  spec.input = {4, 4, 3};
  CHECK_THROWS_AS(models::make("vgg8", spec), ShapeError);
}
