# out/bridge/libpursuit-cublas-bridge.so: cuBLAS 13 under the name of cuBLAS 12 (src/bridge/bridge.cpp tells how).
if(NOT CMAKE_SYSTEM_NAME STREQUAL Linux OR NOT CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|amd64|AMD64)$")
  message(STATUS "Pursuit: no cuBLAS bridge: it is written for Linux on x86-64")
  return()
endif()

set(bridge ${CMAKE_CURRENT_SOURCE_DIR}/src/bridge)
set(generated ${CMAKE_CURRENT_BINARY_DIR}/bridge)

# The imported names once as code and once as a version script: all of them have the version "libcublas.so.12".
file(STRINGS ${bridge}/jcublas2.symbols symbols)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${bridge}/jcublas2.symbols)
set(forwarded ${symbols})
list(REMOVE_ITEM forwarded cublasGetStatusName cublasGetStatusString cublasGetCudartVersion)
list(TRANSFORM forwarded REPLACE "(.+)" "FORWARD(\\1)\n" OUTPUT_VARIABLE forwarded)
list(JOIN forwarded "" forwarded)
file(CONFIGURE OUTPUT ${generated}/forwarded.inc CONTENT "${forwarded}" @ONLY)
list(JOIN symbols ";\n    " exported)
file(CONFIGURE OUTPUT ${generated}/bridge.map
  CONTENT "libcublas.so.12 {\n  global:\n    ${exported};\n  local: *;\n};\n" @ONLY)

add_library(cublas-bridge MODULE ${bridge}/bridge.cpp)
target_include_directories(cublas-bridge PRIVATE ${generated})
target_link_libraries(cublas-bridge PRIVATE ${CMAKE_DL_LIBS})
target_link_options(cublas-bridge PRIVATE
  -Wl,-soname,libcublas.so.12 -Wl,--version-script,${generated}/bridge.map
  -Wl,--as-needed -Wl,--fatal-warnings -Wl,-z,defs -Wl,-z,relro -Wl,-z,now -s)
set_target_properties(cublas-bridge PROPERTIES
  OUTPUT_NAME pursuit-cublas-bridge
  LIBRARY_OUTPUT_DIRECTORY ${PURSUIT_OUT}/bridge
  CXX_VISIBILITY_PRESET hidden
  LINK_DEPENDS ${generated}/bridge.map)

# The tests: a library that stands for cuBLAS 13, and a client that imports from libcublas.so.12 as JCublas2 does.
add_library(cublas13-stand-in SHARED EXCLUDE_FROM_ALL ${bridge}/test/cublas13.cpp)
target_link_options(cublas13-stand-in PRIVATE -Wl,-soname,libcublas.so.13)
set_target_properties(cublas13-stand-in PROPERTIES
  PREFIX "" OUTPUT_NAME libcublas.so.13 SUFFIX "" LIBRARY_OUTPUT_DIRECTORY ${generated}/cublas13)

add_library(bridge-client MODULE EXCLUDE_FROM_ALL ${bridge}/test/client.cpp)
target_link_libraries(bridge-client PRIVATE $<TARGET_FILE:cublas-bridge>)
target_link_options(bridge-client PRIVATE -Wl,-z,defs)
add_dependencies(bridge-client cublas-bridge)

add_executable(bridge-test EXCLUDE_FROM_ALL ${bridge}/test/bridge_test.cpp)
target_link_libraries(bridge-test PRIVATE ${CMAKE_DL_LIBS})
add_dependencies(checks cublas13-stand-in bridge-client bridge-test)

set(test bridge-test $<TARGET_FILE:cublas-bridge> $<TARGET_FILE:bridge-client>)
set(stand_in $<TARGET_FILE:cublas13-stand-in>)
add_test(NAME bridge.loader COMMAND ${test} found)
set_tests_properties(bridge.loader PROPERTIES ENVIRONMENT "LD_LIBRARY_PATH=${generated}/cublas13;PURSUIT_CUBLAS=")
add_test(NAME bridge.named COMMAND ${test} found)
set_tests_properties(bridge.named PROPERTIES ENVIRONMENT "PURSUIT_CUBLAS=${stand_in}")
# The named library is missing: not even one that the loader would find is taken.
add_test(NAME bridge.absent COMMAND ${test} absent)
set_tests_properties(bridge.absent PROPERTIES
  ENVIRONMENT "LD_LIBRARY_PATH=${generated}/cublas13;PURSUIT_CUBLAS=/nowhere/libcublas.so.13")
set_tests_properties(bridge.loader bridge.named bridge.absent PROPERTIES SKIP_RETURN_CODE 77)
