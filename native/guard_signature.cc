// As in guard.cc, every comparison here decides something.
#include "guard_signature.h"

namespace evenkeel {
namespace {

constexpr int64_t kUnknown = -1;

// The sizes that letters stand for, as they become known.
class Sizes {
 public:
  Sizes() {
    for (int64_t& size : sizes_) size = kUnknown;
  }

  bool Fits(char letter, int64_t size) {
    if (letter == '1') return size == 1;
    int64_t& known = sizes_[letter - 'a'];
    if (known == kUnknown) known = size;
    return known == size;
  }

  // Sizes are below 2^53: 128 bits hold the product.
  bool TriangleFits() const {
    const auto m = static_cast<unsigned __int128>(sizes_['m' - 'a']);
    const int64_t packed = sizes_['p' - 'a'];
    return packed == kUnknown || m * (m + 1) / 2 == static_cast<unsigned __int128>(packed);
  }

 private:
  int64_t sizes_[26];
};

// An empty view's strides are 0, and nobody looks at them.
bool IsDense(const View& vector) { return vector.shape[0] <= 1 || vector.strides[0] == 1; }

}  // namespace

bool FitsSignature(const Plan& plan) {
  Sizes sizes;
  const char* letter = plan.kernel->signature;
  for (int v = 0; v != plan.kernel->num_views; ++v) {
    const View& view = plan.views[v];
    for (int d = 0; d != view.ndim; ++d, ++letter) {
      if (*letter == ' ' || *letter == '\0' || !sizes.Fits(*letter, view.shape[d])) return false;
      if (*letter == 'p' && !IsDense(view)) return false;
    }
    if (*letter != ' ' && *letter != '\0') return false;
    if (*letter == ' ') ++letter;
  }
  return sizes.TriangleFits();
}

}  // namespace evenkeel
