#include "fracbit/apps/packed_file.h"

#include <array>
#include <charconv>

#include "fracbit/apps/options.h"
#include "fracbit/apps/value.h"
#include "fracbit/framework/error.h"
#include "fracbit/framework/input_file.h"
#include "fracbit/quantize/deploy/deploy.h"
#include "fracbit/quantize/deploy/format.h"

namespace fracbit::apps {
namespace {

std::string joined(const std::vector<std::string>& parts, char separator) {
  std::string text;
  for (const std::string& part : parts)
    text += (text.empty() ? "" : std::string(1, separator)) + part;
  return text;
}

std::string joined(const std::vector<double>& numbers) {
  std::vector<std::string> parts;
  for (const double number : numbers) parts.push_back(shortest(number));
  return joined(parts, ' ');
}

std::vector<double> numbers_of(std::string_view text, const std::string& path) {
  std::vector<double> numbers;
  for (const std::string_view part : split(text, ' ')) {
    double number = 0;
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), number);
    if (error != std::errc() || end != part.data() + part.size()) {
      throw FileError(path + ": expects numbers as its note of pixels, found '" +
                      std::string(text) + "'");
    }
    numbers.push_back(number);
  }
  return numbers;
}

}  // namespace

bool is_packed_file(const std::string& path) {
  const InputFile file(path);
  std::array<std::byte, deploy::kMagicBytes> begin{};
  if (file.size() < static_cast<int64_t>(begin.size())) return false;
  file.read(0, begin);
  return deploy::has_magic(begin);
}

std::vector<std::pair<std::string, std::string>> packed_notes(const std::string& model,
                                                              const std::string& quant,
                                                              const data::DatasetInfo& images) {
  return {{"model", model},
          {"quant", quant},
          {"dataset", images.name},
          {"classes", joined(images.class_names, '\n')},
          {"mean", joined(images.mean)},
          {"deviation", joined(images.deviation)}};
}

deploy::FloatWeights float_weights(const Settings& settings) {
  return settings.text("float-weights") == "int8" ? deploy::FloatWeights::int8
                                                  : deploy::FloatWeights::float32;
}

data::DatasetInfo noted_images(const deploy::PackedModel& model, const std::string& path) {
  data::DatasetInfo images;
  images.name = model.metadata("dataset");
  images.image_shape = {model.height(), model.width(), model.channels()};
  for (const std::string_view name : split(model.metadata("classes"), '\n')) {
    images.class_names.emplace_back(name);
  }
  images.mean = numbers_of(model.metadata("mean"), path);
  images.deviation = numbers_of(model.metadata("deviation"), path);
  const auto channels = static_cast<size_t>(model.channels());
  if (static_cast<int64_t>(images.class_names.size()) != model.classes() ||
      images.mean.size() != channels || images.deviation.size() != channels) {
    throw FileError(path + ": expects notes of " + std::to_string(model.classes()) +
                    " classes and of mean and deviation of " + std::to_string(channels) +
                    " channels");
  }
  return images;
}

Variable PackedNetwork::forward(const Variable& x) {
  const Shape& shape = x.shape();
  if (shape.rank() != 4 ||
      shape != Shape{shape[0], model_.height(), model_.width(), model_.channels()}) {
    throw ShapeError("[packed_model] expects images " +
                     to_string(Shape{model_.height(), model_.width(), model_.channels()}) +
                     ", got a batch " + to_string(shape));
  }
  Tensor scores = Tensor::uninitialized({shape[0], model_.classes()});
  model_.run(x.value().span(), scores.span(), deploy::parallel_executor());
  return Variable(std::move(scores));
}

Shape PackedNetwork::do_trace(const Shape& x, const std::string&, std::vector<LayerInfo>&) const {
  return {x[0], model_.classes()};
}

}  // namespace fracbit::apps
