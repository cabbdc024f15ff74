# The SIMT emulator, built three times over the same kernels, and its tests, compiled once.
if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  message(STATUS "Pursuit: no SIMT emulator and no kernel tests: they need g++ (Debian, Ubuntu: apt install g++)")
  return()
endif()
if(NOT CMAKE_SYSTEM_NAME STREQUAL "Linux" OR NOT CMAKE_SYSTEM_PROCESSOR STREQUAL "x86_64")
  message(STATUS "Pursuit: no SIMT emulator and no kernel tests: they need x86-64 Linux, "
                 "this is ${CMAKE_SYSTEM_PROCESSOR} ${CMAKE_SYSTEM_NAME}")
  return()
endif()

enable_testing()
set(emulator_source "${CMAKE_CURRENT_SOURCE_DIR}/src/emulator")
file(GLOB kernel_sources CONFIGURE_DEPENDS "${PURSUIT_KERNELS}/*.cu")
file(GLOB test_kernel_sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/src/test/*.cu")
file(GLOB test_sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/src/test/*_test.cpp")
set(core_sources
    ${emulator_source}/arena.cpp ${emulator_source}/collectives.cpp ${emulator_source}/fiber.cpp
    ${emulator_source}/launch.cpp ${emulator_source}/machine.cpp ${emulator_source}/memory.cpp
    ${emulator_source}/registry.cpp ${emulator_source}/sites.cpp)

file(GLOB driver_sources CONFIGURE_DEPENDS "${emulator_source}/driver/*.cpp")
list(FILTER driver_sources EXCLUDE REGEX "/packer.cpp$")
file(GLOB blas_sources CONFIGURE_DEPENDS "${emulator_source}/blas/*.cpp")
# Where most of the emulated cuBLAS's time goes.
set_source_files_properties("${emulator_source}/blas/product.cpp" PROPERTIES COMPILE_OPTIONS -O3)

# Every name that JCuda's libraries import becomes a function that refuses, but for those that the emulator has.
set(generated "${CMAKE_CURRENT_BINARY_DIR}/emulator")
function(pursuit_refuse symbols code file)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${symbols}")
  file(STRINGS "${symbols}" names)
  list(TRANSFORM names REPLACE "(.+)" "SIMT_REFUSED(\\1, ${code})\n")
  list(JOIN names "" names)
  file(CONFIGURE OUTPUT "${generated}/${file}" CONTENT "#include \"emulator/unmodelled.h\"\n${names}" @ONLY)
endfunction()
pursuit_refuse("${emulator_source}/driver/jcudadriver.symbols" 801 refused_driver.cpp)
pursuit_refuse("${CMAKE_CURRENT_SOURCE_DIR}/src/bridge/jcublas2.symbols" 15 refused_blas.cpp)
file(CONFIGURE OUTPUT "${generated}/cublas.map" CONTENT "libcublas.so.12 {\n  global: cublas*;\n  local: *;\n};\n" @ONLY)
list(APPEND driver_sources "${generated}/refused_driver.cpp")
list(APPEND blas_sources "${generated}/refused_blas.cpp")
set_source_files_properties("${generated}/refused_driver.cpp" PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)

file(GLOB checker_sources CONFIGURE_DEPENDS "${emulator_source}/checker/*.cpp")

# Floating point as nvcc does it with -fmad=false: nothing is fused that is not written fused.
find_package(Threads REQUIRED)
add_library(pursuit_cxx INTERFACE)
target_link_libraries(pursuit_cxx INTERFACE Threads::Threads)
target_compile_features(pursuit_cxx INTERFACE cxx_std_17)
target_compile_options(pursuit_cxx INTERFACE -ffp-contract=off -fvisibility=hidden)
target_include_directories(pursuit_cxx INTERFACE "${CMAKE_CURRENT_SOURCE_DIR}/src" "${PURSUIT_KERNELS}")

set_source_files_properties(${kernel_sources} ${test_kernel_sources} PROPERTIES LANGUAGE CXX COMPILE_OPTIONS "-x;c++")

# pursuit_objects(<name> <options> <source>…)
function(pursuit_objects name options)
  add_library(${name} OBJECT ${ARGN})
  target_link_libraries(${name} PRIVATE pursuit_cxx)
  target_compile_options(${name} PRIVATE ${options})
  set_target_properties(${name} PROPERTIES POSITION_INDEPENDENT_CODE ON EXCLUDE_FROM_ALL ON)
endfunction()

# The tests are compiled once, for every variant. What a sanitizer would find of their own vectors' indices, they find alone.
set(test_options -O1 -D_GLIBCXX_ASSERTIONS)
pursuit_objects(harness "${test_options}" src/test/harness.cpp)
target_precompile_headers(harness PRIVATE src/test/harness.h)
set(tests "")
foreach(source ${test_sources})
  get_filename_component(test ${source} NAME_WE)
  pursuit_objects(${test} "${test_options}" ${source})
  target_precompile_headers(${test} REUSE_FROM harness)
  list(APPEND tests ${test})
endforeach()

# pursuit_variant(<name> KERNEL <options> CORE <options> LINK <options> SOURCES <more of the core>): the kernels and the
# emulator, each compiled with its own options, and the tests' programs.
function(pursuit_variant name)
  cmake_parse_arguments(PARSE_ARGV 1 variant "" "" "KERNEL;CORE;LINK;SOURCES")
  pursuit_objects(kernels_${name} "${variant_KERNEL}" ${kernel_sources})
  pursuit_objects(test_kernels_${name} "${variant_KERNEL}" ${test_kernel_sources})
  pursuit_objects(core_${name} "${variant_CORE}" ${core_sources} ${variant_SOURCES})
  pursuit_objects(driver_${name} "${variant_CORE}" ${driver_sources})
  pursuit_objects(blas_${name} "${variant_CORE}" ${blas_sources})
  # Headers take longer than the code: several files at once.
  set_target_properties(core_${name} driver_${name} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 0)
  foreach(test ${tests})
    add_executable(${test}_${name} EXCLUDE_FROM_ALL $<TARGET_OBJECTS:${test}>)
    add_dependencies(checks ${test}_${name})
    # Tests call the driver's functions as a program would, and have kernels of their own.
    target_link_libraries(${test}_${name} PRIVATE harness core_${name} driver_${name} blas_${name} kernels_${name}
      test_kernels_${name} Threads::Threads)
    target_link_options(${test}_${name} PRIVATE ${variant_LINK})
    set_target_properties(${test}_${name} PROPERTIES LINKER_LANGUAGE CXX)
  endforeach()
endfunction()

# The order of threads: 0 is their own, 1 is random, 2 random bursts; of several seeds, launches take one after the other.
# Programs run beside each other, so with one host thread each; those of a slow variant, which costs more, begin first.
function(pursuit_tests name seeds cost)
  foreach(test ${tests})
    add_test(NAME ${test}_${name} COMMAND ${test}_${name})
    set_tests_properties(${test}_${name} PROPERTIES
      ENVIRONMENT "SIMT_SEED=${seeds};SIMT_THREADS=1" TIMEOUT 300 LABELS "${name}" COST ${cost})
  endforeach()
endfunction()

# pursuit_driver(<variant> <folder> [EXCLUDE_FROM_ALL]): libcuda.so.1 with the kernels inside, its images, and libcublas.so.12.
function(pursuit_driver name folder)
  add_library(cuda_${name} SHARED ${ARGN})
  target_link_libraries(cuda_${name} PRIVATE core_${name} driver_${name} kernels_${name} Threads::Threads)
  set_target_properties(cuda_${name} PROPERTIES LINKER_LANGUAGE CXX)
  # No symbol may be left for the loader to find: it would end the JVM.
  target_link_options(cuda_${name} PRIVATE -Wl,-soname,libcuda.so.1 -Wl,--no-undefined)
  set_target_properties(cuda_${name} PROPERTIES PREFIX "" OUTPUT_NAME libcuda SUFFIX .so.1 NO_SONAME ON
    LIBRARY_OUTPUT_DIRECTORY "${folder}")

  add_library(cublas_${name} SHARED ${ARGN})
  target_link_libraries(cublas_${name} PRIVATE blas_${name} cuda_${name})
  target_link_options(cublas_${name} PRIVATE -Wl,-soname,libcublas.so.12 -Wl,--no-undefined
    "-Wl,--version-script,${generated}/cublas.map")
  set_target_properties(cublas_${name} PROPERTIES PREFIX "" OUTPUT_NAME libcublas SUFFIX .so.12 NO_SONAME ON
    LIBRARY_OUTPUT_DIRECTORY "${folder}" LINKER_LANGUAGE CXX LINK_DEPENDS "${generated}/cublas.map")

  add_executable(packer_${name} ${ARGN} ${emulator_source}/driver/packer.cpp)
  target_link_libraries(packer_${name} PRIVATE pursuit_cxx core_${name} driver_${name} kernels_${name})
  add_custom_command(TARGET packer_${name} POST_BUILD
    COMMAND "${CMAKE_COMMAND}" -E rm -rf "${folder}/images"
    COMMAND "${CMAKE_COMMAND}" -E make_directory "${folder}/images"
    COMMAND packer_${name} "${folder}/images" compute_80 compute_90 sm_80 sm_86 sm_89 sm_90 sm_100 sm_120
    VERBATIM)
endfunction()

pursuit_variant(plain KERNEL -O2 -g1 CORE -O2 -g1)
pursuit_tests(plain 0,1,2 1)
pursuit_driver(plain "${PURSUIT_OUT}/emulator")

set(sanitizers -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
pursuit_variant(sanitized KERNEL -O1 -g1 ${sanitizers} CORE -O1 -g1 ${sanitizers} LINK ${sanitizers})
pursuit_tests(sanitized 3 3)

# The access checker: kernels instrumented as for g++'s thread sanitizer, with hooks of our own in place of its runtime.
pursuit_variant(checked
  KERNEL -O1 -g1 -fsanitize=thread --param=tsan-instrument-func-entry-exit=0
  CORE -O2 -g1 -DSIMT_ACCESS_CHECKER SOURCES ${checker_sources})
pursuit_tests(checked 4 2)
pursuit_driver(checked "${PURSUIT_OUT}/emulator-checked" EXCLUDE_FROM_ALL)
add_dependencies(checks cuda_checked cublas_checked packer_checked)

# The mutation test leaves out each barrier in turn. Of the kernels: ctest -L mutation. Of the tests' own kernels, with
# survivors among them: the mutation test's own test.
find_program(BASH bash)
if(BASH)
  set(mutate "${BASH}" "${CMAKE_CURRENT_SOURCE_DIR}/src/test/mutate.sh" "${CMAKE_CURRENT_BINARY_DIR}")
  set(tables "${CMAKE_CURRENT_SOURCE_DIR}/src/test")
  add_test(NAME mutation COMMAND ${mutate} "${PURSUIT_KERNELS}" "${tables}/survivors.txt")
  add_test(NAME mutation.itself COMMAND ${mutate} "${tables}" "${tables}/survivors_of_tests.txt")
  set_tests_properties(mutation mutation.itself PROPERTIES TIMEOUT 3600 LABELS mutation RUN_SERIAL ON)
else()
  message(STATUS "Pursuit: no mutation test: it needs bash")
endif()
