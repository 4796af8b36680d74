// Typed arrays and awkward views of them, for tests of kernels. Each array is allocated at its exact size, so that the
// address sanitizer sees one element too far.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "plans.h"

namespace evenkeel {

using Sizes = std::vector<int64_t>;

enum class Layout {
  kDense,      // row-major, no gaps
  kOffset,     // dense, not at the array's start
  kReversed,   // column-major
  kGapped,     // every third element
  kPadded,     // rows longer than they need to be
  kBroadcast,  // every other dimension repeats its elements
  kRepeated,   // one element for all
};
constexpr Layout kOutputLayouts[] = {Layout::kDense, Layout::kOffset, Layout::kReversed, Layout::kGapped, Layout::kPadded};
constexpr Layout kInputLayouts[] = {Layout::kDense,  Layout::kOffset,    Layout::kReversed, Layout::kGapped,
                                    Layout::kPadded, Layout::kBroadcast, Layout::kRepeated};

inline std::string Describe(const Sizes& shape) {
  std::string text = "[";
  for (const int64_t size : shape) text += (text == "[" ? "" : ", ") + std::to_string(size);
  return text + "]";
}

inline int64_t Count(const Sizes& shape) {
  int64_t count = 1;
  for (const int64_t size : shape) count *= size;
  return count;
}

inline Sizes StridesFor(const Sizes& shape, Layout layout) {
  const int ndim = static_cast<int>(shape.size());
  Sizes strides(shape.size());
  int64_t stride = layout == Layout::kGapped ? 3 : 1;
  for (int i = 0; i < ndim; ++i) {
    const int d = layout == Layout::kReversed ? i : ndim - 1 - i;
    strides[d] = stride;
    stride *= shape[d];
    if (layout == Layout::kPadded && i == 0) stride += 2;
  }
  for (int d = 0; d < ndim; ++d) {
    if (layout == Layout::kRepeated || (layout == Layout::kBroadcast && d % 2 == 0)) strides[d] = 0;
  }
  return strides;
}

// A view together with its array.
template <typename T>
class Array {
 public:
  Array(Sizes shape, Sizes strides, int64_t offset) : shape_(std::move(shape)), strides_(std::move(strides)), offset_(offset) {
    indices_.reserve(static_cast<size_t>(Count(shape_)));
    AddIndices(0, offset_);
    if (!indices_.empty()) {
      length_ = static_cast<size_t>(offset_) + 1;
      for (size_t d = 0; d < shape_.size(); ++d) length_ += static_cast<size_t>((shape_[d] - 1) * strides_[d]);
      data_ = std::make_unique<T[]>(length_);
    }
  }
  Array(const Sizes& shape, Layout layout) : Array(shape, StridesFor(shape, layout), layout == Layout::kOffset ? 5 : 0) {}

  // Fills the whole array, gaps included.
  template <typename Value>
  Array& Fill(Value&& value) {
    for (size_t i = 0; i < length_; ++i) {
      if constexpr (std::is_arithmetic_v<T>) {
        data_[i] = static_cast<T>(value(i));
      } else {
        data_[i] = value(i);
      }
    }
    return *this;
  }

  // The view's elements in row-major order.
  size_t size() const { return indices_.size(); }
  T& operator[](size_t i) { return data_[static_cast<size_t>(indices_[i])]; }
  const T& operator[](size_t i) const { return data_[static_cast<size_t>(indices_[i])]; }
  std::vector<T> Values() const {
    std::vector<T> values;
    for (size_t i = 0; i < size(); ++i) values.push_back((*this)[i]);
    return values;
  }

  // The array's elements that the view does not show.
  std::vector<T> Gaps() const {
    std::vector<bool> shown(length_);
    for (const int64_t index : indices_) shown[static_cast<size_t>(index)] = true;
    std::vector<T> values;
    for (size_t i = 0; i < length_; ++i) {
      if (!shown[i]) values.push_back(data_[i]);
    }
    return values;
  }

  const Sizes& shape() const { return shape_; }

  PlannedView view() const {
    PlannedView view;
    view.dtype = Code(kDTypeOf<T>);
    view.offset = static_cast<double>(offset_);
    view.shape.assign(shape_.begin(), shape_.end());
    view.strides.assign(strides_.begin(), strides_.end());
    view.buffer = {data_.get(), length_, StorageOf(kDTypeOf<T>)};
    return view;
  }

 private:
  void AddIndices(size_t d, int64_t index) {
    if (d == shape_.size()) {
      indices_.push_back(index);
      return;
    }
    for (int64_t i = 0; i < shape_[d]; ++i) AddIndices(d + 1, index + i * strides_[d]);
  }

  Sizes shape_;
  Sizes strides_;
  int64_t offset_;
  Sizes indices_;
  size_t length_ = 0;
  std::unique_ptr<T[]> data_;
};

// Decodes the plan as JavaScript's calls are, and runs it.
inline void RunKernel(const std::string& name, std::vector<PlannedView> views, std::vector<double> params = {}) {
  PlanBuilder builder(name);
  builder.views = std::move(views);
  builder.params = std::move(params);
  const Plan plan = builder.Decode();
  plan.kernel->function(plan);
}

// Numbers that are neither round nor regular, between -2 and 2.
inline double Scrambled(size_t i) {
  uint64_t x = (i + 1) * 0x9E3779B97F4A7C15u;
  x ^= x >> 29;
  x *= 0xBF58476D1CE4E5B9u;
  return static_cast<double>(static_cast<int64_t>(x) >> 11) / static_cast<double>(int64_t{1} << 51);
}

}  // namespace evenkeel
