#ifndef FRACBIT_QUANTIZE_DEPLOY_FBIT_H_
#define FRACBIT_QUANTIZE_DEPLOY_FBIT_H_

/// Deployed networks from C. A model may be used from any number of threads at once.

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// A deployed network.
typedef struct fbit_model fbit_model;

/// How a run spreads its work over threads. for_each calls task(data, i) once for each i of [0,
/// count), in any order, on any threads, and returns when all calls have.
typedef struct fbit_executor {
  void (*for_each)(void* context, int64_t count, void (*task)(void* data, int64_t i), void* data);
  void* context;
  int threads;  ///< how many calls may run at once
} fbit_executor;

/// A model from a file, or from bytes in the format of one, which are not needed afterwards. NULL
/// if they are none: fbit_error() says why.
fbit_model* fbit_load(const char* path);
fbit_model* fbit_load_bytes(const void* bytes, size_t size);
/// NULL is allowed.
void fbit_free(fbit_model* model);

/// Extents of an image, and the number of scores.
int64_t fbit_height(const fbit_model* model);
int64_t fbit_width(const fbit_model* model);
int64_t fbit_channels(const fbit_model* model);
int64_t fbit_classes(const fbit_model* model);
/// What the writer of the file noted under this key; "" if nothing. Lives as long as the model.
const char* fbit_metadata(const fbit_model* model, const char* key);

/// Scores [count][classes] of images [count][height][width][channels]. Without an executor (NULL)
/// on the calling thread. 0, or -1 if memory is short: fbit_error() says so.
int fbit_run(const fbit_model* model, const float* images, size_t count, float* scores,
             const fbit_executor* executor);

/// Why the last call of this thread failed: one line.
const char* fbit_error(void);

#ifdef __cplusplus
}
#endif

#endif
