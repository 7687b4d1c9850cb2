#include "golden/check_op.h"

#include "golden/golden.h"
#include "support/catch.h"

namespace golden {

using fracbit::Variable;

void check_op(const std::string& op, const std::vector<std::string>& names, const Apply& apply) {
  int checked = 0;
  for (const auto& [name, example] : cases("ops").items()) {
    if (name.rfind(op + "/", 0) != 0) continue;
    INFO(name);
    std::vector<Variable> inputs;
    for (const std::string& input : names) {
      inputs.push_back(example.contains(input) ? Variable(tensor(example[input]), true)
                                               : Variable());
    }
    Variable y = apply(example, inputs);
    check_close(y.value(), example["y"], kOpTolerance, name + " y");
    if (example.contains("dy")) {
      y.backward(tensor(example["dy"]));
    } else {
      y.backward();
    }
    for (size_t i = 0; i < names.size(); ++i) {
      if (!inputs[i].defined()) continue;
      check_close(inputs[i].grad(), example["d" + names[i]], kOpTolerance, name + " d" + names[i]);
    }
    ++checked;
  }
  CHECK(checked > 0);
}

}  // namespace golden
