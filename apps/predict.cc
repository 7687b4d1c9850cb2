#include <algorithm>
#include <nlohmann/json.hpp>

#include "fracbit/apps/classes.h"
#include "fracbit/apps/console.h"
#include "fracbit/apps/json_text.h"
#include "fracbit/apps/stored_network.h"
#include "fracbit/apps/table.h"
#include "fracbit/data/image.h"
#include "fracbit/data/transform.h"
#include "fracbit/framework/parallel.h"

namespace fracbit::apps {
namespace {

/// One image as a batch of one, normalised as in training.
Tensor load_image(const std::string& path, const data::DatasetInfo& info) {
  Tensor image = data::read_image(path, info.image_shape);
  data::normalize_channels(image, info.mean, info.deviation);
  const Shape shape = info.image_shape;
  return std::move(image).reshaped({1, shape[0], shape[1], shape[2]});
}

std::string line(const std::string& path, size_t width, const std::vector<RankedClass>& classes,
                 const std::vector<std::string>& labels) {
  std::string out = printable(path);
  out.resize(std::max(out.size(), width) + 2, ' ');
  for (const RankedClass& found : classes) {
    out += labels[found.index] + " " + fixed(100 * found.probability, 1) + " %   ";
  }
  out.erase(out.find_last_not_of(' ') + 1);
  return out + "\n";
}

nlohmann::ordered_json entry(const std::string& path, const std::vector<RankedClass>& classes,
                             const std::vector<std::string>& labels) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const RankedClass& found : classes) {
    list.push_back({{"label", labels[found.index]}, {"probability", found.probability}});
  }
  return {{"image", path}, {"classes", std::move(list)}};
}

Result predict(const Settings& settings) {
  set_threads(static_cast<int>(settings.integer("threads")));
  const StoredNetwork stored = load_network(settings);
  const data::DatasetInfo& info = stored.images;
  const std::vector<std::string> paths(settings.arguments().begin() + 1,
                                       settings.arguments().end());
  size_t width = 0;
  for (const std::string& path : paths) width = std::max(width, printable(path).size());
  const NoGrad no_grad;
  Result result;
  nlohmann::ordered_json predictions = nlohmann::ordered_json::array();
  for (const std::string& path : paths) {
    const Variable scores = (*stored.network.module)(Variable(load_image(path, info)));
    const auto classes =
        best_classes(scores.value().span(), static_cast<size_t>(settings.integer("top-k")));
    result.text += line(path, width, classes, info.class_names);
    predictions.push_back(entry(path, classes, info.class_names));
  }
  result.json = json_text({{"predictions", std::move(predictions)}});
  return result;
}

}  // namespace

const Command predict_command = {
    .name = "predict",
    .summary = "top-k classes of image files",
    .arguments = "FILE IMAGE...",
    .takes = kPredict,
    .min_arguments = 2,
    .max_arguments = 1000000,
    .notes =
        "FILE is a checkpoint or a packed model. Images (PNG, JPEG) are brought to the size of "
        "the network's input and normalised as in training.",
    .examples =
        "fracbit predict run/best.ckpt photo.png\n"
        "fracbit predict run/best.ckpt *.jpg --top-k 5 --json",
    .complete = complete_from_checkpoint,
    .run = predict,
};

}  // namespace fracbit::apps
