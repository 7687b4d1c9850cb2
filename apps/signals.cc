#include "fracbit/apps/signals.h"

#include <atomic>
#include <csignal>

#include "fracbit/framework/trainer.h"

namespace fracbit::apps {
namespace {

std::atomic<Trainer*> target = nullptr;
std::atomic<int> signal_number = 0;
static_assert(std::atomic<Trainer*>::is_always_lock_free);

extern "C" void stop_trainer(int number) {
  signal_number = number;
  if (Trainer* trainer = target) trainer->request_stop();
}

void handle(int number, void (*handler)(int)) {
  struct sigaction action = {};
  action.sa_handler = handler;
  sigemptyset(&action.sa_mask);
  action.sa_flags = static_cast<int>(SA_RESTART | SA_RESETHAND);
  sigaction(number, &action, nullptr);
}

}  // namespace

StopOnSignal::StopOnSignal(Trainer& trainer) {
  signal_number = 0;
  target = &trainer;
  for (int number : {SIGINT, SIGTERM}) handle(number, stop_trainer);
}

StopOnSignal::~StopOnSignal() {
  for (int number : {SIGINT, SIGTERM}) handle(number, SIG_DFL);
  target = nullptr;
}

int StopOnSignal::received() const {
  return signal_number;
}

}  // namespace fracbit::apps
