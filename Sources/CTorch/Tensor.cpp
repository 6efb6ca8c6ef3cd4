// Lifetime, description and creation of tensors, and random streams.
// Include Support.h first: without libtorch, its error explains what to do.
#include "Support.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Parallel.h>
#include <torch/version.h>

#if defined(__x86_64__)
#include <cpuid.h>
#endif
#if defined(__GLIBC__)
#include <malloc.h>
#endif

using namespace ct;

void ct_message_free(char *message) { free(message); }

// MARK: Types and devices

int32_t ct_device_count(int32_t kind) {
  try {
    switch (kind) {
      case CT_CPU: return 1;
      case CT_CUDA: return at::hasCUDA() ? static_cast<int32_t>(at::detail::getCUDAHooks().deviceCount()) : 0;
      case CT_MPS: return at::hasMPS() ? 1 : 0;
      default: return 0;
    }
  } catch (...) {
    return 0;
  }
}

int64_t ct_reads(int64_t added) {
  thread_local int64_t count = 0;
  return count += added;
}

bool ct_cpu_has_bfloat16(void) {
#if defined(__x86_64__)
  // CPUID leaf 7: AVX512-BF16 is subleaf 1 EAX[5], AMX-BF16 is subleaf 0 EDX[22]. The builtin also checks that the
  // system saves the wide registers.
  unsigned a, b, c, d;
  if (!__builtin_cpu_supports("avx512f")) return false;
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d) && (d >> 22 & 1)) return true;
  return __get_cpuid_count(7, 1, &a, &b, &c, &d) && (a >> 5 & 1);
#else
  return false;
#endif
}

int32_t ct_thread_count(void) { return at::get_num_threads(); }
void ct_set_thread_count(int32_t count) { at::set_num_threads(count); }

// libtorch tries NNPACK for some convolutions of few images on one thread. Without AVX2 each try prints a warning, and with
// AVX2 it was not faster than oneDNN. Off from the start, before any operation.
static const bool withoutNNPACK = (at::globalContext().setUserEnabledNNPACK(false), true);
// On NVIDIA GPUs: float32 is not rounded to TF32 (10 bits) in convolutions, and results are equal from run to run, as exact
// restarts need.
[[maybe_unused]] static const bool isExact =
    (at::globalContext().setAllowTF32CuDNN(false), at::globalContext().setDeterministicCuDNN(true), true);
bool ct_uses_nnpack(void) { return !withoutNNPACK || at::globalContext().userEnabledNNPACK(); }

void ct_keep_freed_memory(void) {
#if defined(__GLIBC__)
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  mallopt(M_TRIM_THRESHOLD, INT32_MAX);
#endif
}

const char *ct_version(void) { return TORCH_VERSION; }

ct_status ct_synchronize(ct_device d, char **message) {
  return guarded(message, [&] {
    if (d.kind != CT_CPU) c10::impl::VirtualGuardImpl(device(d).type()).synchronizeDevice(device(d).index());
  });
}

// MARK: Lifetime and description

void ct_tensor_free(ct_tensor tensor) { delete tensor; }
int64_t ct_dim(ct_tensor tensor) { return tensor->value.dim(); }
int64_t ct_size(ct_tensor tensor, int64_t dim) { return tensor->value.sizes()[dim]; }
int64_t ct_element_count(ct_tensor tensor) { return tensor->value.numel(); }

int32_t ct_dtype(ct_tensor tensor) {
  int32_t code = 0;
  while (code < CT_DTYPE_UNKNOWN && scalarTypes[code] != tensor->value.scalar_type()) ++code;
  return code;
}

ct_device ct_device_of(ct_tensor tensor) {
  at::Device d = tensor->value.device();
  int32_t index = d.has_index() ? d.index() : 0;
  if (d.is_cpu()) return {CT_CPU, 0};
  if (d.is_cuda()) return {CT_CUDA, index};
  if (d.is_mps()) return {CT_MPS, index};
  if (d.is_meta()) return {CT_META, 0};
  return {CT_DEVICE_UNKNOWN, 0};
}

bool ct_is_contiguous(ct_tensor tensor, int32_t layout) {
  return tensor->value.is_contiguous(layout == CT_CHANNELS_LAST ? at::MemoryFormat::ChannelsLast
                                                                : at::MemoryFormat::Contiguous);
}

bool ct_requires_grad(ct_tensor tensor) { return tensor->value.requires_grad(); }
ct_status ct_set_requires_grad(ct_tensor tensor, bool value, char **message) {
  return guarded(message, [&] { tensor->value.set_requires_grad(value); });
}

// MARK: Creation

static at::TensorOptions options(int32_t dtype, ct_device d) {
  return at::TensorOptions().dtype(scalarType(dtype)).device(device(d));
}

ct_status ct_full(const int64_t *s, int64_t dims, double value, int32_t dtype, ct_device d, ct_tensor *out,
                  char **message) {
  return made(out, message, [&] { return at::full(sizes(s, dims), value, options(dtype, d)); });
}

ct_status ct_from_bytes(const void *bytes, const int64_t *s, int64_t dims, int32_t dtype, ct_device d, ct_tensor *out,
                        char **message) {
  return made(out, message, [&] {
    at::Tensor host = at::empty(sizes(s, dims), at::TensorOptions().dtype(scalarType(dtype)));
    if (host.numel() > 0) memcpy(host.mutable_data_ptr(), bytes, host.nbytes());
    return host.to(device(d));
  });
}

ct_status ct_to_bytes(ct_tensor tensor, void *bytes, int64_t count, char **message) {
  return guarded(message, [&] {
    at::Tensor host = tensor->value.detach().to(at::kCPU).contiguous();
    TORCH_CHECK(static_cast<int64_t>(host.nbytes()) == count, "a tensor of ", host.nbytes(),
                " bytes does not fit a buffer of ", count);
    if (count > 0) memcpy(bytes, host.const_data_ptr(), host.nbytes());
  });
}

ct_status ct_arange(double start, double end, double step, int32_t dtype, ct_device d, ct_tensor *out, char **message) {
  return made(out, message, [&] { return at::arange(start, end, step, options(dtype, d)); });
}

// MARK: Random streams

ct_status ct_generator_new(uint64_t seed, ct_device d, ct_generator *out, char **message) {
  return guarded(message, [&] {
    at::Generator generator = d.kind == CT_CPU ? at::detail::createCPUGenerator(seed)
                                               : at::globalContext().defaultGenerator(device(d)).clone();
    generator.set_current_seed(seed);
    *out = new ct_generator_box{generator};
  });
}

void ct_generator_free(ct_generator generator) { delete generator; }

ct_status ct_generator_state(ct_generator generator, ct_tensor *out, char **message) {
  return made(out, message, [&] { return generator->value.get_state(); });
}

ct_status ct_generator_set_state(ct_generator generator, ct_tensor state, char **message) {
  return guarded(message, [&] { generator->value.set_state(state->value); });
}

ct_status ct_random(int32_t distribution, const int64_t *s, int64_t dims, int32_t dtype, ct_device d,
                    ct_generator generator, ct_tensor *out, char **message) {
  return made(out, message, [&] {
    return distribution == CT_NORMAL ? at::randn(sizes(s, dims), generator->value, options(dtype, d))
                                     : at::rand(sizes(s, dims), generator->value, options(dtype, d));
  });
}
