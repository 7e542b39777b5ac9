# Compiler settings, third-party packages, and the functions that every folder uses.

option(KEYLEDGER_ASAN "Build with AddressSanitizer and UndefinedBehaviorSanitizer" OFF)
option(KEYLEDGER_TSAN "Build with ThreadSanitizer (leaves Pistache out, see docs/hacking.md)" OFF)
option(KEYLEDGER_FUZZ "Build the fuzzers, with clang 16 (see scripts/fuzz)" OFF)

find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      CCACHE_NOHASHDIR=1 CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} ${CCACHE})
endif()

add_compile_options(-Wall -Wextra -Wswitch-enum -Werror -fno-omit-frame-pointer)
# With optimization, g++ 12 raises these on sound uses of std::string (GCC bugs 105329, 105651) and on the frames of
# Asio's coroutines, whose operators new and delete it inlines differently; ASan finds real ones.
add_compile_options(-Wno-restrict -Wno-array-bounds -Wno-stringop-overflow -Wno-stringop-overread
  -Wno-mismatched-new-delete)
if(KEYLEDGER_ASAN OR KEYLEDGER_TSAN)
  # g++ collects its garbage every few hundred megabytes, and over coroutines that takes a seventh of its time. Under
  # a gigabyte, which hardly a file reaches, it now leaves it.
  add_compile_options(--param=ggc-min-heapsize=1000000)
endif()
# Asio and Beast are compiled once, in cmake/asio.cpp, instead of in every file that includes them.
add_compile_definitions(
  BOOST_ASIO_SEPARATE_COMPILATION
  BOOST_BEAST_SEPARATE_COMPILATION
  BOOST_ASIO_NO_DEPRECATED
  RAPIDJSON_HAS_STDSTRING=1)
if(KEYLEDGER_ASAN)
  # Under ASan, g++ 12 takes std::regex for uninitialized (GCC bug 105562).
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=undefined -Wno-maybe-uninitialized)
  add_link_options(-fsanitize=address,undefined)
endif()
if(KEYLEDGER_TSAN)
  # Asio uses atomic_thread_fence, which g++ reports as unsupported under TSan although it works there.
  add_compile_options(-fsanitize=thread -Wno-tsan)
  add_link_options(-fsanitize=thread)
endif()
if(KEYLEDGER_FUZZ)
  # clang doesn't know all of g++'s warnings that are switched off above.
  add_compile_options(-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined
    -Wno-unknown-warning-option)
  add_link_options(-fsanitize=address,undefined)
endif()
if(KEYLEDGER_ASAN OR KEYLEDGER_TSAN OR KEYLEDGER_FUZZ)
  set(KEYLEDGER_SANITIZED ON)
  # The instrumented code confuses the compiler's flow analysis; the other presets hold every warning.
  add_compile_options(-Wno-error)
  add_compile_definitions(KEYLEDGER_SANITIZED=1)
endif()

find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED)
find_package(OpenSSL 3.0 REQUIRED)
find_package(spdlog 1.10 REQUIRED)
find_package(GTest 1.12 REQUIRED)
find_package(prometheus-cpp REQUIRED)
find_package(CLI11 2.1 REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(pqxx REQUIRED IMPORTED_TARGET libpqxx)
pkg_check_modules(pq REQUIRED IMPORTED_TARGET libpq)
pkg_check_modules(rdkafka REQUIRED IMPORTED_TARGET rdkafka)
pkg_check_modules(argon2 REQUIRED IMPORTED_TARGET libargon2)
pkg_check_modules(sodium REQUIRED libsodium)
find_library(SODIUM_ARCHIVE libsodium.a HINTS ${sodium_LIBRARY_DIRS} REQUIRED)
pkg_check_modules(crypt REQUIRED IMPORTED_TARGET libcrypt)
pkg_check_modules(yaml REQUIRED IMPORTED_TARGET yaml-0.1)
pkg_check_modules(jemalloc REQUIRED IMPORTED_TARGET jemalloc)
pkg_check_modules(utf8proc REQUIRED IMPORTED_TARGET libutf8proc)
pkg_check_modules(curl REQUIRED IMPORTED_TARGET libcurl)
pkg_check_modules(idn2 REQUIRED IMPORTED_TARGET libidn2)
find_path(MUSTACHE_INCLUDE kainjow/mustache.hpp REQUIRED)
pkg_check_modules(oath REQUIRED IMPORTED_TARGET liboath)
pkg_check_modules(qrencode REQUIRED IMPORTED_TARGET libqrencode)
pkg_check_modules(png REQUIRED IMPORTED_TARGET libpng)
pkg_check_modules(maxminddb REQUIRED IMPORTED_TARGET libmaxminddb)
if(NOT KEYLEDGER_TSAN)
  pkg_check_modules(pistache REQUIRED IMPORTED_TARGET libpistache)
endif()
find_library(ZXCVBN_LIBRARY zxcvbn REQUIRED)

# Precompiled headers: the standard library alone for domain/, the standard library and Asio for the rest.
if(NOT EXISTS ${CMAKE_BINARY_DIR}/pch_empty.cpp)  # each commit configures anew, and should compile none of them
  file(WRITE ${CMAKE_BINARY_DIR}/pch_empty.cpp "")
endif()
add_library(keyledger_pch_std OBJECT ${CMAKE_BINARY_DIR}/pch_empty.cpp)
target_precompile_headers(keyledger_pch_std PRIVATE
  <algorithm> <array> <chrono> <cstdint> <functional> <map> <memory> <mutex> <optional> <span>
  <stdexcept> <string> <string_view> <tuple> <unordered_map> <utility> <variant> <vector>)
add_library(keyledger_asio STATIC ${CMAKE_SOURCE_DIR}/cmake/asio.cpp)
target_link_libraries(keyledger_asio PUBLIC Boost::headers OpenSSL::SSL OpenSSL::Crypto Threads::Threads)
set(KEYLEDGER_ASIO_HEADERS
  <algorithm> <array> <atomic> <chrono> <condition_variable> <cstdint> <functional> <map> <memory> <mutex>
  <optional> <span> <stdexcept> <string> <string_view> <thread> <tuple> <unordered_map> <utility> <variant>
  <vector> <boost/asio/any_completion_handler.hpp> <boost/asio/awaitable.hpp> <boost/asio/co_spawn.hpp>
  <boost/asio/io_context.hpp> <boost/asio/post.hpp> <boost/asio/steady_timer.hpp> <boost/asio/thread_pool.hpp>
  <boost/asio/use_awaitable.hpp> <boost/asio/use_future.hpp>)
target_precompile_headers(keyledger_asio PRIVATE ${KEYLEDGER_ASIO_HEADERS})
# And with GoogleTest for the tests. They check what the optimized libraries do and need not be fast themselves: -O1
# halves the time they cost the compiler.
set(KEYLEDGER_TEST_OPTIONS $<$<CONFIG:Release>:-O1>)
add_library(keyledger_pch_test OBJECT ${CMAKE_BINARY_DIR}/pch_empty.cpp)
target_compile_options(keyledger_pch_test PRIVATE ${KEYLEDGER_TEST_OPTIONS})
target_link_libraries(keyledger_pch_test PUBLIC keyledger_asio GTest::gtest)
target_precompile_headers(keyledger_pch_test PRIVATE ${KEYLEDGER_ASIO_HEADERS} <gtest/gtest.h>)
# libpqxx where nearly every file includes it.
add_library(keyledger_pch_pqxx OBJECT ${CMAKE_BINARY_DIR}/pch_empty.cpp)
target_link_libraries(keyledger_pch_pqxx PUBLIC keyledger_asio PkgConfig::pqxx)
target_precompile_headers(keyledger_pch_pqxx PRIVATE ${KEYLEDGER_ASIO_HEADERS} <pqxx/pqxx>)

# keyledger_test_sources(TARGET): compile them as tests are.
function(keyledger_test_sources target)
  target_include_directories(${target} PRIVATE ${CMAKE_SOURCE_DIR})
  target_compile_options(${target} PRIVATE ${KEYLEDGER_TEST_OPTIONS})
  target_precompile_headers(${target} REUSE_FROM keyledger_pch_test)
  target_link_libraries(${target} PUBLIC keyledger_asio GTest::gtest)
endfunction()

# keyledger_sources(VARIABLE FOLDER... [EXCEPT file or folder ...]): every .cpp below these folders, so that a new file
# touches no build file. Left out is what EXCEPT names, and a folder below with a CMakeLists.txt of its own.
function(keyledger_sources variable)
  cmake_parse_arguments(arg "" "" "EXCEPT" ${ARGN})
  set(sources "")
  foreach(folder IN LISTS arg_UNPARSED_ARGUMENTS)
    get_filename_component(folder ${folder} ABSOLUTE)
    if(NOT IS_DIRECTORY ${folder})
      message(FATAL_ERROR "there is no folder ${folder}")
    endif()
    file(GLOB_RECURSE found CONFIGURE_DEPENDS ${folder}/*.cpp)
    list(APPEND sources ${found})
    file(GLOB_RECURSE found CONFIGURE_DEPENDS ${folder}/CMakeLists.txt)
    list(REMOVE_ITEM found ${CMAKE_CURRENT_SOURCE_DIR}/CMakeLists.txt)
    list(TRANSFORM found REPLACE "/CMakeLists.txt$" "")
    list(APPEND arg_EXCEPT ${found})
  endforeach()
  foreach(left_out IN LISTS arg_EXCEPT)
    get_filename_component(left_out ${left_out} ABSOLUTE)
    if(NOT EXISTS ${left_out})
      message(FATAL_ERROR "there is no ${left_out} to leave out")
    endif()
    if(IS_DIRECTORY ${left_out})
      string(APPEND left_out "/")
    endif()
    foreach(source IN LISTS sources)
      string(FIND ${source} ${left_out} place)
      if(place EQUAL 0)
        list(REMOVE_ITEM sources ${source})
      endif()
    endforeach()
  endforeach()
  set(${variable} ${sources} PARENT_SCOPE)
endfunction()

# keyledger_library(NAME [PURE|PQXX] [FOLDERS ...] [EXCEPT ...] [SOURCES ...] [LINKS ...]): a library of all that is below
# its folder (or FOLDERS), as keyledger_sources() finds it; with SOURCES, of these files alone or besides. PURE: no Asio;
# PQXX: nearly all of its files include libpqxx.
function(keyledger_library name)
  cmake_parse_arguments(arg "PURE;PQXX" "" "FOLDERS;EXCEPT;SOURCES;LINKS" ${ARGN})
  if(NOT arg_FOLDERS AND NOT arg_SOURCES)
    set(arg_FOLDERS ${CMAKE_CURRENT_SOURCE_DIR})
  endif()
  keyledger_sources(found ${arg_FOLDERS} EXCEPT ${arg_EXCEPT})
  list(APPEND arg_SOURCES ${found})
  add_library(${name} STATIC ${arg_SOURCES})
  target_include_directories(${name} PUBLIC ${CMAKE_SOURCE_DIR})
  if(arg_PURE)
    target_precompile_headers(${name} REUSE_FROM keyledger_pch_std)
  elseif(arg_PQXX)
    target_precompile_headers(${name} REUSE_FROM keyledger_pch_pqxx)
    target_link_libraries(${name} PUBLIC keyledger_asio)
  else()
    target_precompile_headers(${name} REUSE_FROM keyledger_asio)
    target_link_libraries(${name} PUBLIC keyledger_asio)
  endif()
  target_link_libraries(${name} PUBLIC ${arg_LINKS})
endfunction()

# Every label has a target that builds its test programs alone; these two are named by scripts whatever is registered.
add_custom_target(tests-unit)
add_custom_target(tests-contract)

# keyledger_test(NAME LABEL unit|contract|http|kafka|... [FOLDERS ...] [EXCEPT ...] [SOURCES ...] [THREADED ...]
# [ALL_THREADED] [LINKS ...] [TIMEOUT seconds] [SERIAL] [NO_ASAN] [SHARDS n]): one test program, one ctest entry. `unit`
# needs no server; the others find theirs in KEYLEDGER_TEST_*. All that keyledger_sources() finds below FOLDERS belongs to
# it, so that a new test touches no build file; SOURCES names files where a folder has several programs.
# A compiler takes longest over code for sanitizers, so they get only what they can find fault with:
#   THREADED  sources whose tests use several threads, and what those need. TSan gets no others, and no program without.
#             ALL_THREADED: all in FOLDERS are.
#   NO_ASAN   neither handles memory nor parses; or does what another program does too. ASan leaves it out.
# SHARDS: runs as so many processes, each with its share of the tests, because they wait more than they compute.
function(keyledger_test name)
  cmake_parse_arguments(arg "SERIAL;NO_ASAN;ALL_THREADED" "LABEL;TIMEOUT;SHARDS"
    "FOLDERS;EXCEPT;SOURCES;THREADED;LINKS" ${ARGN})
  keyledger_sources(found ${arg_FOLDERS} EXCEPT ${arg_EXCEPT} ${arg_THREADED})
  list(APPEND arg_SOURCES ${found})
  if(KEYLEDGER_TSAN AND NOT arg_ALL_THREADED)
    set(arg_SOURCES "")
  endif()
  list(APPEND arg_SOURCES ${arg_THREADED})
  if(NOT arg_SOURCES OR (KEYLEDGER_ASAN AND arg_NO_ASAN))
    return()
  endif()
  add_executable(${name} ${arg_SOURCES})
  keyledger_test_sources(${name})
  target_link_libraries(${name} PUBLIC ${arg_LINKS} GTest::gtest_main)
  foreach(label IN LISTS arg_LABEL)
    if(NOT TARGET tests-${label})
      add_custom_target(tests-${label})
    endif()
    add_dependencies(tests-${label} ${name})
  endforeach()
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 120)
  endif()
  if(KEYLEDGER_ASAN OR KEYLEDGER_TSAN)
    math(EXPR arg_TIMEOUT "${arg_TIMEOUT} * 5")  # TSan makes code slower by so much
  endif()
  set(properties LABELS "${arg_LABEL}" WORKING_DIRECTORY ${CMAKE_SOURCE_DIR} TIMEOUT ${arg_TIMEOUT}
    RUN_SERIAL ${arg_SERIAL})
  if(NOT arg_SHARDS)
    add_test(NAME ${name} COMMAND ${name})
    set_tests_properties(${name} PROPERTIES ${properties})
    return()
  endif()
  foreach(shard RANGE 1 ${arg_SHARDS})
    math(EXPR index "${shard} - 1")
    add_test(NAME ${name}_${shard} COMMAND ${name})
    set_tests_properties(${name}_${shard} PROPERTIES ${properties}
      ENVIRONMENT "GTEST_TOTAL_SHARDS=${arg_SHARDS};GTEST_SHARD_INDEX=${index}")
  endforeach()
endfunction()
