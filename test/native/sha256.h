// SHA-256 (FIPS 180-4), for programs that must run where there is nothing to link. test/random/golden.test.ts compares what
// it gives with Node's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

namespace evenkeel {

class Sha256 {
 public:
  // In hexadecimal.
  static std::string Of(const std::vector<unsigned char>& bytes) {
    Sha256 hash;
    size_t done = 0;
    for (; done + 64 <= bytes.size(); done += 64) hash.Block(bytes.data() + done);
    // The rest, a one bit, zeros, and the length in bits.
    unsigned char last[128] = {};
    const size_t rest = bytes.size() - done;
    if (rest > 0) std::memcpy(last, bytes.data() + done, rest);
    last[rest] = 0x80;
    const size_t length = rest < 56 ? 64 : 128;
    const uint64_t bits = uint64_t{bytes.size()} * 8;
    for (size_t i = 0; i < 8; ++i) last[length - 1 - i] = static_cast<unsigned char>(bits >> (8 * i));
    for (size_t i = 0; i < length; i += 64) hash.Block(last + i);

    std::string text;
    for (const uint32_t word : hash.state_) {
      for (int shift = 28; shift >= 0; shift -= 4) text += "0123456789abcdef"[word >> shift & 15];
    }
    return text;
  }

 private:
  static uint32_t Rotate(uint32_t x, int n) { return x >> n | x << (32 - n); }

  void Block(const unsigned char* bytes) {
    // The first 32 bits of the fractional parts of the cube roots of the first 64 primes.
    static constexpr uint32_t kRound[64] = {
        0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
        0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
        0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
        0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
        0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
        0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
        0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
        0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};
    uint32_t w[64];
    for (int i = 0; i < 16; ++i) {
      w[i] = uint32_t{bytes[4 * i]} << 24 | uint32_t{bytes[4 * i + 1]} << 16 | uint32_t{bytes[4 * i + 2]} << 8 |
             uint32_t{bytes[4 * i + 3]};
    }
    for (int i = 16; i < 64; ++i) {
      const uint32_t a = w[i - 15], b = w[i - 2];
      w[i] = w[i - 16] + (Rotate(a, 7) ^ Rotate(a, 18) ^ a >> 3) + w[i - 7] + (Rotate(b, 17) ^ Rotate(b, 19) ^ b >> 10);
    }
    uint32_t s[8];
    std::memcpy(s, state_, sizeof(s));
    for (int i = 0; i < 64; ++i) {
      const uint32_t a = s[0], e = s[4];
      const uint32_t choice = (e & s[5]) ^ (~e & s[6]);
      const uint32_t majority = (a & s[1]) ^ (a & s[2]) ^ (s[1] & s[2]);
      const uint32_t t1 = s[7] + (Rotate(e, 6) ^ Rotate(e, 11) ^ Rotate(e, 25)) + choice + kRound[i] + w[i];
      const uint32_t t2 = (Rotate(a, 2) ^ Rotate(a, 13) ^ Rotate(a, 22)) + majority;
      for (int k = 7; k > 0; --k) s[k] = s[k - 1];
      s[4] += t1;
      s[0] = t1 + t2;
    }
    for (int i = 0; i < 8; ++i) state_[i] += s[i];
  }

  // The same of the square roots of the first 8 primes.
  uint32_t state_[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
};

}  // namespace evenkeel
