#include <fracbit/quantize/deploy/fbit.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char** argv) {
  fbit_model* model = fbit_load(argc > 1 ? argv[1] : "");
  if (model == NULL) {
    fprintf(stderr, "%s\n", fbit_error());
    return 1;
  }
  size_t size = (size_t)(fbit_height(model) * fbit_width(model) * fbit_channels(model));
  int64_t classes = fbit_classes(model);
  float* image = malloc(size * sizeof *image);
  float* scores = malloc((size_t)classes * sizeof *scores);
  if (image == NULL || scores == NULL) return 1;
  for (size_t i = 0; i < size; ++i) image[i] = (float)(i % 7) / 7;
  if (fbit_run(model, image, 1, scores, NULL) != 0) {
    fprintf(stderr, "%s\n", fbit_error());
    return 1;
  }
  for (int64_t i = 0; i < classes; ++i) printf("%.9g\n", scores[i]);
  free(scores);
  free(image);
  fbit_free(model);
  return 0;
}
