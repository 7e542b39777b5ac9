# KEYLEDGER_COMMIT: which commit is built. Of the environment where that says it (an image is made without .git), else of
# git, which is asked again after each commit.
set(KEYLEDGER_COMMIT "$ENV{KEYLEDGER_COMMIT}")
if(NOT KEYLEDGER_COMMIT)
  execute_process(COMMAND git rev-parse --short=8 HEAD WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}
    OUTPUT_VARIABLE KEYLEDGER_COMMIT OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  execute_process(COMMAND git rev-parse --git-path logs/HEAD WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}
    OUTPUT_VARIABLE moved OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  if(moved)
    cmake_path(ABSOLUTE_PATH moved BASE_DIRECTORY ${CMAKE_SOURCE_DIR})
  endif()
  if(EXISTS "${moved}")
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${moved})
  endif()
endif()
if(NOT KEYLEDGER_COMMIT MATCHES "^[0-9a-f]+$")
  set(KEYLEDGER_COMMIT unknown)
endif()
