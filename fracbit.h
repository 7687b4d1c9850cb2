#pragma once

/// The interfaces of fracbit in one include: tensors and autograd, training, data, models. Single
/// layers, ops and data sets are in headers of their own, "fracbit/layers/conv2d.h" for
/// fracbit::layers::Conv2d.

#include "fracbit/data/data.h"
#include "fracbit/data/data_loader.h"
#include "fracbit/data/transform.h"
#include "fracbit/framework/checkpoint.h"
#include "fracbit/framework/error.h"
#include "fracbit/framework/module.h"
#include "fracbit/framework/optim/adam.h"
#include "fracbit/framework/optim/schedule.h"
#include "fracbit/framework/optim/sgd.h"
#include "fracbit/framework/parallel.h"
#include "fracbit/framework/trainer.h"
#include "fracbit/framework/variable.h"
#include "fracbit/models/models.h"
#include "fracbit/quantize/quantize.h"
