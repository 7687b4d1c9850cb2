#include "fracbit/framework/nearest.h"

#include <string>
#include <vector>

#include "support/catch.h"

namespace {

const std::vector<std::string_view> kNames = {"lenet5", "cifar4", "vgg8", "vgg8-big", "mlp"};

}  // namespace

TEST_CASE("nearest finds a name with a typing slip", "[nearest]") {
  CHECK(fracbit::nearest("lenet", kNames) == "lenet5");
  CHECK(fracbit::nearest("LeNet5", kNames) == "lenet5");
  CHECK(fracbit::nearest("vgg8big", kNames) == "vgg8-big");
  CHECK(fracbit::nearest("mpl", kNames) == "mlp");
  CHECK(fracbit::nearest("cfiar4", kNames) == "cifar4");
}

TEST_CASE("nearest makes no wild guess", "[nearest]") {
  CHECK(fracbit::nearest("transformer", kNames).empty());
  CHECK(fracbit::nearest("", kNames).empty());
  CHECK(fracbit::nearest(std::string(100000, 'x'), kNames).empty());
  CHECK(fracbit::nearest("lenet5", {}).empty());
}

TEST_CASE("nearest_hint ends a message", "[nearest]") {
  CHECK(fracbit::nearest_hint("lenet", kNames) == " (nearest: 'lenet5')");
  CHECK(fracbit::nearest_hint("transformer", kNames).empty());
}
