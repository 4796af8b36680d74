// What the system's allocator and the caches make of large results.
#pragma once

#include <cstddef>

namespace evenkeel {

// Has the process keep freed memory for the next results, instead of giving it back to the system and faulting it in anew.
void KeepFreedMemory();

// Asks for huge pages where the memory covers whole ones: the first write to 64 MB then takes 32 page faults, not 16,384.
void AdviseHugePages(void* data, size_t bytes);

// Whether an output of the calling thread is best written past the caches. A large array that is not in the cache is read
// into it before a plain store changes it, and written out later: three times the traffic of a store that goes by. Arrays
// that this thread has just written are taken to be in the cache still.
bool BypassCache(const void* out, size_t bytes);

}  // namespace evenkeel
