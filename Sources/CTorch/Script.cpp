// TorchScript modules from files, for the user's detectors.
#include <torch/script.h>

#include <string>
#include <unordered_map>

#include "Support.h"

using namespace ct;

struct ct_script_box {
  torch::jit::Module module;
};

ct_status ct_script_load(const char *path, ct_device target, ct_script *out, char **message) {
  return guarded(message, [&] {
    auto module = torch::jit::load(path, device(target));
    module.eval();
    *out = new ct_script_box{std::move(module)};
  });
}

void ct_script_free(ct_script script) { delete script; }

bool ct_script_takes(ct_script script, const char *argument) {
  try {
    for (const auto &entry : script->module.get_method("forward").function().getSchema().arguments()) {
      if (entry.name() == argument) return true;
    }
  } catch (...) {
  }
  return false;
}

ct_status ct_script_forward(ct_script script, ct_tensor x, const char *const *names, const bool *values, int64_t count,
                            ct_tensor *out, char **message) {
  return made(out, message, [&] {
    std::unordered_map<std::string, c10::IValue> keywords;
    for (int64_t i = 0; i < count; ++i) keywords[names[i]] = values[i];
    return script->module.get_method("forward")({x->value}, keywords).toTensor();
  });
}
