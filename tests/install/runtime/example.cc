#include <fracbit/framework/error.h>
#include <fracbit/quantize/deploy/packed_model.h>

#include <cstdio>
#include <vector>

int main(int argc, char** argv) try {
  const auto model = fracbit::deploy::PackedModel::load(argc > 1 ? argv[1] : "");
  std::vector<float> image(static_cast<size_t>(model.image_size()));
  for (size_t i = 0; i < image.size(); ++i) image[i] = static_cast<float>(i % 7) / 7;
  const fracbit::deploy::Scores scores = model.run(image);
  for (const float score : scores.row(0)) std::printf("%.9g\n", score);
} catch (const fracbit::Error& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
