// A C shim over libtorch with the operations of swift-stylegan only.
//
// Goals, in order: (1) no C++ exception reaches Swift; (2) no global state but processor settings; (3) few functions.
// A function that can fail returns 0 on success and 1 on failure. On failure it stores a message; the caller frees it
// with `ct_message_free`. The caller owns every returned `ct_tensor` and `ct_generator`.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma clang assume_nonnull begin

typedef struct ct_tensor_box *ct_tensor;
typedef struct ct_generator_box *ct_generator;
typedef struct ct_filters_box *ct_filters;
typedef int32_t ct_status;
typedef char *_Nullable *_Nonnull ct_message;
typedef ct_tensor _Nullable *_Nonnull ct_out;

void ct_message_free(char *message);

// MARK: Types and devices

enum { CT_FLOAT64, CT_FLOAT32, CT_FLOAT16, CT_BFLOAT16, CT_INT64, CT_INT32, CT_UINT8, CT_BOOL, CT_DTYPE_UNKNOWN };
enum { CT_CPU, CT_CUDA, CT_MPS, CT_META, CT_DEVICE_UNKNOWN };
enum { CT_CONTIGUOUS, CT_CHANNELS_LAST, CT_PRESERVE };

typedef struct {
  int32_t kind;
  int32_t index;
} ct_device;

/// The number of devices of a kind: 1 for the CPU, 0 if there are none.
int32_t ct_device_count(int32_t kind);
/// Adds to this thread's count of tensor reads and returns it.
int64_t ct_reads(int64_t added);
/// Whether the processor has AVX512-BF16 or AMX.
bool ct_cpu_has_bfloat16(void);
int32_t ct_thread_count(void);
void ct_set_thread_count(int32_t count);
/// Whether libtorch may try NNPACK; off in all programs that link this shim.
bool ct_uses_nnpack(void);
/// Keeps freed memory in the process.
void ct_keep_freed_memory(void);
/// The version, such as "2.13.0".
const char *ct_version(void);
/// Waits for all queued work of the device.
ct_status ct_synchronize(ct_device device, ct_message message);

// MARK: Lifetime and description of a tensor

void ct_tensor_free(ct_tensor tensor);
int64_t ct_dim(ct_tensor tensor);
int64_t ct_size(ct_tensor tensor, int64_t dim);
int64_t ct_element_count(ct_tensor tensor);
int32_t ct_dtype(ct_tensor tensor);
ct_device ct_device_of(ct_tensor tensor);
bool ct_is_contiguous(ct_tensor tensor, int32_t layout);
bool ct_requires_grad(ct_tensor tensor);
ct_status ct_set_requires_grad(ct_tensor tensor, bool value, ct_message message);

// MARK: Creation

ct_status ct_full(const int64_t *sizes, int64_t dims, double value, int32_t dtype, ct_device device, ct_out out,
                  ct_message message);
/// Copies row-major elements into a new tensor.
ct_status ct_from_bytes(const void *bytes, const int64_t *sizes, int64_t dims, int32_t dtype, ct_device device,
                        ct_out out, ct_message message);
/// Copies a tensor's elements in row-major order to `bytes`, a buffer of `count` bytes.
ct_status ct_to_bytes(ct_tensor tensor, void *bytes, int64_t count, ct_message message);
ct_status ct_arange(double start, double end, double step, int32_t dtype, ct_device device, ct_out out,
                    ct_message message);

// MARK: Random streams

ct_status ct_generator_new(uint64_t seed, ct_device device, ct_generator _Nullable *_Nonnull out, ct_message message);
void ct_generator_free(ct_generator generator);
ct_status ct_generator_state(ct_generator generator, ct_out out, ct_message message);
ct_status ct_generator_set_state(ct_generator generator, ct_tensor state, ct_message message);
enum { CT_NORMAL, CT_UNIFORM };
ct_status ct_random(int32_t distribution, const int64_t *sizes, int64_t dims, int32_t dtype, ct_device device,
                    ct_generator generator, ct_out out, ct_message message);

// MARK: Elementwise

// clang-format off
enum {
  CT_NEG, CT_EXP, CT_LOG, CT_SQRT, CT_RSQRT, CT_SQUARE, CT_ABS, CT_TANH, CT_SIGMOID, CT_RELU, CT_SOFTPLUS, CT_SIN, CT_COS,
  CT_ACOS, CT_ISFINITE, CT_CLONE, CT_DETACH
};
// clang-format on
ct_status ct_unary(int32_t op, ct_tensor a, ct_out out, ct_message message);
enum { CT_ADD, CT_SUB, CT_MUL, CT_DIV, CT_MATMUL };
ct_status ct_binary(int32_t op, ct_tensor a, ct_tensor b, ct_out out, ct_message message);
enum { CT_ADD_SCALAR, CT_MUL_SCALAR, CT_POW_SCALAR, CT_LEAKY_RELU, CT_CLAMP_MIN, CT_CLAMP_MAX };
ct_status ct_scalar(int32_t op, ct_tensor a, double value, ct_out out, ct_message message);
/// a + weight · (b − a)
ct_status ct_lerp(ct_tensor a, ct_tensor b, double weight, ct_out out, ct_message message);
ct_status ct_where(ct_tensor condition, ct_tensor a, ct_tensor b, ct_out out, ct_message message);
ct_status ct_less(ct_tensor a, ct_tensor b, ct_out out, ct_message message);

// MARK: Reductions

enum { CT_SUM, CT_MEAN, CT_AMAX, CT_AMIN };
/// Over `dims`; over all dimensions if `dims_count` is 0.
ct_status ct_reduce(int32_t op, ct_tensor a, const int64_t *_Nullable dims, int64_t dims_count, bool keep, ct_out out,
                    ct_message message);
/// Biased or unbiased variance over `dims`.
ct_status ct_variance(ct_tensor a, const int64_t *dims, int64_t dims_count, bool unbiased, bool keep, ct_out out,
                      ct_message message);
ct_status ct_sort(ct_tensor a, int64_t dim, ct_out out, ct_message message);
ct_status ct_argmax(ct_tensor a, int64_t dim, ct_out out, ct_message message);

// MARK: Shape and device

ct_status ct_to(ct_tensor a, int32_t dtype, ct_device device, int32_t layout, ct_out out, ct_message message);
ct_status ct_reshape(ct_tensor a, const int64_t *sizes, int64_t dims, ct_out out, ct_message message);
ct_status ct_permute(ct_tensor a, const int64_t *order, int64_t dims, ct_out out, ct_message message);
ct_status ct_expand(ct_tensor a, const int64_t *sizes, int64_t dims, ct_out out, ct_message message);
ct_status ct_slice(ct_tensor a, int64_t dim, int64_t start, int64_t end, int64_t step, ct_out out, ct_message message);
ct_status ct_concatenate(const ct_tensor _Nonnull *_Nonnull tensors, int64_t count, int64_t dim, ct_out out,
                         ct_message message);
ct_status ct_flip(ct_tensor a, const int64_t *dims, int64_t dims_count, ct_out out, ct_message message);
ct_status ct_index_select(ct_tensor a, int64_t dim, ct_tensor index, ct_out out, ct_message message);
enum { CT_PAD_ZEROS, CT_PAD_REFLECT };
/// `amounts`: (before, after) pairs, last dimension first, as in `torch.nn.functional.pad`.
ct_status ct_pad(ct_tensor a, const int64_t *amounts, int64_t count, int32_t mode, ct_out out, ct_message message);

// MARK: Neural networks

ct_status ct_linear(ct_tensor x, ct_tensor weight, ct_tensor _Nullable bias, ct_out out, ct_message message);
ct_status ct_conv2d(ct_tensor x, ct_tensor weight, ct_tensor _Nullable bias, int64_t stride, int64_t padding,
                    int64_t groups, ct_out out, ct_message message);
ct_status ct_conv_transpose2d(ct_tensor x, ct_tensor weight, ct_tensor _Nullable bias, int64_t stride, int64_t padding,
                              int64_t groups, ct_out out, ct_message message);
ct_status ct_avg_pool2d(ct_tensor x, int64_t kernel, ct_out out, ct_message message);
ct_status ct_upsample_nearest2d(ct_tensor x, int64_t factor, ct_out out, ct_message message);
ct_status ct_batch_norm(ct_tensor x, ct_tensor _Nullable weight, ct_tensor _Nullable bias, ct_tensor running_mean,
                        ct_tensor running_var, bool training, double momentum, double epsilon, ct_out out,
                        ct_message message);

// MARK: Fused kernels, for image batches on the CPU

/// The processor's kernels by instruction set, best first ("avx512bf16", "avx512", "avx2", "generic"); null at the end.
const char *_Nullable ct_kernels_available(int32_t index);
/// The kernels in use: chosen for this thread, else by the environment variable STYLEGAN_KERNELS, else the best. Fails
/// if STYLEGAN_KERNELS is not available.
ct_status ct_kernels_in_use(const char *_Nullable *_Nonnull name, ct_message message);
/// Chooses the kernels of operations that this thread starts; null: resets the choice.
ct_status ct_kernels_use(const char *_Nullable name, ct_message message);
enum { CT_POOL_DEFAULT, CT_POOL_OPENMP, CT_POOL_LIBTORCH };
/// The thread pool of the kernels: the OpenMP runtime of libtorch, called directly, else `at::parallel_for`.
int32_t ct_thread_pool(void);
/// Chooses CT_POOL_LIBTORCH or CT_POOL_DEFAULT for operations that this thread starts.
void ct_thread_pool_use(int32_t pool);
/// For tests: y = x, with a parallel loop over `count` indices in the forward or the backward pass. The loop calls
/// body(context, i) and runs out of memory at index `bad`.
ct_status ct_test_parallel(ct_tensor x, int64_t count, int64_t bad, bool backward,
                           void (*_Nullable body)(void *_Nullable context, int64_t i), void *_Nullable context,
                           ct_out out, ct_message message);
/// Each channel convolved with [1 2 1]⊗[1 2 1]/16, zero padding.
ct_status ct_fused_blur(ct_tensor x, ct_out out, ct_message message);
/// lrelu(x + bias[c])
ct_status ct_fused_bias_activation(ct_tensor x, ct_tensor bias, double slope, ct_out out, ct_message message);
/// The styled-layer epilogue: noise, bias, leaky ReLU, instance norm (ε 1e−8), style [N, 2C]. `blurred`: blurs x first;
/// `consumed`: may overwrite x if there is no autograd graph.
ct_status ct_fused_epilogue(ct_tensor x, ct_tensor _Nullable noise, ct_tensor _Nullable strength, ct_tensor bias,
                            ct_tensor style, double slope, bool blurred, bool consumed, ct_out out, ct_message message);

/// The seconds of the sixteen matrix products of a 3×3 convolution of `channels` to `channels` for `tiles` tiles, on this
/// thread; a mean over repetitions. `pairs`: bfloat16, where the kernels multiply it.
ct_status ct_time_products(bool pairs, int64_t channels, int64_t tiles, int64_t repetitions, double *seconds,
                           ct_message message);
/// The median of the seconds from a signal to a sleeping thread until it runs; 0 if there can be no second thread.
double ct_time_waking(void);
/// The seconds of one turn of a loop in which a thread of OpenMP waits awake.
double ct_time_spin(void);
/// A cache for the transformed filters of a weight.
ct_filters ct_filters_new(void);
void ct_filters_free(ct_filters filters);
enum { CT_RESAMPLE_NONE, CT_RESAMPLE_UP, CT_RESAMPLE_DOWN };
/// A 3×3 convolution with scale·weight, padding 1, after doubling (up) or before averaging 2×2 squares (down). Height
/// and width must be even, except for up. `bias`: float32 [outputs], followed by leaky ReLU; null: neither.
ct_status ct_fused_convolution(ct_tensor x, ct_tensor weight, ct_filters filters, int32_t resample, double scale,
                               ct_tensor _Nullable bias, double slope, ct_out out, ct_message message);
/// A convolution without resampling and its epilogue.
ct_status ct_fused_styled_convolution(ct_tensor x, ct_tensor weight, ct_filters filters, double scale,
                                      ct_tensor _Nullable noise, ct_tensor _Nullable strength, ct_tensor bias,
                                      ct_tensor style, double slope, ct_out out, ct_message message);

/// Images padded by reflection, doubled with a 12-tap filter, sampled bilinearly by an affine map (0 outside), and halved
/// with the filter again: [N, C, H, W] → the same shape.
/// - `maps`: float64 [N, 2, 3], from a sampled pixel (x, y, 1), of 2(W + 6) × 2(H + 6), to a pixel of the doubled image.
/// - `filter`: float64 [12], with the sum 1.
/// - `margins`: left, top, right, bottom.
ct_status ct_fused_resample(ct_tensor x, ct_tensor maps, ct_tensor filter, const int64_t *margins, ct_out out,
                            ct_message message);

// MARK: Linear algebra and pooling, for metrics and their detectors

/// The eigenvalues (ascending) and eigenvectors (columns) of a symmetric matrix.
ct_status ct_symmetric_eigen(ct_tensor a, ct_out values, ct_out vectors, ct_message message);
/// The lower Cholesky factor of a symmetric matrix; null if it is not positive definite.
ct_status ct_cholesky(ct_tensor a, ct_out out, ct_message message);
/// The singular values, descending.
ct_status ct_singular_values(ct_tensor a, ct_out out, ct_message message);
/// The solution x of a·x = b.
ct_status ct_solve(ct_tensor a, ct_tensor b, ct_out out, ct_message message);
/// The k-th smallest element along a dimension, from k = 1.
ct_status ct_kth_smallest(ct_tensor a, int64_t k, int64_t dim, ct_out out, ct_message message);
ct_status ct_max_pool2d(ct_tensor x, int64_t kernel, int64_t stride, int64_t padding, ct_out out, ct_message message);
/// The mean of each window, without the padding.
ct_status ct_avg_pool2d_windowed(ct_tensor x, int64_t kernel, int64_t stride, int64_t padding, ct_out out,
                                 ct_message message);
/// Convolution with a rectangular kernel and separate padding for y and x.
ct_status ct_conv2d_rectangular(ct_tensor x, ct_tensor weight, ct_tensor _Nullable bias, int64_t stride,
                                int64_t padding_y, int64_t padding_x, ct_out out, ct_message message);
/// Bilinear resizing with half-pixel centers.
ct_status ct_resize_bilinear(ct_tensor x, int64_t height, int64_t width, bool antialias, ct_out out,
                             ct_message message);
/// The mean over the area of each target pixel.
ct_status ct_resize_area(ct_tensor x, int64_t height, int64_t width, ct_out out, ct_message message);

// MARK: TorchScript

typedef struct ct_script_box *ct_script;
ct_status ct_script_load(const char *path, ct_device device, ct_script _Nullable *_Nonnull out, ct_message message);
void ct_script_free(ct_script script);
/// Whether the module's `forward` has an argument of this name.
bool ct_script_takes(ct_script script, const char *argument);
/// Calls forward(x, names[0]=values[0], …), which must return one tensor.
ct_status ct_script_forward(ct_script script, ct_tensor x, const char *_Nonnull const *_Nonnull names,
                            const bool *values, int64_t count, ct_out out, ct_message message);

// MARK: Autograd

bool ct_grad_enabled(void);
void ct_set_grad_enabled(bool enabled);
/// The gradients of ⟨output, seed⟩ (null: 1) with respect to `inputs`; null if the output does not depend on an input.
ct_status ct_gradients(ct_tensor output, ct_tensor _Nullable seed, const ct_tensor _Nonnull *_Nonnull inputs,
                       int64_t count, bool create_graph, ct_out out, ct_message message);

// MARK: In place, on leaves, without gradients

ct_status ct_copy_(ct_tensor target, ct_tensor source, ct_message message);
ct_status ct_clamp_(ct_tensor target, double low, double high, ct_message message);
/// target ← target + weight · (source − target), for each pair.
ct_status ct_lerp_all_(const ct_tensor _Nonnull *_Nonnull targets, const ct_tensor _Nonnull *_Nonnull sources,
                       int64_t count, double weight, ct_message message);
typedef struct {
  double learning_rate, beta1, beta2, epsilon;
  int64_t step;  ///< 1 for the first update
} ct_adam;
/// One Adam update of each parameter (Kingma & Ba 2015, Algorithm 1), without weight decay.
ct_status ct_adam_all_(const ct_tensor _Nonnull *_Nonnull parameters, const ct_tensor _Nonnull *_Nonnull gradients,
                       const ct_tensor _Nonnull *_Nonnull first, const ct_tensor _Nonnull *_Nonnull second,
                       int64_t count, ct_adam settings, ct_message message);
/// One RMSProp update: square ← α·square + (1−α)·g²; p ← p − lr·g/(√square + ε).
ct_status ct_rmsprop_all_(const ct_tensor _Nonnull *_Nonnull parameters, const ct_tensor _Nonnull *_Nonnull gradients,
                          const ct_tensor _Nonnull *_Nonnull squares, int64_t count, double learning_rate, double alpha,
                          double epsilon, ct_message message);

#pragma clang assume_nonnull end

#ifdef __cplusplus
}
#endif
