#pragma once

#include "fracbit/data/data.h"

namespace fracbit::data {

/// Opens 28x28 grey images of ten classes in the four files of MNIST: {train,t10k}-images-idx3-
/// ubyte and {train,t10k}-labels-idx1-ubyte, plain or .gz. Throws FileError as read_idx and
/// find_file, and if images and labels differ in number, images in size, or a label is above 9.
std::shared_ptr<const Dataset> open_idx_images(const Entry& entry, const OpenOptions& options);

}  // namespace fracbit::data
