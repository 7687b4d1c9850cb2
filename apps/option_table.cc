#include "fracbit/apps/options.h"

namespace fracbit::apps {
namespace {

constexpr double kMany = 1e15;
constexpr unsigned kNetwork = kTrain | kSummary | kBench;
constexpr unsigned kLoaders = kTrain | kEval;

constexpr std::string_view kNet = "Network";
constexpr std::string_view kBits = "Quantization";
constexpr std::string_view kImages = "Data";
constexpr std::string_view kLoop = "Training";
constexpr std::string_view kSteps = "Optimizer and schedule";
constexpr std::string_view kFiles = "Files";
constexpr std::string_view kMeasure = "Measurement";
constexpr std::string_view kCommon = "Common";

// A row stays a row.
// clang-format off
constexpr Option kTable[] = {
    {.name = "model", .chosen = "lenet5 for mnist and fashion-mnist, else cifar4", .unit = "NAME",
     .group = kNet, .help = "network; `fracbit list models` names them", .takes = kNetwork},
    {.name = "engine", .fallback = "packed", .choices = "packed|simulated", .group = kNet,
     .help = "quantized layers compute on bitplanes, or by float simulation (the reference)",
     .takes = kNetwork | kEval | kPredict},
    {.name = "block-order", .fallback = "scheme", .choices = "scheme|bn-pool|pool-bn", .group = kNet,
     .help = "batch norm before pooling, or pooling first; scheme: as in the scheme's paper",
     .takes = kNetwork},
    {.name = "last-activation", .fallback = "scheme", .choices = "scheme|relu|clip01|cabs|hard-tanh",
     .group = kNet, .help = "function before a last layer with float inputs; scheme: the scheme's own",
     .takes = kNetwork},
    {.name = "quantize-first", .type = Type::flag, .fallback = "false", .group = kNet,
     .help = "quantize the first layer too", .takes = kNetwork},
    {.name = "quantize-last", .type = Type::flag, .fallback = "false", .group = kNet,
     .help = "quantize the last layer too", .takes = kNetwork},

    {.name = "quant", .fallback = "none", .unit = "NAME", .group = kBits,
     .help = "scheme of the inner layers; `fracbit list quantizers` names them", .takes = kNetwork},
    {.name = "weight-bits", .type = Type::real, .chosen = "by scheme", .low = 1, .high = 32,
     .unit = "bits", .group = kBits,
     .help = "bits of a weight, 32 is float; hbnn takes averages such as 1.4", .takes = kNetwork},
    {.name = "act-bits", .type = Type::real, .chosen = "by scheme", .low = 1, .high = 32,
     .unit = "bits", .group = kBits, .help = "bits of an activation, as above", .takes = kNetwork},
    {.name = "grad-bits", .type = Type::real, .chosen = "32", .low = 1, .high = 32, .unit = "bits",
     .group = kBits, .help = "bits of an activation gradient, 32 is float", .takes = kNetwork},
    {.name = "bit-heuristic", .fallback = "middle-out",
     .choices = "middle-out|top-down|bottom-up|random", .needs = "quant", .group = kBits,
     .help = "which values get more bits", .takes = kNetwork},
    {.name = "bit-shares", .type = Type::reals, .chosen = "by average", .low = 0, .high = 1,
     .unit = "a,b,c", .needs = "quant", .group = kBits,
     .help = "shares of 1-, 2- and 3-bit values; sum 1, in agreement with the average",
     .takes = kNetwork},
    {.name = "scope", .fallback = "layer", .choices = "layer|filter", .needs = "quant",
     .group = kBits, .help = "weight scales and masks are taken over a layer or over each filter",
     .takes = kNetwork},
    {.name = "mask-refresh", .type = Type::integer, .fallback = "1", .low = 1, .high = 1e9,
     .unit = "steps", .needs = "quant", .group = kBits,
     .help = "training steps between new weight masks", .takes = kNetwork},
    {.name = "ste-window", .fallback = "1", .choices = "1|bits|none", .needs = "quant",
     .group = kBits, .help = "where the straight-through gradient of activations passes",
     .takes = kNetwork},
    {.name = "bwn-gradient", .fallback = "paper", .choices = "paper|identity", .needs = "quant",
     .group = kBits, .help = "gradient of weights through sign and scale, or straight through",
     .takes = kNetwork},
    {.name = "activation", .fallback = "clip01", .choices = "clip01|cabs", .needs = "quant",
     .group = kBits, .help = "function before the activation quantizer", .takes = kNetwork},
    {.name = "max-gradient", .fallback = "through", .choices = "through|detached", .needs = "quant",
     .group = kBits, .help = "whether weight gradients also flow through max |tanh w|",
     .takes = kNetwork},

    {.name = "dataset",
     .chosen = "synthetic-digits to train; what the checkpoint names; else the model's own images",
     .unit = "NAME", .group = kImages, .help = "`fracbit list datasets` names them",
     .takes = kLoaders | kSummary | kBench},
    {.name = "data-dir", .type = Type::path, .unit = "DIR", .group = kImages,
     .help = "folder with the files under their official names; synthetic-digits needs none",
     .takes = kLoaders | kData},
    {.name = "count", .type = Type::integer, .fallback = "10", .low = 1, .high = 1e6,
     .unit = "images", .group = kImages, .help = "samples to write", .takes = kData},
    {.name = "train-limit", .type = Type::integer, .fallback = "0", .low = 0, .high = kMany,
     .unit = "images", .group = kImages, .help = "train on the first N images, 0 is all",
     .takes = kTrain},
    {.name = "eval-limit", .type = Type::integer, .fallback = "0", .low = 0, .high = kMany,
     .unit = "images", .group = kImages, .help = "evaluate on the first N images, 0 is all",
     .takes = kLoaders},
    {.name = "augment", .chosen = "flip-crop for cifar10 and cifar100, else none",
     .choices = "none|crop|flip|flip-crop|flip-crop-light", .group = kImages,
     .help = "random changes of training images: flip left-right, 4-pixel pad and crop, brightness "
             "and contrast", .takes = kTrain},
    {.name = "workers", .type = Type::integer, .fallback = "1", .low = 0, .high = 64,
     .unit = "threads", .group = kImages,
     .help = "threads that prepare batches ahead; 0 prepares them between steps",
     .takes = kLoaders},

    {.name = "epochs", .type = Type::integer, .fallback = "5", .low = 1, .high = 1e6,
     .unit = "epochs", .group = kLoop, .help = "passes over the training images", .takes = kTrain},
    {.name = "batch-size", .type = Type::integer, .fallback = "128", .low = 1, .high = 65536,
     .unit = "images", .group = kLoop, .help = "images per step", .takes = kTrain | kEval},
    {.name = "loss", .fallback = "cross-entropy", .choices = "cross-entropy|squared-hinge",
     .group = kLoop, .help = "what training minimises", .takes = kTrain},
    {.name = "label-smoothing", .type = Type::real, .fallback = "0", .low = 0, .high = 0.999,
     .needs = "loss=cross-entropy", .group = kLoop, .help = "share of the target spread evenly",
     .takes = kTrain},
    {.name = "seed", .type = Type::integer, .fallback = "1", .low = 0, .high = 9e18, .group = kLoop,
     .help = "start of all random numbers; same seed, same bits", .takes = kTrain | kBench},

    {.name = "optimizer", .fallback = "adam", .choices = "sgd|adam|adamw", .group = kSteps,
     .help = "update rule", .takes = kTrain},
    {.name = "lr", .type = Type::real, .chosen = "0.05 for sgd, 0.001 for adam", .low = 0,
     .high = 1e3, .group = kSteps, .help = "learning rate after warm-up", .takes = kTrain},
    {.name = "momentum", .type = Type::real, .fallback = "0.9", .low = 0, .high = 0.9999,
     .needs = "optimizer=sgd", .group = kSteps, .help = "of SGD", .takes = kTrain},
    {.name = "nesterov", .type = Type::flag, .fallback = "false", .needs = "optimizer=sgd",
     .group = kSteps, .help = "Nesterov's form of momentum", .takes = kTrain},
    {.name = "weight-decay", .type = Type::real,
     .chosen = "0.0001 for sgd, 0.01 for adamw, 0 for adam", .low = 0, .high = 10, .group = kSteps,
     .help = "L2 term; decoupled for adamw", .takes = kTrain},
    {.name = "schedule", .fallback = "cosine",
     .choices = "constant|step|multistep|cosine|exponential", .group = kSteps,
     .help = "how the learning rate falls, step by step for cosine and exponential",
     .takes = kTrain},
    {.name = "warmup-epochs", .type = Type::integer, .fallback = "0", .low = 0, .high = 1e6,
     .unit = "epochs", .group = kSteps, .help = "the learning rate rises over the first N epochs",
     .takes = kTrain},
    {.name = "step-size", .type = Type::integer, .fallback = "30", .low = 1, .high = 1e6,
     .unit = "epochs", .needs = "schedule=step", .group = kSteps,
     .help = "epochs between two falls", .takes = kTrain},
    {.name = "milestones", .type = Type::integers, .chosen = "half and three quarters of the run",
     .low = 1, .high = 1e6, .unit = "a,b,c", .needs = "schedule=multistep", .group = kSteps,
     .help = "epochs of the falls", .takes = kTrain},
    {.name = "gamma", .type = Type::real, .chosen = "0.1, 0.95 for exponential", .low = 1e-6,
     .high = 1, .needs = "schedule=step|multistep|exponential", .group = kSteps,
     .help = "factor of a fall, or per epoch", .takes = kTrain},

    {.name = "out", .type = Type::path,
     .chosen = "runs/DATASET-MODEL-QUANT; samples/NAME for samples", .unit = "DIR", .group = kFiles,
     .help = "where to write; an existing run directory is refused", .takes = kTrain | kData,
     .momentary = true},
    {.name = "resume", .type = Type::path, .unit = "auto|FILE", .choices = "auto", .group = kFiles,
     .help = "go on from a checkpoint; auto: last.ckpt of the run directory, if there is one",
     .takes = kTrain, .momentary = true},
    {.name = "overwrite", .type = Type::flag, .fallback = "false", .group = kFiles,
     .help = "replace the files of an existing run directory", .takes = kTrain, .momentary = true},
    {.name = "checkpoint-minutes", .type = Type::real, .fallback = "10", .low = 0, .high = 1e7,
     .unit = "minutes", .group = kFiles,
     .help = "also write last.ckpt within an epoch, this long after the last one; 0 is never",
     .takes = kTrain},
    {.name = "checkpoint-steps", .type = Type::integer, .fallback = "0", .low = 0, .high = kMany,
     .unit = "steps", .group = kFiles,
     .help = "also write last.ckpt within an epoch, after so many steps; 0 is never",
     .takes = kTrain},
    {.name = "max-time", .type = Type::real, .fallback = "0", .low = 0, .high = 1e7,
     .unit = "minutes", .group = kFiles, .help = "save and stop after this time, 0 is never",
     .takes = kTrain, .momentary = true},

    {.name = "mode", .fallback = "train", .choices = "train|infer", .group = kMeasure,
     .help = "a whole training step, or forward only", .takes = kBench},
    {.name = "batch", .type = Type::integer, .fallback = "128", .low = 1, .high = 65536,
     .unit = "images", .group = kMeasure, .help = "images per step", .takes = kBench},
    {.name = "steps", .type = Type::integer, .fallback = "10", .low = 1, .high = 1e6,
     .unit = "steps", .group = kMeasure, .help = "measured steps, after two to warm up",
     .takes = kBench},
    {.name = "min-time", .type = Type::real, .fallback = "0.2", .low = 0, .high = 60,
     .unit = "seconds", .group = kMeasure, .help = "time spent on each kernel",
     .takes = kBenchKernels},
    {.name = "top-k", .type = Type::integer, .fallback = "3", .low = 1, .high = 1e6,
     .unit = "classes", .group = kMeasure, .help = "classes shown per image", .takes = kPredict},

    {.name = "threads", .type = Type::integer, .fallback = "0", .low = 0, .high = 1024,
     .unit = "threads", .group = kCommon,
     .help = "0 is all processors; results do not depend on it",
     .takes = kTrain | kEval | kPredict | kBench},
    {.name = "recipe", .unit = "NAME", .group = kCommon,
     .help = "start from a built-in recipe; `fracbit list recipes` names them", .takes = kNetwork,
     .momentary = true, .reach = Reach::flags_only},
    {.name = "config", .type = Type::path, .unit = "FILE", .group = kCommon,
     .help = "TOML file of option = value lines; repeatable, later files win", .takes = kEvery,
     .momentary = true, .reach = Reach::flags_only},
    {.name = "print-config", .type = Type::flag, .fallback = "false", .group = kCommon,
     .help = "print the resolved options as TOML with the origin of each, and stop",
     .takes = kEvery, .momentary = true, .reach = Reach::flags_only},
    {.name = "json", .type = Type::flag, .fallback = "false", .group = kCommon,
     .help = "one JSON object on stdout instead of text", .takes = kEvery, .momentary = true},
    {.name = "quiet", .type = Type::flag, .fallback = "false", .group = kCommon,
     .help = "no progress on stderr", .takes = kEvery, .momentary = true},
    {.name = "help", .type = Type::flag, .fallback = "false", .group = kCommon, .help = "this text",
     .takes = kEvery, .momentary = true, .reach = Reach::flags_only},
};
// clang-format on

}  // namespace

std::span<const Option> options() {
  return kTable;
}

}  // namespace fracbit::apps
