// libFuzzer's way in; KEYLEDGER_FUZZ_BODY is one of the functions of fuzz.hpp.
#include <cstddef>
#include <cstdint>

#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    keyledger::fuzz::KEYLEDGER_FUZZ_BODY({reinterpret_cast<const char*>(data), size});
    return 0;
}
