#include <fracbit/fracbit.h>

#include <iostream>

int main() try {
  using namespace fracbit;
  data::DataLoader train(data::open("synthetic-digits", {.split = "train", .limit = 256}),
                         {.batch = 64, .shuffle = true});
  data::DataLoader test(data::open("synthetic-digits", {.split = "test", .limit = 100}),
                        {.batch = 50});

  const quantize::Spec bits = {.scheme = "hbnn", .weight_bits = 1.4, .act_bits = 1.4};
  const auto net = models::make("cifar4", {.quant = bits});
  net->initialize(7);
  optim::Adam adam(net->parameters(), {.lr = 1e-3});
  Trainer trainer(*net, adam, {.base_lr = 1e-3}, {.epochs = 1, .seed = 7});
  trainer.on_epoch([](const EpochReport& report) {
    std::cout << "epoch " << report.epoch << ": loss " << report.train_loss << ", "
              << report.test_top1 << " % of the test images\n";
  });
  trainer.fit(train, &test);
} catch (const fracbit::Error& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
