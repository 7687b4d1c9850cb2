#pragma once

#include <string>
#include <utility>
#include <vector>

#include "fracbit/apps/settings.h"
#include "fracbit/data/dataset.h"
#include "fracbit/framework/module.h"
#include "fracbit/quantize/deploy/float_weights.h"
#include "fracbit/quantize/deploy/packed_model.h"

namespace fracbit::apps {

/// Whether a file begins as a packed model does. Throws FileError if it cannot be read.
bool is_packed_file(const std::string& path);

/// What `fracbit export` notes in a packed model: its name, its bits, and the images it takes.
std::vector<std::pair<std::string, std::string>> packed_notes(const std::string& model,
                                                              const std::string& quant,
                                                              const data::DatasetInfo& images);
/// --float-weights
deploy::FloatWeights float_weights(const Settings& settings);
/// The images, as they were noted. Throws FileError if the notes are incomplete or do not fit.
data::DatasetInfo noted_images(const deploy::PackedModel& model, const std::string& path);

/// A packed model as a network that only evaluates, on the threads of the library.
class PackedNetwork : public Module {
 public:
  explicit PackedNetwork(deploy::PackedModel model) : model_(std::move(model)) {}
  const deploy::PackedModel& model() const { return model_; }

 protected:
  Variable forward(const Variable& x) override;
  Shape do_trace(const Shape& x, const std::string& path,
                 std::vector<LayerInfo>& rows) const override;

 private:
  deploy::PackedModel model_;
};

}  // namespace fracbit::apps
