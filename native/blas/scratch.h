// Room for the scratch memory of OpenBLAS's routines.
#pragma once

namespace evenkeel::blas {

// One must live around every call of a routine that takes scratch memory: all but those on vectors alone. OpenBLAS maps a buffer
// of 128 MB of addresses for each of the calls that it is in at once. Where the system refuses one, some versions try again for
// ever, others end the process. So calls wait for one another where addresses are limited and there is no room for all of
// them. They must not nest.
class Scratch {
 public:
  // Throws std::bad_alloc where there is no room for the first call.
  Scratch();
  ~Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
};

}  // namespace evenkeel::blas
